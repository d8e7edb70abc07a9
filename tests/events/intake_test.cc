#include "events/intake.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "events/record_view.h"
#include "events/sample_events.h"
#include "events/wire_scan.h"
#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

namespace pb = flywheel::events::v1;

constexpr int32_t kPartitions = 12;
// One minute after the samples' occurred_at.
constexpr Instant kStamp{(sample::kSampleSeconds + 60) * kMillisPerSecond};

const PolicyBook& Policies() {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  return policies;
}

std::variant<PreparedRecord, IntakeRefusal> Prepared(const std::string& bytes,
                                                     Instant stamp = kStamp) {
  return Prepare(bytes, stamp, Policies(), kPartitions);
}

// "INVALID seller_id", or "" where the event is taken.
std::string Refusal(const std::string& bytes, Instant stamp = kStamp) {
  const auto prepared = Prepared(bytes, stamp);
  if (std::holds_alternative<PreparedRecord>(prepared)) return "";
  const auto& refusal = std::get<IntakeRefusal>(prepared);
  CHECK_FALSE(refusal.sentence.empty());
  return std::string(NameOf(refusal.code)) + " " + refusal.field;
}

pb::Event Sample(EventKind kind) { return sample::FullEvent(kind); }

// The record that is made of the event.
log::v1::Record Taken(const std::string& bytes, Instant stamp = kStamp) {
  const auto prepared = Prepared(bytes, stamp);
  if (const auto* refusal = std::get_if<IntakeRefusal>(&prepared)) FAIL(refusal->sentence);
  log::v1::Record record;
  REQUIRE(record.ParseFromString(std::get<PreparedRecord>(prepared).record_bytes));
  return record;
}

TEST_CASE("a full event of every kind is taken, but for those that Flywheel alone makes") {
  for (const EventKind kind : sample::AllKinds()) {
    CAPTURE(NameOf(kind));
    const std::string expected =
        IsMadeByFlywheelAlone(kind) ? "INVALID " + std::string(FieldOf(kind)) : "";
    CHECK(Refusal(Sample(kind).SerializeAsString()) == expected);
  }
}

// One broken rule: what is done to a full event of the kind, and the field that is named.
struct BrokenRule {
  EventKind kind;
  std::string field;
  std::function<void(pb::Event&)> breaks;
};

