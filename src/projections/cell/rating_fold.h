// Keeps the rating's stored steps in step with the reviews.
#ifndef FLYWHEEL_PROJECTIONS_CELL_RATING_FOLD_H_
#define FLYWHEEL_PROJECTIONS_CELL_RATING_FOLD_H_

#include <optional>
#include <string_view>

#include "base/market.h"
#include "base/time_zone.h"
#include "events/policy.h"
#include "projections/cell/rows.h"
#include "projections/models/rating.h"

namespace flywheel {

// The window for which steps are stored: the built-in policy's. Answers under another window are
// evaluated from the rows.
inline constexpr int32_t kStoredRatingWindowDays = RatingRules{}.window_days;

// Notes a new order in its buyer's row.
void AddBuyerOrder(std::string_view seller, std::string_view buyer, std::string_view order_id,
                   MarketCode market, Instant placed, Rows* rows);

// An order's review was `before` and is `after`: moves the steps of the seller and market, those of
// all sellers, and the buyer's row. Gives the steps of the unique counts in the window of
// `unique_window_days`, which need not be the stored one; those of a day may stand apart and cancel
// out. REQUIRES: the order stands in its buyer's row; `after` is given.
RatingSteps MoveReview(std::string_view seller, MarketCode market, const TimeZone& zone,
                       const std::optional<Review>& before, const Review& after,
                       int32_t unique_window_days, Rows* rows);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_RATING_FOLD_H_
