// What is behind a seller's rating: each review, the figures it counts in, the events that decided
// it. Pure.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_RATING_EXPLANATION_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_RATING_EXPLANATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "events/vocabulary.h"
#include "projections/facts/fact.h"
#include "projections/facts/order_row.h"
#include "projections/models/rating.h"
#include "projections/views/explained_event.h"

namespace flywheel {

// One review behind the figures.
struct RatingExplanation {
  std::string seller_id;
  MarketCode market;
  std::string order_id;
  std::string buyer_id;
  std::string review_id;
  Instant posted;
  // The figures it counts in, as JSON paths of the answer: "recommended.total",
  // "recommended.unique", "answered", "rates.delivery.distribution.5", "removed.byBuyer",
  // "lifetime.recommended", ...
  std::vector<std::string> counts_in;
  // The events that decided it, in business order, with their places.
  std::vector<ExplainedEvent> events;
};

// The figures that a review counts in on the day; `is_the_buyers`: it is the one by which its buyer
// is counted.
std::vector<std::string> FiguresOf(const Review& review, bool is_the_buyers, const TimeZone& zone,
                                   LocalDay today, int32_t window_days);

// The review whose posting is the buyer's latest in the window among those that stand; nullptr:
// none does.
const Review* CountingReview(const std::vector<const Review*>& of_buyer, const TimeZone& zone,
                             LocalDay today, int32_t window_days);

// The facts of the order that decide about its review, up to the cut, in business order.
std::vector<ExplainedEvent> DecidingEvents(const OrderRow& order, const FactsUpTo& cut,
                                           Partition partition);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_RATING_EXPLANATION_H_