std::vector<BrokenRule> EnvelopeRules() {
  constexpr EventKind kPaid = EventKind::kOrderPaid;
  const auto at = [](int64_t seconds, int32_t nanos) {
    return [=](pb::Event& event) {
      event.mutable_occurred_at()->set_seconds(seconds);
      event.mutable_occurred_at()->set_nanos(nanos);
    };
  };
  return {
      {kPaid, "event_id", [](pb::Event& e) { e.clear_event_id(); }},
      {kPaid, "event_id", [](pb::Event& e) { e.set_event_id("1"); }},
      {kPaid, "event_id",
       [](pb::Event& e) { e.set_event_id("018df4a6-3c00-7abc-8def-0123456789ag"); }},
      {kPaid, "event_id",
       [](pb::Event& e) { e.set_event_id("018df4a63c00-7abc-8def-0123456789ab-"); }},
      {kPaid, "event_id",
       [](pb::Event& e) { e.set_event_id("{018df4a6-3c00-7abc-8def-0123456789}"); }},
      {kPaid, "occurred_at", [](pb::Event& e) { e.clear_occurred_at(); }},
      {kPaid, "occurred_at", at(-1, 0)},
      {kPaid, "occurred_at", at(253'402'300'799, 0)},  // the year 9999
      {kPaid, "occurred_at", at(INT64_MAX, 0)},
      {kPaid, "occurred_at", at(sample::kSampleSeconds, -1)},
      {kPaid, "occurred_at", at(sample::kSampleSeconds, 1'000'000'000)},
      {kPaid, "occurred_at", at(sample::kSampleSeconds + 361, 0)},
      {kPaid, "seller_id", [](pb::Event& e) { e.clear_seller_id(); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id("*"); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id(std::string(257, 'x')); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id(std::string("a\0b", 3)); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id("a\nb"); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id("a\x7f"); }},
      {kPaid, "seller_id", [](pb::Event& e) { e.set_seller_id("a\xC2\x9B"); }},
      {kPaid, "market", [](pb::Event& e) { e.clear_market(); }},
      {kPaid, "market", [](pb::Event& e) { e.set_market("*"); }},
      {kPaid, "market", [](pb::Event& e) { e.set_market("DE"); }},
      {kPaid, "market", [](pb::Event& e) { e.set_market("pl"); }},
      {kPaid, "source", [](pb::Event& e) { e.set_source(std::string(257, 'x')); }},
      {kPaid, "correlation_id", [](pb::Event& e) { e.set_correlation_id("\x01"); }},
      {kPaid, "causation_id", [](pb::Event& e) { e.set_causation_id("\x1f"); }},
      {kPaid, "actor", [](pb::Event& e) { e.set_actor(static_cast<pb::Actor::Value>(6)); }},
      {kPaid, "payload", [](pb::Event& e) { e.clear_payload(); }},
  };
}

std::vector<BrokenRule> OrderRules() {
  constexpr EventKind kPlaced = EventKind::kOrderPlaced;
  const auto placed = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_order_placed()); };
  };
  return {
      {kPlaced, "order_placed.order_id", placed([](auto& o) { o.clear_order_id(); })},
      {kPlaced, "order_placed.buyer_id", placed([](auto& o) { o.clear_buyer_id(); })},
      {kPlaced, "order_placed.lines[0].line_id",
       placed([](auto& o) { o.mutable_lines(0)->clear_line_id(); })},
      {kPlaced, "order_placed.lines[1].line_id",
       placed([](auto& o) { *o.add_lines() = o.lines(0); })},
      {kPlaced, "order_placed.lines[0].offer_id",
       placed([](auto& o) { o.mutable_lines(0)->set_offer_id(std::string(257, 'x')); })},
      {kPlaced, "order_placed.lines[0].quantity",
       placed([](auto& o) { o.mutable_lines(0)->set_quantity(-1); })},
      {kPlaced, "order_placed.lines[0].unit_price.amount_minor",
       placed([](auto& o) { o.mutable_lines(0)->mutable_unit_price()->set_amount_minor(-1); })},
      {kPlaced, "order_placed.lines[0].unit_price.currency",
       placed([](auto& o) { o.mutable_lines(0)->mutable_unit_price()->set_currency("zl"); })},
      {kPlaced, "order_placed.lines", placed([](auto& o) {
         for (int i = 0; i < kMaxListElements; ++i) {
           o.add_lines()->set_line_id("l" + std::to_string(i));
         }
       })},
      {kPlaced, "order_placed.total", placed([](auto& o) { o.clear_total(); })},
      {kPlaced, "order_placed.total", placed([](auto& o) { o.mutable_total()->Clear(); })},
      {kPlaced, "order_placed.total.currency",
       placed([](auto& o) { o.mutable_total()->clear_currency(); })},
      {kPlaced, "order_placed.total.currency",
       placed([](auto& o) { o.mutable_total()->set_currency("pln"); })},
      {kPlaced, "order_placed.total.amount_minor",
       placed([](auto& o) { o.mutable_total()->set_amount_minor(INT64_MIN); })},
      {kPlaced, "order_placed.total.amount_minor",
       placed([](auto& o) { o.mutable_total()->set_amount_minor(kMaxAmountMinor + 1); })},
      {kPlaced, "order_placed.delivery", placed([](auto& o) { o.clear_delivery(); })},
      {kPlaced, "order_placed.delivery.method",
       placed([](auto& o) { o.mutable_delivery()->clear_method(); })},
      {kPlaced, "order_placed.delivery.method", placed([](auto& o) {
         o.mutable_delivery()->set_method(static_cast<pb::DeliveryMethod::Value>(5));
       })},
      {kPlaced, "order_placed.delivery.carrier_id",
       placed([](auto& o) { o.mutable_delivery()->set_carrier_id("\t"); })},
      {kPlaced, "order_placed.delivery.list_price.amount_minor",
       placed([](auto& o) { o.mutable_delivery()->mutable_list_price()->set_amount_minor(-5); })},
      {kPlaced, "order_placed.delivery.price_paid_by_buyer.currency", placed([](auto& o) {
         o.mutable_delivery()->mutable_price_paid_by_buyer()->set_currency("PLNX");
       })},
      {kPlaced, "order_placed.delivery.covered_by", placed([](auto& o) {
         o.mutable_delivery()->set_covered_by(static_cast<pb::Payer::Value>(-1));
       })},
      {kPlaced, "order_placed.delivery.promised_dispatch_by", placed([](auto& o) {
         o.mutable_delivery()->mutable_promised_dispatch_by()->set_seconds(-1);
       })},
      {kPlaced, "order_placed.delivery.promised_delivery_by", placed([](auto& o) {
         o.mutable_delivery()->mutable_promised_delivery_by()->set_seconds(7'258'118'400);
       })},
      {EventKind::kOrderCancelled, "order_cancelled.by",
       [](pb::Event& e) { e.mutable_order_cancelled()->clear_by(); }},
      {EventKind::kSellerRegistered, "seller_registered.markets[0]",
       [](pb::Event& e) { e.mutable_seller_registered()->set_markets(0, "poland"); }},
      {EventKind::kSellerRegistered, "seller_registered.registered_at",
       [](pb::Event& e) { e.mutable_seller_registered()->mutable_registered_at()->set_nanos(-1); }},
      {EventKind::kSellerStandingChanged, "seller_standing_changed.return_policy.withdrawal_days",
       [](pb::Event& e) {
         e.mutable_seller_standing_changed()->mutable_return_policy()->set_withdrawal_days(-1);
       }},
      {EventKind::kSellerStandingChanged, "seller_standing_changed.smart_delivery_methods",
       [](pb::Event& e) { e.mutable_seller_standing_changed()->set_smart_delivery_methods(-1); }},
  };
}

std::vector<BrokenRule> ParcelReturnAndRefundRules() {
  const auto parcel = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_parcel_registered()); };
  };
  const auto filed = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_return_filed()); };
  };
  const auto refund = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_refund_issued()); };
  };
  return {
      {EventKind::kParcelRegistered, "parcel_registered.parcel_id",
       parcel([](auto& p) { p.clear_parcel_id(); })},
      {EventKind::kParcelRegistered, "parcel_registered.carrier_id",
       parcel([](auto& p) { p.set_carrier_id("\r"); })},
      {EventKind::kParcelRegistered, "parcel_registered.direction",
       parcel([](auto& p) { p.clear_direction(); })},
      {EventKind::kParcelRegistered, "parcel_registered.lines[0].line_id",
       parcel([](auto& p) { p.mutable_lines(0)->clear_line_id(); })},
      {EventKind::kParcelRegistered, "parcel_registered.lines[0].quantity",
       parcel([](auto& p) { p.mutable_lines(0)->set_quantity(-1); })},
      {EventKind::kParcelRegistered, "parcel_registered.return_id",
       parcel([](auto& p) { p.set_return_id(std::string(300, 'r')); })},
      {EventKind::kParcelRegistered, "parcel_registered.list_price.currency",
       parcel([](auto& p) { p.mutable_list_price()->clear_currency(); })},
      {EventKind::kParcelRegistered, "parcel_registered.covered_by",
       parcel([](auto& p) { p.set_covered_by(static_cast<pb::Payer::Value>(99)); })},
      {EventKind::kParcelScanned, "parcel_scanned.code",
       [](pb::Event& e) { e.mutable_parcel_scanned()->clear_code(); }},
      {EventKind::kParcelScanned, "parcel_scanned.code",
       [](pb::Event& e) {
         e.mutable_parcel_scanned()->set_code(static_cast<pb::ScanCode::Value>(9));
       }},
      {EventKind::kParcelScanned, "parcel_scanned.code",
       [](pb::Event& e) {
         e.mutable_parcel_scanned()->set_code(static_cast<pb::ScanCode::Value>(263));
       }},
      {EventKind::kReturnFiled, "return_filed.return_id",
       filed([](auto& r) { r.clear_return_id(); })},
      {EventKind::kReturnFiled, "return_filed.reference_number",
       filed([](auto& r) { r.set_reference_number("\n"); })},
      {EventKind::kReturnFiled, "return_filed.buyer_id",
       filed([](auto& r) { r.clear_buyer_id(); })},
      {EventKind::kReturnFiled, "return_filed.items[0].line_id",
       filed([](auto& r) { r.mutable_items(0)->clear_line_id(); })},
      {EventKind::kReturnFiled, "return_filed.items[0].quantity",
       filed([](auto& r) { r.mutable_items(0)->set_quantity(-2); })},
      {EventKind::kReturnFiled, "return_filed.items[0].reason",
       filed([](auto& r) { r.mutable_items(0)->clear_reason(); })},
      {EventKind::kReturnRejected, "return_rejected.code",
       [](pb::Event& e) { e.mutable_return_rejected()->clear_code(); }},
      {EventKind::kRefundIssued, "refund_issued.refund_id",
       refund([](auto& r) { r.clear_refund_id(); })},
      {EventKind::kRefundIssued, "refund_issued.complaint_id",
       refund([](auto& r) { r.set_complaint_id("\b"); })},
      {EventKind::kRefundIssued, "refund_issued.amount", refund([](auto& r) { r.clear_amount(); })},
      {EventKind::kRefundIssued, "refund_issued.amount.amount_minor",
       refund([](auto& r) { r.mutable_amount()->set_amount_minor(-1); })},
      {EventKind::kRefundIssued, "refund_issued.kind", refund([](auto& r) { r.clear_kind(); })},
  };
}

