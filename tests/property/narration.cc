#include "property/narration.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "base/time_zone.h"
#include "events/intake.h"
#include "events/policy.h"
#include "flywheel/log/v1/record.pb.h"
#include "naive/calendar.h"
#include "naive/event_reading.h"
#include "naive/replay.h"
#include "property/prologue.h"

namespace flywheel {
namespace {

using events::v1::Event;
using log::v1::Record;

constexpr std::array<const char*, 3> kSellers = {"s0", "s1", "s2"};
constexpr std::array<const char*, 4> kMarkets = {"PL", "BR", "CZ", "HU"};
constexpr std::array<const char*, 4> kCurrencies = {"PLN", "BRL", "CZK", "HUF"};

// Days next to which calendars go wrong.
constexpr std::array<std::array<int, 3>, kFirstDays> kDates = {{
    {2024, 2, 29},   // a leap day: 12 months later is 28 February
    {2024, 3, 31},   // Europe's clocks go forward
    {2024, 10, 27},  // and back
    {2025, 3, 30},
    {2025, 10, 26},
    {2017, 10, 15},  // Sao Paulo's clocks skip midnight
    {2018, 2, 18},   // Sao Paulo has midnight twice
    {2018, 11, 4},
    {2023, 12, 31},
    {2024, 6, 10},  // nothing happens
}};
constexpr std::array<int, 16> kDays = {0, 0, 0, 1, 364, 365, 366, 2, -1, 29, 30, 31, 7, 182, 0, 1};
// Of every other history: few leave the windows that are short.
constexpr std::array<int, 16> kNearDays = {0, 0, 0, 1, 2, 3, 29, 30, -1, 13, 14, 15, 7, 5, 0, 1};
// In the local day, from its start; negative ones are of the day before.
constexpr std::array<int64_t, 16> kTimes = {
    0,
    -1,
    1,
    12 * kMillisPerHour,
    12 * kMillisPerHour,
    2 * kMillisPerHour,
    2 * kMillisPerHour - 1,
    3 * kMillisPerHour,
    kMillisPerHour,
    23 * kMillisPerHour,
    24 * kMillisPerHour - 1,
    24 * kMillisPerHour,
    0,
    -1,
    22 * kMillisPerHour,
    kMillisPerHour - 1,
};
// By which a record's stamp is after the clock so far.
constexpr std::array<int64_t, 12> kAdvances = {
    0, kMillisPerMinute, 1, kMillisPerHour, 10 * kMillisPerMinute, 0, 0, kMillisPerMinute, 0,
    1, kMillisPerDay,    0,
};
// The numbers of a step's advance after those.
constexpr uint8_t kFarAhead = 12;
constexpr uint8_t kBehind = 13;
constexpr uint8_t kNoStamp = 15;
constexpr std::array<int64_t, 4> kFarAdvances = {
    5 * kMillisPerDay,
    30 * kMillisPerDay,
    90 * kMillisPerDay,
    90 * kMillisPerDay + 1,
};

// Few sellers and orders, so that much happens to each.
constexpr std::array<int, 16> kSellerOf = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2};
constexpr std::array<int, 16> kOrderOf = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3};

const TimeZone& ZoneOf(const std::string& market) {
  static const PolicyBook& book = *new PolicyBook(PolicyBook::BuiltIn());
  return *book.FindInAnyVersion(market)->zone;
}

LocalDay FirstDay(const History& history) {
  const std::array<int, 3>& date = kDates[history.first_day % kFirstDays];
  return DayOfDate(date[0], date[1], date[2]);
}

void Set(google::protobuf::Timestamp* timestamp, Instant instant) {
  timestamp->set_seconds(instant.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(instant.number() % kMillisPerSecond) * 1'000'000);
}

template <class Value>
Value Enum(int number, int values) {
  return static_cast<Value>(1 + number % values);
}

std::string Named(const char* prefix, int number) { return prefix + std::to_string(number); }

// ---------------------------------------------------------------- events

// What a step's payloads speak of.
struct Subject {
  std::string seller;
  std::string order;
  std::string buyer;   // who acts
  std::string market;  // of the envelope
  std::string currency;
};

Subject SubjectOf(const Step& step) {
  const int seller = kSellerOf[step.seller % kSellerOf.size()];
  const int order = kOrderOf[step.order % kOrderOf.size()];
  // Three orders of a seller are of one market, two of them of one buyer.
  const int market = (order == 3 ? 1 : 0) + seller;
  const int buyer = order == 2 ? 1 : 0;
  Subject subject;
  subject.seller = kSellers[static_cast<size_t>(seller)];
  subject.order = Named("o", order);
  subject.buyer = Named("b", step.buyer == 15 ? 1 - buyer : buyer);
  const auto named = static_cast<size_t>((step.market == 15 ? market + 1 : market) % 4);
  subject.market = kMarkets[named];
  subject.currency = kCurrencies[named];
  return subject;
}

