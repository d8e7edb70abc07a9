#include "naive/verdict.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "naive/calendar.h"
#include "naive/event_reading.h"

namespace flywheel::naive {
namespace {

using events::v1::Event;
using log::v1::RefusalCode;

bool IsOfSomebodyElse(const Order& order, const Event& event) {
  if (event.has_review_posted()) return event.review_posted().buyer_id() != order.buyer_id;
  if (event.has_complaint_opened()) return event.complaint_opened().buyer_id() != order.buyer_id;
  if (event.has_return_filed()) return event.return_filed().buyer_id() != order.buyer_id;
  return false;
}

bool IsReviewTooLate(const Order& order, const Event& event, absl::TimeZone zone,
                     const Rules& rules) {
  if (!event.has_review_posted()) return false;
  const int32_t purchase_day = DayOf(zone, order.placed_at);
  const int32_t last_day = MonthsLater(purchase_day, rules.review_months);
  return MillisOf(event.occurred_at()) > EndOf(zone, last_day);
}

// By the facts accepted so far: the latest decision by business time; of two at one instant the
// rejection.
bool StandsRejected(const Order& order, const std::string& return_id) {
  std::optional<std::pair<int64_t, bool>> latest;
  for (const ReturnDecision& decision : order.return_decisions) {
    if (decision.return_id != return_id) continue;
    const std::pair candidate(decision.decided_at, decision.rejected);
    if (!latest || candidate > *latest) latest = candidate;
  }
  return latest && latest->second;
}

bool IsOverReturn(const Order& order, const Event& event) {
  if (!event.has_return_filed()) return false;
  for (const auto& [line_id, pieces] : ItemsOf(event.return_filed())) {
    int64_t returned = pieces;
    for (const FiledReturn& filed : order.returns) {
      const auto item = filed.items.find(line_id);
      if (item == filed.items.end() || StandsRejected(order, filed.return_id)) continue;
      returned += item->second;
    }
    const auto bought = order.bought.find(line_id);
    if (returned > (bought == order.bought.end() ? 0 : bought->second)) return true;
  }
  return false;
}

bool IsOverRefund(const Order& order, const Event& event) {
  if (!event.has_refund_issued()) return false;
  const events::v1::RefundIssued& refund = event.refund_issued();
  if (refund.amount().currency() != order.currency) return true;
  if (refund.kind() != events::v1::RefundKind::ORDER) return false;
  // Subtracting from the total cannot overflow while amounts are not negative, as intake holds.
  absl::int128 left = order.total;
  for (const OrderRefund& earlier : order.refunds) {
    if (earlier.currency == order.currency) left -= earlier.amount;
  }
  return refund.amount().amount_minor() > left;
}

}  // namespace

bool IsKnownAct(const Order& order, const Event& event) {
  const std::string act = ActOf(event);
  return std::any_of(order.facts.begin(), order.facts.end(), [&](const Fact& fact) {
    return fact.kind == event.payload_case() && fact.act == act;
  });
}

Verdict VerdictOn(const Policies& policies, const Order& order, const Event& event) {
  if (event.market() != order.market) {
    return Refusal{RefusalCode::WRONG_MARKET, "the order was placed in another market"};
  }
  if (IsKnownAct(order, event)) return Duplicate{};
  if (IsOfSomebodyElse(order, event)) {
    return Refusal{RefusalCode::WRONG_BUYER, "somebody else bought"};
  }
  const Rules rules = policies.At(order.market, MillisOf(event.occurred_at()));
  const absl::TimeZone zone = *policies.ZoneOf(order.market);
  if (IsReviewTooLate(order, event, zone, rules)) {
    return Refusal{RefusalCode::REVIEW_TOO_LATE, "the time to review is over"};
  }
  if (IsOverReturn(order, event)) {
    return Refusal{RefusalCode::OVER_RETURN, "more of a line than was bought"};
  }
  if (IsOverRefund(order, event)) {
    return Refusal{RefusalCode::OVER_REFUND, "more than the total, or in another currency"};
  }
  if (std::ssize(order.facts) >= rules.facts_per_order) {
    return Refusal{RefusalCode::ORDER_FULL, "the order holds as many facts as an order may"};
  }
  return Accepted{};
}

}  // namespace flywheel::naive