std::vector<BrokenRule> ComplaintAndReviewRules() {
  const auto complaint = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_complaint_opened()); };
  };
  const auto review = [](auto change) {
    return [change](pb::Event& event) { change(*event.mutable_review_posted()); };
  };
  return {
      {EventKind::kComplaintOpened, "complaint_opened.complaint_id",
       complaint([](auto& c) { c.clear_complaint_id(); })},
      {EventKind::kComplaintOpened, "complaint_opened.buyer_id",
       complaint([](auto& c) { c.clear_buyer_id(); })},
      {EventKind::kComplaintOpened, "complaint_opened.kind",
       complaint([](auto& c) { c.clear_kind(); })},
      {EventKind::kComplaintOpened, "complaint_opened.reason",
       complaint([](auto& c) { c.clear_reason(); })},
      {EventKind::kComplaintOpened, "complaint_opened.expectation",
       complaint([](auto& c) { c.set_expectation(static_cast<pb::Expectation::Value>(5)); })},
      {EventKind::kComplaintMessagePosted, "complaint_message_posted.message_id",
       [](pb::Event& e) { e.mutable_complaint_message_posted()->clear_message_id(); }},
      {EventKind::kComplaintMessagePosted, "complaint_message_posted.author",
       [](pb::Event& e) { e.mutable_complaint_message_posted()->clear_author(); }},
      {EventKind::kComplaintResolved, "complaint_resolved.outcome",
       [](pb::Event& e) { e.mutable_complaint_resolved()->clear_outcome(); }},
      {EventKind::kComplaintResolved, "complaint_resolved.by",
       [](pb::Event& e) { e.mutable_complaint_resolved()->clear_by(); }},
      {EventKind::kComplaintReopened, "complaint_reopened.by",
       [](pb::Event& e) { e.mutable_complaint_reopened()->clear_by(); }},
      {EventKind::kComplaintEscalated, "complaint_escalated.by",
       [](pb::Event& e) { e.mutable_complaint_escalated()->clear_by(); }},
      {EventKind::kReviewPosted, "review_posted.review_id",
       review([](auto& r) { r.clear_review_id(); })},
      {EventKind::kReviewPosted, "review_posted.buyer_id",
       review([](auto& r) { r.clear_buyer_id(); })},
      {EventKind::kReviewPosted, "review_posted.rates.delivery",
       review([](auto& r) { r.mutable_rates()->set_delivery(-1); })},
      {EventKind::kReviewPosted, "review_posted.rates.delivery_cost",
       review([](auto& r) { r.mutable_rates()->set_delivery_cost(6); })},
      {EventKind::kReviewPosted, "review_posted.rates.description",
       review([](auto& r) { r.mutable_rates()->set_description(INT32_MAX); })},
      {EventKind::kReviewPosted, "review_posted.rates.service",
       review([](auto& r) { r.mutable_rates()->set_service(INT32_MIN); })},
      {EventKind::kReviewEdited, "review_edited.rates.service",
       [](pb::Event& e) { e.mutable_review_edited()->mutable_rates()->set_service(6); }},
      {EventKind::kReviewEdited, "review_edited.review_id",
       [](pb::Event& e) { e.mutable_review_edited()->clear_review_id(); }},
      {EventKind::kReviewAnswered, "review_answered.review_id",
       [](pb::Event& e) { e.mutable_review_answered()->clear_review_id(); }},
      {EventKind::kReviewRemovalRequested, "review_removal_requested.review_id",
       [](pb::Event& e) { e.mutable_review_removal_requested()->clear_review_id(); }},
      {EventKind::kReviewRemoved, "review_removed.by",
       [](pb::Event& e) { e.mutable_review_removed()->clear_by(); }},
      {EventKind::kReturnAccepted, "return_accepted.return_id",
       [](pb::Event& e) { e.mutable_return_accepted()->clear_return_id(); }},
      {EventKind::kReturnClosed, "return_closed.return_id",
       [](pb::Event& e) { e.mutable_return_closed()->clear_return_id(); }},
  };
}