void SetRates(const Step& step, events::v1::Rates* rates) {
  rates->set_delivery(step.c % 6);
  rates->set_service(step.b % 6);
  rates->set_description(step.a % 6);
  if (step.c > 11) rates->set_delivery_cost(5);
}

std::string ReviewId(const Step& step) { return step.a > 13 ? "r1" : "r0"; }
std::string ReturnId(const Step& step) { return Named("t", step.a % 3); }
std::string ComplaintId(const Step& step) { return Named("c", step.a % 2); }

void SetPlaced(const Step& step, const Subject& subject, Instant occurred_at,
               events::v1::OrderPlaced* placed) {
  placed->set_order_id(subject.order);
  placed->set_buyer_id(subject.buyer);
  for (int line = 0; line < 2; ++line) {
    auto* added = placed->add_lines();
    added->set_line_id(Named("l", line));
    added->set_offer_id("offer");
    added->set_quantity(2 - line);
    added->mutable_unit_price()->set_amount_minor(3000);
    added->mutable_unit_price()->set_currency(subject.currency);
  }
  placed->mutable_total()->set_amount_minor(step.c == 15 ? 5000 : 10000);
  placed->mutable_total()->set_currency(subject.currency);
  placed->mutable_delivery()->set_method(Enum<events::v1::DeliveryMethod::Value>(step.b, 4));
  static constexpr std::array<int64_t, 8> kPromises = {
      kMillisPerDay, 0, 2 * kMillisPerDay, -kMillisPerHour, 30 * kMillisPerDay, kMillisPerHour, 1,
  };
  if (step.a < 13) {
    Set(placed->mutable_delivery()->mutable_promised_dispatch_by(),
        occurred_at.Plus(kPromises[step.target % kPromises.size()]));
  }
}

void SetReturn(const Step& step, const Subject& subject, events::v1::ReturnFiled* filed) {
  filed->set_order_id(subject.order);
  filed->set_return_id(ReturnId(step));
  filed->set_buyer_id(subject.buyer);
  const auto add = [&](int line, int quantity) {
    auto* item = filed->add_items();
    item->set_line_id(Named("l", line));
    item->set_quantity(quantity);
    item->set_reason(Enum<events::v1::ReturnReason::Value>(step.c, 16));
  };
  add(step.b % 2, 1 + step.b % 3);
  if (step.c > 12) add(step.b % 3, 1);
}

void SetRefund(const Step& step, const Subject& subject, events::v1::RefundIssued* refund) {
  refund->set_order_id(subject.order);
  refund->set_refund_id(Named("f", step.a % 4));
  if (step.b > 5) refund->set_return_id(ReturnId(step));
  if (step.b > 12) refund->set_complaint_id(ComplaintId(step));
  refund->mutable_amount()->set_amount_minor(3000 * (1 + step.b % 3));
  refund->mutable_amount()->set_currency(step.c == 15 ? "USD" : subject.currency);
  refund->set_kind(step.c < 10 ? events::v1::RefundKind::ORDER : events::v1::RefundKind::POSTAGE);
}

void SetParcelOrComplaint(const Step& step, const Subject& subject, Event* event) {
  using events::v1::Actor;
  const std::string& order = subject.order;
  switch (step.kind) {
    case StepKind::kParcelRegistered: {
      auto* parcel = event->mutable_parcel_registered();
      parcel->set_order_id(order);
      parcel->set_parcel_id(Named("p", step.a % 2));
      parcel->set_direction(step.b < 9 ? events::v1::Direction::OUTBOUND
                                       : events::v1::Direction::RETURN);
      if (step.b > 7) parcel->set_return_id(ReturnId(step));
      break;
    }
    case StepKind::kParcelScanned: {
      auto* scan = event->mutable_parcel_scanned();
      scan->set_order_id(order);
      scan->set_parcel_id(Named("p", step.a % 2));
      scan->set_code(Enum<events::v1::ScanCode::Value>(step.b, 8));
      break;
    }
    case StepKind::kComplaintOpened: {
      auto* complaint = event->mutable_complaint_opened();
      complaint->set_order_id(order);
      complaint->set_complaint_id(ComplaintId(step));
      complaint->set_buyer_id(subject.buyer);
      complaint->set_kind(Enum<events::v1::ComplaintKind::Value>(step.b, 2));
      complaint->set_reason(Enum<events::v1::ComplaintReason::Value>(step.c, 13));
      break;
    }
    case StepKind::kComplaintMessagePosted: {
      auto* message = event->mutable_complaint_message_posted();
      message->set_order_id(order);
      message->set_complaint_id(ComplaintId(step));
      message->set_message_id(Named("m", step.b % 2));
      message->set_author(Enum<Actor::Value>(step.c, 3));
      break;
    }
    case StepKind::kComplaintResolved: {
      auto* resolved = event->mutable_complaint_resolved();
      resolved->set_order_id(order);
      resolved->set_complaint_id(ComplaintId(step));
      resolved->set_outcome(Enum<events::v1::Outcome::Value>(step.b, 6));
      resolved->set_by(Enum<Actor::Value>(step.c, 3));
      break;
    }
    case StepKind::kComplaintReopened: {
      auto* reopened = event->mutable_complaint_reopened();
      reopened->set_order_id(order);
      reopened->set_complaint_id(ComplaintId(step));
      reopened->set_by(Actor::BUYER);
      break;
    }
    default: {
      auto* escalated = event->mutable_complaint_escalated();
      escalated->set_order_id(order);
      escalated->set_complaint_id(ComplaintId(step));
      escalated->set_by(Actor::BUYER);
      break;
    }
  }
}

