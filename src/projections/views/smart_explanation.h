// What is behind a seller's Smart! conditions: the registration, the standing, each buyer and each
// shipment that counts, with the events that decided it and what will expire.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_SMART_EXPLANATION_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_SMART_EXPLANATION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/market.h"
#include "base/strong.h"
#include "projections/models/rating.h"
#include "projections/models/smart.h"
#include "projections/views/cell_reading.h"
#include "projections/views/explained_event.h"
#include "projections/views/smart_facts.h"

namespace flywheel {

// One thing behind the conditions: the registration, a standing, a buyer, an order.
struct SmartExplanation {
  std::string seller_id;
  MarketCode market;
  std::vector<std::string_view> counts_in;  // codes of conditions
  std::string buyer_id;                     // of a buyer who counts by a review
  std::string order_id;                     // of that review, or of a shipment
  std::string review_id;
  std::optional<bool> recommends;  // of a buyer
  std::optional<bool> tracked;     // of a shipment
  // What made it count and will end that, by time alone.
  struct Expiry {
    SmartExpiry rule = SmartExpiry::kRatingWindow;
    Instant at;
  };
  std::vector<Expiry> expiries;
  // The events that decided it, in business order, with their places.
  std::vector<ExplainedEvent> events;
};

// Adds what is behind the conditions in a market that the facts name, under the cut they were read
// with. Errors: those of the store.
absl::Status ExplainSmart(const CellState& state, std::string_view seller, MarketCode market,
                          const SmartSellerFacts& facts, const FactsUpTo& cut,
                          std::vector<SmartExplanation>* explanations);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_SMART_EXPLANATION_H_