TEST_CASE("an event that breaks one rule is INVALID and the field is named") {
  for (const auto& rules :
       {EnvelopeRules(), OrderRules(), ParcelReturnAndRefundRules(), ComplaintAndReviewRules()}) {
    for (const BrokenRule& rule : rules) {
      pb::Event event = Sample(rule.kind);
      rule.breaks(event);
      const std::string bytes = event.SerializeAsString();
      const auto prepared = Prepared(bytes);
      CAPTURE(NameOf(rule.kind), rule.field, event.ShortDebugString());
      REQUIRE(std::holds_alternative<IntakeRefusal>(prepared));
      const auto& refusal = std::get<IntakeRefusal>(prepared);
      CHECK(refusal.code == RefusalCode::kInvalid);
      CHECK(refusal.field == rule.field);
      CHECK(refusal.sentence.rfind(rule.field + " ", 0) == 0);
      CHECK(refusal.seller_id ==
            (rule.field == "seller_id" && event.seller_id() != "*" ? "" : event.seller_id()));
    }
  }
}

TEST_CASE("a control character is found anywhere in an id, and nothing else is taken for one") {
  const auto taken = [](const std::string& seller) {
    pb::Event event = Sample(EventKind::kOrderPaid);
    event.set_seller_id(seller);
    return Refusal(event.SerializeAsString()) == "";
  };
  for (size_t at = 0; at < 20; ++at) {
    for (const std::string& control :
         {std::string(1, '\0'), std::string("\x1f"), std::string("\x7f"), std::string("\xc2\x80"),
          std::string("\xc2\x9f")}) {
      CAPTURE(at, control);
      CHECK_FALSE(taken(std::string(at, 'x') + control + std::string(19 - at, 'x')));
    }
    for (const char* printable : {" ", "~", "\xc2\xa0", "\xc3\x80", "\xe2\x82\xac"}) {
      CAPTURE(at, printable);
      CHECK(taken(std::string(at, 'x') + printable + std::string(19 - at, 'x')));
    }
  }
}

