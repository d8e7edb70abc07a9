#include "property/prologue.h"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>

namespace flywheel {
namespace {

using events::v1::Actor;
using events::v1::Event;

void Set(google::protobuf::Timestamp* timestamp, Instant instant) {
  timestamp->set_seconds(instant.number() / kMillisPerSecond);
  timestamp->set_nanos(static_cast<int32_t>(instant.number() % kMillisPerSecond) * 1'000'000);
}

class Storyteller {
 public:
  Storyteller(uint32_t seed, const TimeZone& zone, LocalDay first_day)
      : random_(seed), zone_(zone), first_day_(first_day) {}

  std::vector<Event> Tell() && {
    const Instant start = zone_.StartOf(first_day_);
    Event& registered = Add(start);
    registered.mutable_seller_registered()->set_business(true);
    Stand(start.Plus(1), /*good=*/!Chance(4));
    for (int64_t i = Below(4); i > 0; --i) Stand(AnyTime(60), Chance(2));
    const int orders = 2 + static_cast<int>(Below(5));
    for (int order = 0; order < orders; ++order) TellOrder("p" + std::to_string(order));
    std::stable_sort(events_.begin(), events_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Event> told;
    told.reserve(events_.size());
    for (auto& [at, event] : events_) told.push_back(std::move(event));
    // Some come late, or their order does.
    for (int64_t late = Below(5); late > 0; --late) {
      const auto from = static_cast<size_t>(Below(static_cast<int64_t>(told.size())));
      const auto to = static_cast<size_t>(Below(static_cast<int64_t>(told.size())));
      if (from < to) {
        std::rotate(told.begin() + static_cast<ptrdiff_t>(from),
                    told.begin() + static_cast<ptrdiff_t>(from) + 1,
                    told.begin() + static_cast<ptrdiff_t>(to) + 1);
      }
    }
    return told;
  }

 private:
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }
  // Once in so many times.
  bool Chance(int64_t in) { return Below(in) == 0; }
  template <size_t kCount>
  int64_t OneOf(const std::array<int64_t, kCount>& values) {
    return values[static_cast<size_t>(Below(kCount))];
  }
  Instant AnyTime(int64_t days) {
    return zone_.StartOf(first_day_).Plus(Below(days * kMillisPerDay));
  }
  // At an instant, or 1 ms beside it.
  Instant Near(Instant instant) { return instant.Plus(Below(3) - 1); }
  Instant EndOfDayAfter(Instant instant, int32_t days) {
    return zone_.EndOf(zone_.Day(instant).Plus(days));
  }
  Actor::Value AnyActor() { return static_cast<Actor::Value>(1 + Below(3)); }

  Event& Add(Instant at) {
    auto& [instant, event] = events_.emplace_back(at, Event());
    Set(event.mutable_occurred_at(), at);
    event.set_seller_id("s0");
    event.set_market("PL");
    event.set_source("shop");
    return event;
  }

  void Stand(Instant at, bool good) {
    auto* standing = Add(at).mutable_seller_standing_changed();
    standing->set_fees_paid(good || Chance(2));
    standing->set_super_seller(Chance(6));
    standing->mutable_return_policy()->set_free_returns(true);
    standing->mutable_return_policy()->set_withdrawal_days(14);
  }

  void TellOrder(const std::string& order) {
    const Instant placed = AnyTime(Chance(3) ? 40 : 4);
    const std::string buyer = "b" + std::to_string(2 + Below(5));
    auto* payload = Add(placed).mutable_order_placed();
    payload->set_order_id(order);
    payload->set_buyer_id(buyer);
    auto* line = payload->add_lines();
    line->set_line_id("l0");
    line->set_offer_id("offer");
    line->set_quantity(1000);
    line->mutable_unit_price()->set_amount_minor(100);
    line->mutable_unit_price()->set_currency("PLN");
    payload->mutable_total()->set_amount_minor(1'000'000);
    payload->mutable_total()->set_currency("PLN");
    const Instant promised = placed.Plus(OneOf<5>(
        {kMillisPerDay, kMillisPerDay / 2, 2 * kMillisPerDay, 29 * kMillisPerDay, kMillisPerHour}));
    if (!Chance(8)) Set(payload->mutable_delivery()->mutable_promised_dispatch_by(), promised);
    TellDispatch(order, placed, promised);
    if (!Chance(4)) TellReview(order, buyer, placed);
    if (!Chance(3)) TellComplaint(order, buyer, placed);
    if (Chance(2)) TellReturn(order, buyer, placed);
  }

  void Scan(const std::string& order, const std::string& parcel, Instant at) {
    auto* scan = Add(at).mutable_parcel_scanned();
    scan->set_order_id(order);
    scan->set_parcel_id(parcel);
    scan->set_code(Chance(5) ? events::v1::ScanCode::PENDING : events::v1::ScanCode::IN_TRANSIT);
  }

  void TellDispatch(const std::string& order, Instant placed, Instant promised) {
    if (!Chance(3)) {
      const Instant sent =
          Chance(2)
              ? Near(promised)
              : placed.Plus(OneOf<4>({kMillisPerHour, 3 * kMillisPerDay, -1, 40 * kMillisPerDay}));
      auto* parcel = Add(sent.Plus(-Below(2 * kMillisPerHour))).mutable_parcel_registered();
      parcel->set_order_id(order);
      parcel->set_parcel_id("out");
      parcel->set_direction(events::v1::Direction::OUTBOUND);
      Scan(order, "out", sent);
      if (Chance(8)) Cancel(order, Near(sent));
    } else if (Chance(3)) {
      Cancel(order, Near(promised));
    }
  }
  void Cancel(const std::string& order, Instant at) {
    auto* cancelled = Add(at).mutable_order_cancelled();
    cancelled->set_order_id(order);
    cancelled->set_by(AnyActor());
  }