void SetReviewPayload(const Step& step, const Subject& subject, Event* event) {
  switch (step.kind) {
    case StepKind::kReviewPosted: {
      auto* review = event->mutable_review_posted();
      review->set_order_id(subject.order);
      review->set_review_id(ReviewId(step));
      review->set_buyer_id(subject.buyer);
      review->set_recommended(step.b % 2 == 0);
      SetRates(step, review->mutable_rates());
      break;
    }
    case StepKind::kReviewEdited: {
      auto* edit = event->mutable_review_edited();
      edit->set_order_id(subject.order);
      edit->set_review_id(ReviewId(step));
      edit->set_recommended(step.b % 2 == 1);
      if (step.c > 1) SetRates(step, edit->mutable_rates());
      break;
    }
    case StepKind::kReviewRemoved: {
      auto* removal = event->mutable_review_removed();
      removal->set_order_id(subject.order);
      removal->set_review_id(ReviewId(step));
      removal->set_by(Enum<events::v1::RemovedBy::Value>(step.b, 3));
      break;
    }
    case StepKind::kReviewAnswered:
      event->mutable_review_answered()->set_order_id(subject.order);
      event->mutable_review_answered()->set_review_id(ReviewId(step));
      break;
    default:
      event->mutable_review_removal_requested()->set_order_id(subject.order);
      event->mutable_review_removal_requested()->set_review_id(ReviewId(step));
      break;
  }
}

void SetReturnPayload(const Step& step, const Subject& subject, Event* event) {
  switch (step.kind) {
    case StepKind::kReturnFiled:
      SetReturn(step, subject, event->mutable_return_filed());
      break;
    case StepKind::kReturnAccepted:
      event->mutable_return_accepted()->set_order_id(subject.order);
      event->mutable_return_accepted()->set_return_id(ReturnId(step));
      break;
    case StepKind::kReturnRejected:
      event->mutable_return_rejected()->set_order_id(subject.order);
      event->mutable_return_rejected()->set_return_id(ReturnId(step));
      event->mutable_return_rejected()->set_code(
          Enum<events::v1::ReturnRejection::Value>(step.b, 7));
      break;
    case StepKind::kReturnClosed:
      event->mutable_return_closed()->set_order_id(subject.order);
      event->mutable_return_closed()->set_return_id(ReturnId(step));
      break;
    default:
      SetRefund(step, subject, event->mutable_refund_issued());
      break;
  }
}

void SetStanding(const Step& step, events::v1::SellerStandingChanged* standing) {
  standing->set_fees_paid(step.b < 12);
  standing->set_regulation_breach(step.b == 11);
  standing->set_super_seller(step.c % 4 == 3);
  standing->mutable_return_policy()->set_free_returns(step.a < 13);
  standing->mutable_return_policy()->set_withdrawal_days(step.a == 12 ? 13 : 14);
}

void SetPayload(const Step& step, const Subject& subject, Event* event) {
  switch (step.kind) {
    case StepKind::kOrderPlaced:
      SetPlaced(step, subject, Instant(naive::MillisOf(event->occurred_at())),
                event->mutable_order_placed());
      break;
    case StepKind::kOrderPaid:
      event->mutable_order_paid()->set_order_id(subject.order);
      break;
    case StepKind::kOrderCancelled:
      event->mutable_order_cancelled()->set_order_id(subject.order);
      event->mutable_order_cancelled()->set_by(Enum<events::v1::Actor::Value>(step.b, 3));
      break;
    case StepKind::kReviewPosted:
    case StepKind::kReviewEdited:
    case StepKind::kReviewRemoved:
    case StepKind::kReviewAnswered:
    case StepKind::kReviewRemovalRequested:
      SetReviewPayload(step, subject, event);
      break;
    case StepKind::kReturnFiled:
    case StepKind::kReturnAccepted:
    case StepKind::kReturnRejected:
    case StepKind::kReturnClosed:
    case StepKind::kRefundIssued:
      SetReturnPayload(step, subject, event);
      break;
    case StepKind::kSellerRegistered:
      event->mutable_seller_registered()->set_business(step.b < 13);
      event->mutable_seller_registered()->set_pharmacy(step.b == 12);
      event->mutable_seller_registered()->add_markets(subject.market);
      break;
    case StepKind::kSellerStandingChanged:
      SetStanding(step, event->mutable_seller_standing_changed());
      // Known only once a policy has brought it.
      if (step.c == 15) event->set_market("DE");
      break;
    default:
      SetParcelOrComplaint(step, subject, event);
      break;
  }
}

