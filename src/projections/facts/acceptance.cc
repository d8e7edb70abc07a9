#include "projections/facts/acceptance.h"

#include <string>

#include "absl/container/flat_hash_map.h"

namespace flywheel {
namespace {

Judgement Refuse(RefusalCode code) { return {Verdict::kRefused, code, {}}; }

bool MustBeTheBuyer(EventKind kind) {
  return kind == EventKind::kReviewPosted || kind == EventKind::kComplaintOpened ||
         kind == EventKind::kReturnFiled;
}

// "After the end of the local day 12 months after the purchase."
bool IsReviewTooLate(Instant purchase, Instant posted, const MarketPolicy& policy) {
  const LocalDay last_day = AddMonths(policy.zone->Day(purchase), policy.acceptance.review_months);
  return posted > policy.zone->EndOf(last_day);
}

// A return of the order as the facts accepted so far show it.
struct ReturnSoFar {
  absl::flat_hash_map<std::string, int64_t> quantities;  // by line
  bool filed = false;
  Instant decided_at;
  bool decided = false;
  bool rejected = false;

  // The later decision stands; at one instant the rejection.
  void Decide(Instant at, bool rejection) {
    if (decided && (at < decided_at || (at == decided_at && !rejection))) return;
    decided = true;
    decided_at = at;
    rejected = rejection;
  }
};

// More of a line than was bought, with what is being returned already; returns that stand rejected
// do not count.
bool IsOverReturn(const OrderRow& order, const ReturnFiledFact& filed) {
  absl::flat_hash_map<std::string, int64_t> left;  // bought less returned, by line
  absl::flat_hash_map<std::string, ReturnSoFar> returns;
  order.ForEachFact([&](const Fact& fact) {
    if (const auto* placed = std::get_if<OrderPlacedFact>(&fact.body)) {
      for (const OrderLine& line : placed->lines) left[std::string(line.line_id)] += line.quantity;
    } else if (const auto* earlier = std::get_if<ReturnFiledFact>(&fact.body)) {
      ReturnSoFar& state = returns[std::string(earlier->return_id)];
      state.filed = true;
      for (const ReturnItem& item : earlier->items)
        state.quantities[std::string(item.line_id)] += item.quantity;
    } else if (const auto* accepted = std::get_if<ReturnAcceptedFact>(&fact.body)) {
      returns[std::string(accepted->return_id)].Decide(fact.occurred_at, false);
    } else if (const auto* rejected = std::get_if<ReturnRejectedFact>(&fact.body)) {
      returns[std::string(rejected->return_id)].Decide(fact.occurred_at, true);
    }
    return true;
  });
  for (const auto& [id, state] : returns) {
    if (!state.filed || state.rejected) continue;
    for (const auto& [line, quantity] : state.quantities) left[line] -= quantity;
  }
  for (const ReturnItem& item : filed.items) left[std::string(item.line_id)] -= item.quantity;
  for (const ReturnItem& item : filed.items) {
    if (left[std::string(item.line_id)] < 0) return true;
  }
  return false;
}

// Refunds of kind ORDER above the order's total; any refund in another currency.
bool IsOverRefund(const OrderRow& order, const RefundIssuedFact& refund) {
  // 128 bits: two thousand amounts of 63 bits cannot overflow it.
  __extension__ using Wide = __int128;
  Wide refunded = refund.kind == RefundKind::kOrder ? refund.amount.amount_minor : 0;
  Money total;
  std::string total_currency;
  order.ForEachFact([&](const Fact& fact) {
    if (const auto* placed = std::get_if<OrderPlacedFact>(&fact.body)) {
      total = placed->total;
      total_currency = std::string(placed->total.currency);
    } else if (const auto* earlier = std::get_if<RefundIssuedFact>(&fact.body)) {
      // One in another currency can only have come in a decision; currencies are not summed.
      if (earlier->kind == RefundKind::kOrder && earlier->amount.currency == total_currency) {
        refunded += earlier->amount.amount_minor;
      }
    }
    return true;
  });
  if (refund.amount.currency != total_currency) return true;
  return refund.kind == RefundKind::kOrder && refunded > total.amount_minor;
}

}  // namespace

Judgement Judge(const OrderRow& order, const Fact& fact, const MarketPolicy& policy) {
  if (fact.market != order.market()) return Refuse(RefusalCode::kWrongMarket);
  Judgement judgement;
  judgement.search = order.FindAct(fact);
  if (judgement.search.known) {
    judgement.verdict = Verdict::kDuplicate;
    return judgement;
  }
  if (MustBeTheBuyer(fact.kind)) {
    const Fact placed = order.Placed();
    if (fact.buyer_id != placed.buyer_id) return Refuse(RefusalCode::kWrongBuyer);
    if (fact.kind == EventKind::kReviewPosted &&
        IsReviewTooLate(placed.occurred_at, fact.occurred_at, policy)) {
      return Refuse(RefusalCode::kReviewTooLate);
    }
  }
  if (const auto* filed = std::get_if<ReturnFiledFact>(&fact.body)) {
    if (IsOverReturn(order, *filed)) return Refuse(RefusalCode::kOverReturn);
  } else if (const auto* refund = std::get_if<RefundIssuedFact>(&fact.body)) {
    if (IsOverRefund(order, *refund)) return Refuse(RefusalCode::kOverRefund);
  }
  if (order.fact_count() >= static_cast<uint32_t>(policy.acceptance.facts_per_order)) {
    return Refuse(RefusalCode::kOrderFull);
  }
  return judgement;
}

std::string_view SentenceOf(RefusalCode code) {
  switch (code) {
    case RefusalCode::kWrongMarket:
      return "The event names another market than its order.";
    case RefusalCode::kWrongBuyer:
      return "The order was bought by somebody else.";
    case RefusalCode::kReviewTooLate:
      return "The review came after the end of the last day on which the purchase could be "
             "reviewed.";
    case RefusalCode::kOverReturn:
      return "More of a line is returned than was bought.";
    case RefusalCode::kOverRefund:
      return "The refunds exceed the order's total, or the refund is in another currency.";
    case RefusalCode::kOrderFull:
      return "The order holds as many facts as an order may.";
    case RefusalCode::kWaitExpired:
      return "The order did not arrive in time, or too many events wait already.";
    case RefusalCode::kStale:
      return "The order has changed since the decision was made.";
    case RefusalCode::kInvalid:
      return "The event breaks a rule of intake.";
    case RefusalCode::kUndecodable:
      return "The bytes are no event.";
    case RefusalCode::kUnspecified:
      break;
  }
  return "";
}

std::string_view SentenceOf(const QuarantineRow& row) {
  if (!row.sentence.empty()) return row.sentence;
  if (row.state == QuarantineRow::State::kWaiting) return "its order is not known yet";
  return SentenceOf(row.code);
}

}  // namespace flywheel