  void TellReview(const std::string& order, const std::string& buyer, Instant placed) {
    const Instant posted =
        placed.Plus(OneOf<4>({kMillisPerHour, 2 * kMillisPerDay, 30 * kMillisPerDay, 0}));
    auto* review = Add(posted).mutable_review_posted();
    review->set_order_id(order);
    review->set_review_id("r0");
    review->set_buyer_id(buyer);
    review->set_recommended(!Chance(3));
    if (Chance(4)) {
      auto* removed = Add(posted.Plus(Below(20 * kMillisPerDay))).mutable_review_removed();
      removed->set_order_id(order);
      removed->set_review_id("r0");
      removed->set_by(events::v1::RemovedBy::BUYER);
    }
  }

  void Message(const std::string& order, const std::string& id, Instant at) {
    auto* message = Add(at).mutable_complaint_message_posted();
    message->set_order_id(order);
    message->set_complaint_id("c0");
    message->set_message_id(id);
    message->set_author(AnyActor());
  }
  void Resolve(const std::string& order, Instant at) {
    auto* resolved = Add(at).mutable_complaint_resolved();
    resolved->set_order_id(order);
    resolved->set_complaint_id("c0");
    resolved->set_outcome(events::v1::Outcome::WITHDRAWN);
    resolved->set_by(AnyActor());
  }

  void TellComplaint(const std::string& order, const std::string& buyer, Instant placed) {
    const Instant opened = placed.Plus(Below(10 * kMillisPerDay));
    auto* complaint = Add(opened).mutable_complaint_opened();
    complaint->set_order_id(order);
    complaint->set_complaint_id("c0");
    complaint->set_buyer_id(buyer);
    complaint->set_kind(Chance(2) ? events::v1::ComplaintKind::CLAIM
                                  : events::v1::ComplaintKind::DISPUTE);
    complaint->set_reason(events::v1::ComplaintReason::OTHER);
    const std::array<Instant, 4> dues = {opened, opened.Plus(kMillisPerDay),
                                         opened.Plus(14 * kMillisPerDay),
                                         EndOfDayAfter(opened, 14)};
    for (int64_t messages = Below(3); messages > 0; --messages) {
      Message(order, "m" + std::to_string(messages), Near(dues[static_cast<size_t>(Below(2))]));
    }
    if (!Chance(3)) Resolve(order, Near(dues[static_cast<size_t>(Below(4))]));
    if (Chance(3)) {
      const Instant again = opened.Plus(Below(20 * kMillisPerDay));
      auto* reopened = Add(again).mutable_complaint_reopened();
      reopened->set_order_id(order);
      reopened->set_complaint_id("c0");
      reopened->set_by(Actor::BUYER);
      if (Chance(2)) Message(order, "m9", Near(again.Plus(kMillisPerDay)));
      if (Chance(2)) Resolve(order, Near(again.Plus(14 * kMillisPerDay)));
    }
  }

  void TellReturn(const std::string& order, const std::string& buyer, Instant placed) {
    const Instant filed = placed.Plus(Below(20 * kMillisPerDay));
    auto* payload = Add(filed).mutable_return_filed();
    payload->set_order_id(order);
    payload->set_return_id("t0");
    payload->set_buyer_id(buyer);
    auto* item = payload->add_items();
    item->set_line_id("l0");
    item->set_quantity(1);
    item->set_reason(events::v1::ReturnReason::NONE);
    const Instant begun = filed.Plus(OneOf<3>({-kMillisPerHour, 0, 2 * kMillisPerDay}));
    if (Chance(2)) {
      auto* accepted = Add(begun).mutable_return_accepted();
      accepted->set_order_id(order);
      accepted->set_return_id("t0");
    } else {
      auto* parcel = Add(begun).mutable_parcel_registered();
      parcel->set_order_id(order);
      parcel->set_parcel_id("back");
      parcel->set_direction(events::v1::Direction::RETURN);
      parcel->set_return_id("t0");
      Scan(order, "back", begun);
    }
    if (Chance(6)) {
      auto* rejected = Add(Near(begun)).mutable_return_rejected();
      rejected->set_order_id(order);
      rejected->set_return_id("t0");
      rejected->set_code(events::v1::ReturnRejection::ITEM_MISMATCH);
    }
    if (!Chance(3)) {
      auto* refund = Add(Near(Chance(3) ? begun : EndOfDayAfter(std::max(filed, begun), 14)))
                         .mutable_refund_issued();
      refund->set_order_id(order);
      refund->set_refund_id("f0");
      refund->set_return_id("t0");
      refund->mutable_amount()->set_amount_minor(1);
      refund->mutable_amount()->set_currency("PLN");
      refund->set_kind(events::v1::RefundKind::ORDER);
    }
    if (Chance(5)) {
      auto* closed = Add(filed.Plus(Below(30 * kMillisPerDay))).mutable_return_closed();
      closed->set_order_id(order);
      closed->set_return_id("t0");
    }
  }

  std::mt19937_64 random_;
  const TimeZone& zone_;
  const LocalDay first_day_;
  std::vector<std::pair<Instant, Event>> events_;
};

}  // namespace

std::vector<Event> Prologue(uint32_t seed, const TimeZone& zone, LocalDay first_day) {
  return Storyteller(seed, zone, first_day).Tell();
}

}  // namespace flywheel