// The kind of the event that a decision or an operator carries.
StepKind KindWithin(uint8_t number) {
  static constexpr std::array kKinds = {
      StepKind::kReviewPosted, StepKind::kReviewEdited,   StepKind::kReviewRemoved,
      StepKind::kReviewPosted, StepKind::kReviewAnswered, StepKind::kReturnFiled,
      StepKind::kRefundIssued, StepKind::kOrderCancelled,
  };
  return kKinds[number % kKinds.size()];
}

void SetSmart(const Step& step, policy::v1::Smart* smart) {
  switch (step.target % 8) {
    case 0:
      smart->set_rates_count(1);
      smart->set_rating_share_ppm(500'000);
      break;
    case 1:
      smart->set_rates_count(0);
      smart->set_rating_share_ppm(0);
      break;
    case 2:
      smart->set_rates_count(2);
      smart->set_tracked_window_days(7);
      smart->set_tracked_from_orders(1);
      break;
    case 3:
      smart->set_rates_count(1);
      smart->set_rating_window_days(30);
      smart->set_rating_share_ppm(1'000'000);
      break;
    case 4:
      smart->set_rates_count(1);
      smart->set_tracked_from_orders(2);
      smart->set_tracked_share_ppm(1'000'000);
      break;
    case 5:
      smart->set_withdrawal_days(13);
      break;
    default:
      break;
  }
}

void SetSla(const Step& step, policy::v1::Sla* sla) {
  switch (step.a % 8) {
    case 0:
      sla->set_first_response_business_clock(true);
      break;
    case 1: {
      sla->set_first_response_business_clock(true);
      sla->mutable_first_response()->set_seconds(3600);
      auto* hours = sla->add_business_hours();
      hours->set_weekday(1 + step.c % 7);
      hours->set_opens_minute(22 * 60);
      hours->set_closes_minute(24 * 60);
      break;
    }
    case 2:
      sla->mutable_first_response()->set_seconds(3600);
      sla->mutable_resolution()->set_seconds(86400);
      break;
    case 3:
      sla->set_decision_days(1);
      sla->set_refund_days(2);
      break;
    case 4:
      sla->add_window_days(2);
      sla->add_window_days(31);
      break;
    default:
      break;
  }
}

void SetPolicy(const Step& step, policy::v1::Policy* policy) {
  SetSmart(step, policy->mutable_defaults()->mutable_smart());
  SetSla(step, policy->mutable_defaults()->mutable_sla());
  auto* acceptance = policy->mutable_defaults()->mutable_acceptance();
  auto* rating = policy->mutable_defaults()->mutable_rating();
  switch (step.b) {
    case 0:
    case 1:
      rating->set_window_days(30);
      break;
    case 2: {
      auto* market = policy->add_markets();
      market->set_code("PL");
      market->mutable_rules()->mutable_rating()->set_window_days(7);
      market->mutable_rules()->mutable_rating()->set_rates_for_average(1);
      break;
    }
    case 3:
    case 4:
      acceptance->set_review_months(1);
      break;
    case 5:
    case 6:
      acceptance->set_waiting_per_order(2);
      acceptance->set_waiting_per_seller(3);
      break;
    case 7:
    case 8:
      acceptance->set_facts_per_order(3);
      break;
    case 9:
    case 10:
      acceptance->mutable_waiting_limit()->set_seconds(86400);
      break;
    case 11:
      rating->set_rates_for_average(2);
      rating->set_window_days(366);
      break;
    case 12: {
      auto* market = policy->add_markets();
      market->set_code("DE");
      market->set_time_zone("Europe/Berlin");
      market->set_currency("EUR");
      break;
    }
    case 13:
      rating->set_window_days(0);  // refused
      break;
    case 14: {
      auto* market = policy->add_markets();
      market->set_code("PL");
      market->set_time_zone("Europe/London");  // refused: a zone never changes
      break;
    }
    default:
      acceptance->set_facts_per_order(2);
      break;
  }
}

// ---------------------------------------------------------------- the narrator

class Narrator {
 public:
  Narrator(const History& history, Scope scope) : history_(history), scope_(scope) {
    MemoryLogOptions options;
    options.partitions = history.partitions;
    options.seed = history.seed;
    options.gaps_per_thousand = history.gaps ? 300 : 0;
    narration_.log = std::make_unique<MemoryLog>(options);
    clock_ = ZoneOf("PL").StartOf(FirstDay(history)).Plus(-kMillisPerDay);
  }

  Narration Tell() && {
    if (scope_ == Scope::kAll && history_.seed % 4 != 0) TellEasyPolicies();
    if (history_.seed % 4 > 1) TellPrologue();
    for (const Step& step : history_.steps) Tell(step);
    return std::move(narration_);
  }

 private:
  void Tell(const Step& step) {
    const bool is_event = step.kind <= StepKind::kRepeat;
    if (scope_ == Scope::kAnyOrder && !is_event) return;
    Advance(step);
    if (step.kind < StepKind::kRepeat) {
      TellEvent(EventOf(step));
    } else {
      TellOther(step);
    }
  }

  void TellOther(const Step& step) {
    switch (step.kind) {
      case StepKind::kRepeat:
        return TellRepeat(step);
      case StepKind::kDecision:
        return TellDecision(step);
      case StepKind::kRefused:
        return TellRefused(step);
      case StepKind::kResubmitted:
      case StepKind::kDiscarded:
        return TellOperatorsAct(step);
      case StepKind::kTimePassed: {
        Event tick = Envelope(step);
        tick.mutable_time_passed();
        return AppendEvent(PartitionAt(step), tick);
      }
      case StepKind::kBuyerErased: {
        Event erasure = Envelope(step);
        erasure.mutable_buyer_erased()->set_buyer_id(Named("b", step.a % 3));
        return AppendEverywhere(erasure);
      }
      case StepKind::kPolicyPublished:
        return TellPolicy(step);
      case StepKind::kBrokenEvent:
        return TellBroken(step);
      default:
        // A record of no kind that is known, or no message at all.
        return AppendBytes(PartitionAt(step), step.a % 2 == 0 ? "\xff\xff\xff" : "\xfa\x06\x01x");
    }
  }

  // ---- time

  void Advance(const Step& step) {
    if (scope_ == Scope::kAnyOrder) {
      clock_ = clock_.Plus(1);
      stamp_ = clock_;
      return;
    }
    stamp_.reset();
    if (step.advance == kNoStamp) return;
    stamp_ = clock_.Plus(AdvanceOf(step));
    clock_ = std::max(clock_, *stamp_);
  }

  // Intake takes nothing that happens more than five minutes after its stamp. REQUIRES: what the
  // record holds is not broken on purpose.
  void StampNotBefore(Partition partition, Instant occurred_at) {
    if (scope_ == Scope::kAnyOrder) return;
    const Instant least = occurred_at.Plus(-5 * kMillisPerMinute);
    const auto found = twin_.partitions().find(partition.number());
    const bool late_enough =
        (stamp_ && *stamp_ >= least) ||
        (found != twin_.partitions().end() && Instant(found->second.recorded_at) >= least);
    if (late_enough) return;
    stamp_ = least;
    clock_ = std::max(clock_, least);
  }

  static int64_t AdvanceOf(const Step& step) {
    if (step.advance == kFarAhead) return kFarAdvances[step.target % kFarAdvances.size()];
    if (step.advance == kBehind) return -kMillisPerHour;
    if (step.advance > kBehind) return -40 * kMillisPerDay;
    return kAdvances[step.advance];
  }

  // ---- events

  std::string NewEventId() {
    const std::string number = std::to_string(++event_ids_);
    return "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
  }

  Event Envelope(const Step& step) {
    Event event;
    event.set_event_id(NewEventId());
    const Subject subject = SubjectOf(step);
    Set(event.mutable_occurred_at(), InstantAt(history_, subject.market, step.day, step.time));
    return event;
  }

  Event EventOf(const Step& step) {
    const Subject subject = SubjectOf(step);
    Event event = Envelope(step);
    event.set_seller_id(subject.seller);
    event.set_market(subject.market);
    event.set_source("shop");
    if (step.c == 14) event.set_actor(events::v1::Actor::SYSTEM);
    SetPayload(step, subject, &event);
    if (scope_ == Scope::kAnyOrder) MakeHarmless(&event);
    return event;
  }

  // Takes away what is refused by the order of the log.
  static void MakeHarmless(Event* event) {
    if (event->has_order_placed()) {
      for (events::v1::OrderLine& line : *event->mutable_order_placed()->mutable_lines()) {
        line.set_quantity(1000);
      }
      event->mutable_order_placed()->mutable_total()->set_amount_minor(1'000'000'000);
    } else if (event->has_refund_issued()) {
      event->mutable_refund_issued()->mutable_amount()->set_amount_minor(1);
    }
  }

  // Whether the act is told already with another content that could be accepted too.
  bool Differs(const Event& event) {
    if (!naive::IsAboutOrder(event)) {
      const std::string act =
          event.has_seller_registered()
              ? event.seller_id()
              : naive::Key({event.seller_id(), event.market(),
                            std::to_string(naive::MillisOf(event.occurred_at()))});
      return IsOther(act, event);
    }
    // Others than the buyer, and other markets, are refused whatever else is there.
    std::string buyer = event.market();
    if (event.has_review_posted()) buyer += event.review_posted().buyer_id();
    if (event.has_complaint_opened()) buyer += event.complaint_opened().buyer_id();
    if (event.has_return_filed()) buyer += event.return_filed().buyer_id();
    if (event.has_order_placed()) buyer.clear();
    return IsOther(naive::Key({std::to_string(event.payload_case()), event.seller_id(),
                               naive::OrderOf(event), naive::ActOf(event), buyer}),
                   event);
  }
  bool IsOther(const std::string& act, const Event& event) {
    const std::string identity = naive::IdentityOf(event);
    return acts_.emplace(act, identity).first->second != identity;
  }

  void TellEvent(const Event& event) {
    if (scope_ == Scope::kAnyOrder && Differs(event)) return;
    AppendEvent(PartitionOf(event.seller_id(), history_.partitions), event);
  }

  void TellRepeat(const Step& step) {
    if (sent_.empty()) return;
    auto [place, event] = sent_[sent_.size() - 1 - step.target % sent_.size()];
    event.set_event_id(NewEventId());
    AppendEvent(place.first, event);
  }

  void TellBroken(const Step& step) {
    Step whole = step;
    whole.kind = KindWithin(step.b);
    Event event = EventOf(whole);
    switch (step.a % 7) {
      case 0:
        event.clear_occurred_at();
        break;
      case 1:
        event.clear_seller_id();
        break;
      case 2:
        event.set_seller_id("*");
        break;
      case 3:
        event.set_market("XX");
        break;
      case 4:
        event.mutable_review_posted()->clear_order_id();
        break;
      case 5:
        event.mutable_time_passed();
        event.clear_occurred_at();
        break;
      default:
        event.clear_payload();
        break;
    }
    AppendEvent(PartitionAt(step), event);
  }

  void TellPolicy(const Step& step) {
    Event event = Envelope(step);
    auto* published = event.mutable_policy_published();
    SetPolicy(step, published->mutable_policy());
    published->set_version(1 + step.a % 4);
    // Their stamps never go back, so that a policy is valid on every partition or on none.
    stamp_ = clock_;
    const std::array<int64_t, 5> leads = {10 * kMillisPerMinute, 10 * kMillisPerMinute - 1,
                                          kMillisPerDay, 365 * kMillisPerDay,
                                          10 * kMillisPerMinute};
    Instant effective = clock_.Plus(leads[step.c % leads.size()]);
    if (step.c == 15) effective = InstantAt(history_, "PL", step.day, step.time);
    Set(published->mutable_effective_from(), effective);
    narration_.instants.push_back(effective);
    AppendEverywhere(event);
  }

  // Thresholds that few orders reach, so that much is won and lost, and that change on a day.
  void TellEasyPolicies() {
    TellEasyPolicy(9, clock_.Plus(10 * kMillisPerMinute));
    constexpr std::array<int32_t, 4> kLater = {3, 6, 36, 366};
    TellEasyPolicy(8, ZoneOf("PL").StartOf(FirstDay(history_).Plus(kLater[history_.seed / 4 % 4])));
  }
  void TellEasyPolicy(uint32_t version, Instant effective_from) {
    const uint32_t choice = history_.seed / 4 + version;
    Event event;
    event.set_event_id(NewEventId());
    Set(event.mutable_occurred_at(), clock_);
    auto* published = event.mutable_policy_published();
    auto* rules = published->mutable_policy()->mutable_defaults();
    rules->mutable_smart()->set_rates_count(1 + static_cast<int32_t>(choice % 3));
    rules->mutable_smart()->set_rating_share_ppm(choice % 2 == 0 ? 600'000 : 750'000);
    rules->mutable_smart()->set_tracked_from_orders(1 + static_cast<int32_t>(choice % 2));
    if (choice % 5 == 0) rules->mutable_smart()->set_tracked_window_days(5);
    if (choice % 3 == 0) rules->mutable_smart()->set_rating_window_days(7);
    rules->mutable_sla()->set_first_response_business_clock(choice % 6 == 1);
    if (choice % 8 == 3) rules->mutable_acceptance()->set_facts_per_order(4);
    published->set_version(version);
    Set(published->mutable_effective_from(), effective_from);
    narration_.instants.push_back(effective_from);
    stamp_ = clock_;
    AppendEverywhere(event);
  }

  void TellPrologue() {
    for (Event& event : Prologue(history_.seed, ZoneOf("PL"), FirstDay(history_))) {
      event.set_event_id(NewEventId());
      clock_ = scope_ == Scope::kAnyOrder
                   ? clock_.Plus(1)
                   : std::max(clock_, Instant(naive::MillisOf(event.occurred_at())));
      stamp_ = clock_;
      TellEvent(event);
    }
  }

  // ---- decisions

  void TellDecision(const Step& step) {
    const Subject subject = SubjectOf(step);
    Record record;
    log::v1::Decision* decision = record.mutable_decision();
    decision->set_decision_id(
        std::string(step.c == 13 ? 15 : 16, static_cast<char>('a' + step.target)));
    decision->set_seller_id(subject.seller);
    decision->set_order_id(subject.order);
    const naive::Order* order = twin_.FindOrder(subject.seller, subject.order);
    const uint64_t version = order == nullptr ? 0 : order->version;
    decision->set_order_version(step.c == 12 ? version + 1 : version);
    decision->set_command("Any");
    Step within = step;
    within.kind = KindWithin(step.a);
    if (step.c != 14) *decision->add_events() = EventOf(within);
    within.kind = KindWithin(step.b);
    if (step.b > 9) *decision->add_events() = EventOf(within);
    if (step.c == 15) {
      within.order = step.order == 15 ? 0 : 15;
      *decision->add_events() = EventOf(within);
    }
    for (const Event& event : decision->events()) {
      StampNotBefore(PartitionAt(step), Instant(naive::MillisOf(event.occurred_at())));
    }
    if (stamp_) Set(decision->mutable_recorded_at(), *stamp_);
    Append(PartitionAt(step), record);
  }

  // ---- quarantine

  void TellRefused(const Step& step) {
    Record record;
    log::v1::Refused* refused = record.mutable_refused();
    if (stamp_) Set(refused->mutable_recorded_at(), *stamp_);
    refused->set_source("inbox");
    refused->set_source_place(Named("0@", step.a % 3));
    refused->set_sha256(std::string(32, static_cast<char>('0' + step.b % 2)));
    refused->set_length(100);
    refused->set_code(step.c % 2 == 0 ? log::v1::RefusalCode::INVALID
                                      : log::v1::RefusalCode::UNDECODABLE);
    refused->set_sentence("It is not.");
    if (step.c < 13) refused->set_seller_id(SubjectOf(step).seller);
    if (step.c == 15) refused->set_seller_id("*");
    Append(PartitionAt(step), record);
  }

  // The offset that an operator names: as a rule one of an entry, whatever its state.
  int64_t EntryAt(const Step& step, Partition partition) const {
    const auto found = twin_.partitions().find(partition.number());
    if (step.a == 15 || found == twin_.partitions().end() || found->second.quarantine.empty()) {
      return 1 + step.target;
    }
    const auto& entries = found->second.quarantine;
    return std::next(entries.begin(), static_cast<int>(step.target % entries.size()))->first;
  }

  void TellOperatorsAct(const Step& step) {
    const Partition partition = PartitionAt(step);
    const int64_t entry = EntryAt(step, partition);
    Record record;
    if (step.kind == StepKind::kDiscarded) {
      log::v1::Discarded* discarded = record.mutable_discarded();
      if (stamp_) Set(discarded->mutable_recorded_at(), *stamp_);
      discarded->set_entry_offset(entry);
      discarded->set_actor_id("operator");
      return Append(partition, record);
    }
    log::v1::Resubmitted* resubmitted = record.mutable_resubmitted();
    resubmitted->set_entry_offset(entry);
    resubmitted->set_actor_id("operator");
    *resubmitted->mutable_event() = MendedEvent(step, partition, entry);
    if (resubmitted->event().has_occurred_at()) {
      StampNotBefore(partition, Instant(naive::MillisOf(resubmitted->event().occurred_at())));
    }
    if (stamp_) Set(resubmitted->mutable_recorded_at(), *stamp_);
    Append(partition, record);
  }

  // The entry's event as it was, or with the buyer put right, or another one altogether.
  Event MendedEvent(const Step& step, Partition partition, int64_t entry) {
    Step fresh = step;
    fresh.kind = KindWithin(step.c);
    const auto original = std::find_if(sent_.begin(), sent_.end(), [&](const auto& sent) {
      return sent.first == std::pair(partition, Offset(entry));
    });
    if (original == sent_.end() || step.b % 3 == 2) return EventOf(fresh);
    Event event = original->second;
    if (step.b % 3 == 1) {
      if (event.has_review_posted()) event.mutable_review_posted()->set_buyer_id("b0");
      if (event.has_return_filed()) event.mutable_return_filed()->set_buyer_id("b0");
      if (event.market() == "XX") event.set_market("PL");
    }
    return event;
  }

  // ---- appending

  Partition PartitionAt(const Step& step) const {
    return PartitionOf(SubjectOf(step).seller, history_.partitions);
  }

  void AppendEverywhere(const Event& event) {
    for (int32_t partition = 0; partition < history_.partitions; ++partition) {
      AppendEvent(Partition(partition), event);
    }
  }

  void AppendEvent(Partition partition, Event event) {
    event.clear_recorded_at();
    if (event.has_occurred_at()) {
      StampNotBefore(partition, Instant(naive::MillisOf(event.occurred_at())));
    }
    if (stamp_) Set(event.mutable_recorded_at(), *stamp_);
    Record record;
    *record.mutable_event() = event;
    Append(partition, record);
    const bool repeatable =
        !event.has_policy_published() && !event.has_buyer_erased() && !event.has_time_passed();
    if (repeatable) {
      sent_.emplace_back(std::pair(partition, narration_.records.back().offset), std::move(event));
    }
  }

  void Append(Partition partition, const Record& record) {
    NoteInstants(record);
    AppendBytes(partition, record.SerializeAsString());
  }

  void NoteInstants(const Record& record) {
    const auto note = [this](const Event& event) {
      if (!event.has_occurred_at()) return;
      const Instant at(naive::MillisOf(event.occurred_at()));
      for (const int64_t steps : {0, -1, 1}) narration_.instants.push_back(at.Plus(steps));
    };
    if (record.has_event()) {
      note(record.event());
      const auto& delivery = record.event().order_placed().delivery();
      if (delivery.has_promised_dispatch_by()) {
        const Instant promised(naive::MillisOf(delivery.promised_dispatch_by()));
        for (const int64_t steps : {0, 1}) narration_.instants.push_back(promised.Plus(steps));
      }
    }
    for (const Event& event : record.decision().events()) note(event);
    if (record.has_resubmitted()) note(record.resubmitted().event());
  }

  void AppendBytes(Partition partition, std::string bytes) {
    const std::string_view view = bytes;
    const absl::StatusOr<std::vector<Offset>> offsets =
        narration_.log->Append(partition, absl::MakeConstSpan(&view, 1));
    FLYWHEEL_CHECK(offsets.ok(), "a log in memory takes records");
    const Offset offset = offsets->front();
    twin_.Add(partition.number(), offset.number(), bytes);
    narration_.recorded.emplace_back(twin_.partitions().at(partition.number()).recorded_at);
    narration_.records.push_back({partition, offset, std::move(bytes)});
  }

  const History& history_;
  const Scope scope_;
  Narration narration_;
  // Tells versions of orders and entries of the quarantine, so that decisions and operators can
  // mean something.
  naive::Replay twin_;
  Instant clock_;  // the latest stamp
  std::optional<Instant> stamp_;
  uint64_t event_ids_ = 0;
  std::vector<std::pair<std::pair<Partition, Offset>, Event>> sent_;
  std::map<std::string, std::string> acts_;  // identity by act
};

std::string InOneLine(const google::protobuf::Timestamp& timestamp) {
  return FormatInstant(Instant(naive::MillisOf(timestamp)));
}

// The event's fields but its instants, with the id cut down to its number.
std::string Describe(const Event& event) {
  Event rest = event;
  rest.clear_occurred_at();
  rest.clear_recorded_at();
  rest.clear_event_id();
  rest.clear_source();
  std::string text = event.has_occurred_at() ? InOneLine(event.occurred_at()) : "never";
  if (event.policy_published().has_effective_from()) {
    text += " effective " + InOneLine(event.policy_published().effective_from());
    rest.mutable_policy_published()->clear_effective_from();
  }
  return text + " " + rest.ShortDebugString();
}

}  // namespace

Narration Narrate(const History& history, Scope scope) { return Narrator(history, scope).Tell(); }

std::unique_ptr<MemoryLog> Shuffled(const Narration& narration, uint64_t seed) {
  std::vector<const NarratedRecord*> order;
  for (const NarratedRecord& record : narration.records) order.push_back(&record);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
  MemoryLogOptions options;
  options.partitions = narration.log->partitions();
  auto log = std::make_unique<MemoryLog>(options);
  for (size_t i = 0; i < order.size(); ++i) {
    Record record;
    FLYWHEEL_CHECK(record.ParseFromString(order[i]->bytes) && record.has_event(),
                   "only events stand in any order");
    Set(record.mutable_event()->mutable_recorded_at(), narration.recorded[i]);
    const std::string bytes = record.SerializeAsString();
    const std::string_view view = bytes;
    FLYWHEEL_CHECK(log->Append(order[i]->partition, absl::MakeConstSpan(&view, 1)).ok(),
                   "a log in memory takes records");
  }
  return log;
}

std::vector<std::string> SellersOfHistories() { return {kSellers.begin(), kSellers.end()}; }

const std::vector<std::string>& MarketsOfHistories() {
  static const auto& markets = *new std::vector<std::string>(kMarkets.begin(), kMarkets.end());
  return markets;
}

Instant InstantAt(const History& history, const std::string& market, uint8_t day, uint8_t time) {
  const std::array<int, 16>& days = history.seed % 2 == 0 ? kDays : kNearDays;
  const LocalDay local = FirstDay(history).Plus(days[day % days.size()]);
  return ZoneOf(market).StartOf(local).Plus(kTimes[time % kTimes.size()]);
}

std::string Describe(const NarratedRecord& record) {
  const std::string place = std::to_string(record.partition.number()) + "@" +
                            std::to_string(record.offset.number()) + " ";
  Record parsed;
  if (!parsed.ParseFromString(record.bytes)) return place + "no record";
  if (parsed.has_event()) {
    const std::string stamp =
        parsed.event().has_recorded_at() ? InOneLine(parsed.event().recorded_at()) : "no stamp";
    return place + "[" + stamp + "] " + Describe(parsed.event());
  }
  std::string text;
  if (parsed.has_decision()) {
    for (const Event& event : parsed.decision().events()) text += "\n      " + Describe(event);
    parsed.mutable_decision()->clear_events();
  } else if (parsed.has_resubmitted()) {
    text = "\n      " + Describe(parsed.resubmitted().event());
    parsed.mutable_resubmitted()->clear_event();
  }
  return place + parsed.ShortDebugString() + text;
}

}  // namespace flywheel