TEST_CASE("every event about an order needs the order's id") {
  for (const EventKind kind : sample::AllKinds()) {
    if (!IsAboutOrder(kind)) continue;
    pb::Event event = Sample(kind);
    auto* payload = event.GetReflection()->MutableMessage(&event, sample::PayloadField(kind));
    payload->GetReflection()->ClearField(payload,
                                         payload->GetDescriptor()->FindFieldByName("order_id"));
    CAPTURE(NameOf(kind));
    CHECK(Refusal(event.SerializeAsString()) ==
          "INVALID " + std::string(FieldOf(kind)) + ".order_id");
  }
}

TEST_CASE("what the schema does not require may be missing, and limits are inclusive") {
  const auto taken = [](EventKind kind, const std::function<void(pb::Event&)>& change) {
    pb::Event event = Sample(kind);
    change(event);
    return Refusal(event.SerializeAsString());
  };
  constexpr EventKind kPaid = EventKind::kOrderPaid;
  CHECK(taken(kPaid, [](auto& e) { e.clear_source(); }) == "");
  CHECK(taken(kPaid, [](auto& e) { e.clear_actor(); }) == "");
  CHECK(taken(kPaid, [](auto& e) { e.clear_correlation_id(); }) == "");
  CHECK(taken(kPaid, [](auto& e) { e.set_seller_id(std::string(256, 'x')); }) == "");
  CHECK(taken(kPaid, [](auto& e) { e.set_seller_id("sklep z żółwiami ** 2"); }) == "");
  CHECK(taken(kPaid, [](auto& e) { e.set_event_id("018DF4A6-3C00-7ABC-8DEF-0123456789AB"); }) ==
        "");
  CHECK(taken(kPaid, [](auto& e) { e.mutable_occurred_at()->set_seconds(0); }) == "");
  CHECK(taken(kPaid, [](auto& e) {
          // Five minutes after the stamp, to the millisecond.
          e.mutable_occurred_at()->set_seconds(sample::kSampleSeconds + 360);
          e.mutable_occurred_at()->set_nanos(999'999);
        }) == "");
  CHECK(taken(EventKind::kOrderPlaced, [](auto& e) {
          e.mutable_order_placed()->clear_lines();
          e.mutable_order_placed()->mutable_total()->set_amount_minor(0);
          e.mutable_order_placed()->mutable_delivery()->Clear();
          e.mutable_order_placed()->mutable_delivery()->set_method(pb::DeliveryMethod::POST);
        }) == "");
  CHECK(taken(EventKind::kOrderPlaced, [](auto& e) {
          e.mutable_order_placed()->mutable_total()->set_amount_minor(kMaxAmountMinor);
          e.mutable_order_placed()->mutable_lines(0)->clear_unit_price();
          e.mutable_order_placed()->mutable_lines(0)->mutable_unit_price();
        }) == "");
  CHECK(taken(EventKind::kOrderPlaced, [](auto& e) {
          e.mutable_order_placed()->clear_lines();
          for (int i = 0; i < kMaxListElements; ++i) {
            e.mutable_order_placed()->add_lines()->set_line_id(std::to_string(i));
          }
        }) == "");
  CHECK(taken(EventKind::kParcelRegistered, [](auto& e) {
          auto& parcel = *e.mutable_parcel_registered();
          parcel.clear_return_id();
          parcel.clear_lines();
          parcel.clear_list_price();
          parcel.clear_covered_by();
          parcel.set_direction(pb::Direction::RETURN);
        }) == "");
  CHECK(taken(EventKind::kReturnFiled, [](auto& e) { e.mutable_return_filed()->clear_items(); }) ==
        "");
  CHECK(taken(EventKind::kReviewPosted, [](auto& e) {
          e.mutable_review_posted()->clear_rates();
          e.mutable_review_posted()->set_comment(std::string("any text\n\0\t", 11));
        }) == "");
  CHECK(taken(EventKind::kSellerStandingChanged,
              [](auto& e) { e.mutable_seller_standing_changed()->Clear(); }) == "");
  CHECK(taken(EventKind::kRefundIssued, [](auto& e) {
          e.mutable_refund_issued()->clear_return_id();
          e.mutable_refund_issued()->clear_complaint_id();
        }) == "");
}

TEST_CASE("a market is known when the policy knows it at occurred_at") {
  PolicyBook policies = PolicyBook::BuiltIn();
  policy::v1::Policy policy;
  auto& market = *policy.add_markets();
  market.set_code("RO");
  market.set_time_zone("Europe/Bucharest");
  market.set_currency("RON");
  REQUIRE(policies
              .Publish(policy.SerializeAsString(), 1,
                       Instant(sample::kSampleSeconds * kMillisPerSecond))
              .ok());
  pb::Event event = Sample(EventKind::kOrderPaid);
  event.set_market("RO");
  const auto takes = [&] {
    return std::holds_alternative<PreparedRecord>(
        Prepare(event.SerializeAsString(), kStamp, policies, kPartitions));
  };
  CHECK(takes());
  event.mutable_occurred_at()->set_seconds(sample::kSampleSeconds - 1);
  CHECK_FALSE(takes());
}

TEST_CASE("the stamp replaces recorded_at, whatever stands there") {
  const pb::Event original = Sample(EventKind::kReviewPosted);
  pb::Event expected = original;
  expected.mutable_recorded_at()->set_seconds(kStamp.number() / kMillisPerSecond);
  expected.mutable_recorded_at()->clear_nanos();
  std::vector<pb::Event> given(6, original);
  given[1].clear_recorded_at();
  given[2].mutable_recorded_at()->Clear();
  given[3].mutable_recorded_at()->set_seconds(INT64_MAX);
  given[4].mutable_recorded_at()->set_nanos(-7);
  given[5].mutable_recorded_at()->set_seconds(INT64_MIN);
  for (const pb::Event& event : given) {
    CAPTURE(event.recorded_at().ShortDebugString());
    const log::v1::Record record = Taken(event.SerializeAsString());
    CHECK(record.event().SerializeAsString() == expected.SerializeAsString());
  }
  // A stamp with milliseconds, and one of 0.
  CHECK(Taken(original.SerializeAsString(), kStamp.Plus(5)).event().recorded_at().nanos() ==
        5'000'000);
  pb::Event old = original;
  old.mutable_occurred_at()->set_seconds(0);
  const log::v1::Record record = Taken(old.SerializeAsString(), Instant(0));
  CHECK(record.event().has_recorded_at());
  CHECK(record.event().recorded_at().seconds() == 0);
}

TEST_CASE("recorded_at is replaced also where it comes twice or last") {
  pb::Event first = Sample(EventKind::kOrderPaid);
  pb::Event only_recorded;
  only_recorded.mutable_recorded_at()->set_seconds(77);
  const std::string bytes = first.SerializeAsString() + only_recorded.SerializeAsString();
  CHECK(Taken(bytes).event().recorded_at().seconds() == kStamp.number() / kMillisPerSecond);
  first.clear_recorded_at();
  const std::string last = first.SerializeAsString() + only_recorded.SerializeAsString();
  const log::v1::Record record = Taken(last);
  CHECK(record.event().recorded_at().seconds() == kStamp.number() / kMillisPerSecond);
}

TEST_CASE("a record is what libprotobuf writes for the same event") {
  rc::prop("records of random reviews", [] {
    pb::Event event = sample::FullEvent(EventKind::kReviewPosted);
    event.set_seller_id("s" + std::to_string(*rc::gen::inRange(0, 1000)));
    event.mutable_review_posted()->set_comment(
        *rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    const Instant stamp = kStamp.Plus(*rc::gen::inRange(0, 1'000'000));
    const auto prepared = Prepare(event.SerializeAsString(), stamp, Policies(), kPartitions);
    RC_ASSERT(std::holds_alternative<PreparedRecord>(prepared));
    const auto& record = std::get<PreparedRecord>(prepared);
    log::v1::Record expected;
    *expected.mutable_event() = event;
    auto& recorded_at = *expected.mutable_event()->mutable_recorded_at();
    recorded_at.set_seconds(stamp.number() / 1000);
    recorded_at.set_nanos(static_cast<int32_t>(stamp.number() % 1000 * 1'000'000));
    RC_ASSERT(record.record_bytes == expected.SerializeAsString());
    RC_ASSERT(record.partition == PartitionOf(event.seller_id(), kPartitions));
    RecordView view;
    RC_ASSERT(ScanRecord(record.record_bytes, &view) == ScanResult::kOk);
    RC_ASSERT(view.recorded_at == stamp);
  });
}

TEST_CASE("fields that the schema does not know are kept") {
  pb::Event event = Sample(EventKind::kReviewPosted);
  event.GetReflection()->MutableUnknownFields(&event)->AddVarint(100, 5);
  auto* review = event.mutable_review_posted();
  review->GetReflection()->MutableUnknownFields(review)->AddLengthDelimited(50, "from the future");
  const log::v1::Record record = Taken(event.SerializeAsString());
  const auto& kept = record.event().review_posted();
  REQUIRE(kept.GetReflection()->GetUnknownFields(kept).field_count() == 1);
  CHECK(kept.GetReflection()->GetUnknownFields(kept).field(0).length_delimited() ==
        "from the future");
  CHECK(record.event().GetReflection()->GetUnknownFields(record.event()).field_count() == 1);
}

TEST_CASE("unusual encodings are written again as one encoder writes them") {
  // occurred_at in two pieces, which protobuf merges.
  pb::Event event = Sample(EventKind::kOrderPaid);
  pb::Event millis;
  millis.mutable_occurred_at()->set_nanos(456'000'000);
  const log::v1::Record record = Taken(event.SerializeAsString() + millis.SerializeAsString());
  CHECK(record.event().occurred_at().seconds() == sample::kSampleSeconds);
  CHECK(record.event().occurred_at().nanos() == 456'000'000);
  RecordView view;
  const std::string bytes = record.SerializeAsString();
  CHECK(ScanRecord(bytes, &view) == ScanResult::kOk);
}

TEST_CASE("two payloads are refused, the same kind twice too") {
  const std::string paid = Sample(EventKind::kOrderPaid).SerializeAsString();
  pb::Event scanned;
  *scanned.mutable_parcel_scanned() = Sample(EventKind::kParcelScanned).parcel_scanned();
  pb::Event again;
  again.mutable_order_paid()->set_order_id("other");
  CHECK(Refusal(paid + scanned.SerializeAsString()) == "INVALID payload");
  CHECK(Refusal(paid + again.SerializeAsString()) == "INVALID payload");
}

TEST_CASE("a payload that this version does not know is refused") {
  pb::Event event = Sample(EventKind::kOrderPaid);
  event.clear_payload();
  event.GetReflection()->MutableUnknownFields(&event)->AddLengthDelimited(41, "x");
  CHECK(Refusal(event.SerializeAsString()) == "INVALID payload");
}

TEST_CASE("groups are refused") {
  pb::Event event = Sample(EventKind::kOrderPaid);
  event.GetReflection()->MutableUnknownFields(&event)->AddGroup(60)->AddVarint(1, 1);
  CHECK(Refusal(event.SerializeAsString()) == "INVALID ");
}

TEST_CASE("bytes that are no event are UNDECODABLE and name the seller where it can be read") {
  CHECK(Refusal("hello") == "UNDECODABLE ");
  CHECK(Refusal(std::string(1000, '\xff')) == "UNDECODABLE ");
  CHECK(Refusal(std::string(3, '\0')) == "UNDECODABLE ");
  CHECK(Refusal("") == "INVALID event_id");

  std::string cut = Sample(EventKind::kReviewPosted).SerializeAsString();
  cut.pop_back();
  const auto prepared = Prepared(cut);
  REQUIRE(std::holds_alternative<IntakeRefusal>(prepared));
  CHECK(std::get<IntakeRefusal>(prepared).code == RefusalCode::kUndecodable);
  CHECK(std::get<IntakeRefusal>(prepared).seller_id == "seller_id zażółć");
}

TEST_CASE("a text that is not UTF-8 is UNDECODABLE and named") {
  std::string bytes = Sample(EventKind::kReviewPosted).SerializeAsString();
  const size_t comment = bytes.find("comment za");
  bytes[comment] = '\xff';
  CHECK(Refusal(bytes) == "UNDECODABLE review_posted.comment");
  bytes = Sample(EventKind::kReviewPosted).SerializeAsString();
  bytes[bytes.find("seller_id za")] = '\xff';
  const auto prepared = Prepared(bytes);
  REQUIRE(std::holds_alternative<IntakeRefusal>(prepared));
  CHECK(std::get<IntakeRefusal>(prepared).field == "seller_id");
  CHECK(std::get<IntakeRefusal>(prepared).seller_id == "");
}

TEST_CASE("an event over 256 KiB is INVALID, one of 256 KiB is taken") {
  pb::Event event = Sample(EventKind::kReviewPosted);
  const size_t without = event.ByteSizeLong();
  event.mutable_review_posted()->set_comment(std::string(kMaxEventBytes - without, 'x'));
  while (event.ByteSizeLong() < kMaxEventBytes)
    event.mutable_review_posted()->mutable_comment()->push_back('x');
  REQUIRE(event.ByteSizeLong() == kMaxEventBytes);
  CHECK(Refusal(event.SerializeAsString()) == "");
  event.mutable_review_posted()->mutable_comment()->push_back('x');
  const auto prepared = Prepared(event.SerializeAsString());
  REQUIRE(std::holds_alternative<IntakeRefusal>(prepared));
  const auto& refusal = std::get<IntakeRefusal>(prepared);
  CHECK(refusal.code == RefusalCode::kInvalid);
  CHECK(refusal.field == "");
  CHECK(refusal.seller_id == event.seller_id());
}

TEST_CASE("preparing a prepared event changes nothing but the stamp") {
  for (const EventKind kind : sample::AllKinds()) {
    if (IsMadeByFlywheelAlone(kind)) continue;
    const log::v1::Record once = Taken(Sample(kind).SerializeAsString());
    const log::v1::Record twice = Taken(once.event().SerializeAsString());
    CHECK(once.SerializeAsString() == twice.SerializeAsString());
  }
}

TEST_CASE("garbage never gets through, and never more than one answer comes of it") {
  rc::prop("mutated events are refused or read back", [] {
    const sample::Pick pick = [](uint64_t below) {
      return *rc::gen::inRange<uint64_t>(0, below == 0 ? 1 : below);
    };
    const auto kinds = sample::AllKinds();
    std::string bytes = sample::FullEvent(kinds[pick(kinds.size())]).SerializeAsString();
    for (uint64_t n = 1 + pick(3); n > 0; --n) bytes = sample::Mutated(bytes, pick);
    const auto prepared = Prepared(bytes);
    if (const auto* refusal = std::get_if<IntakeRefusal>(&prepared)) {
      RC_ASSERT(!refusal->sentence.empty());
    } else {
      RecordView view;
      const auto& record_bytes = std::get<PreparedRecord>(prepared).record_bytes;
      RC_ASSERT(ScanRecord(record_bytes, &view) == ScanResult::kOk);
      const auto& event = std::get<EventView>(view.body);
      RC_ASSERT(!Validate(event, kStamp, Policies()).has_value());
    }
  });
}

}  // namespace
}  // namespace flywheel
