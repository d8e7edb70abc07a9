// Whether an order takes an event: the rules of DOMAIN section 3 that the fold applies, in their
// order.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_ACCEPTANCE_H_
#define FLYWHEEL_PROJECTIONS_FACTS_ACCEPTANCE_H_

#include "events/policy.h"
#include "projections/facts/order_row.h"
#include "projections/facts/quarantine_row.h"

namespace flywheel {

enum class Verdict : uint8_t { kAccepted, kDuplicate, kRefused };

struct Judgement {
  Verdict verdict = Verdict::kAccepted;
  RefusalCode code = RefusalCode::kUnspecified;  // where refused
  OrderRow::ActSearch search;                    // where accepted: what OrderRow::Append needs
};

// Judges a fact about a known order: WRONG_MARKET, a duplicate, WRONG_BUYER, REVIEW_TOO_LATE,
// OVER_RETURN, OVER_REFUND, ORDER_FULL. Pure. REQUIRES: order.known(); `policy` holds in the
// order's market at the fact's occurred_at.
Judgement Judge(const OrderRow& order, const Fact& fact, const MarketPolicy& policy);

// The sentence that goes with a refusal in the fold.
std::string_view SentenceOf(RefusalCode code);

// Why an entry of the quarantine stands there: its own sentence, else that of its state or code.
// The view may be of the row.
std::string_view SentenceOf(const QuarantineRow& row);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_ACCEPTANCE_H_
