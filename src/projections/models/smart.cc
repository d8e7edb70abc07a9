#include "projections/models/smart.h"

#include <algorithm>

namespace flywheel {
namespace {

constexpr int64_t kMillion = 1'000'000;

// Whether part / whole is at least the share; not where there is nothing.
bool Reaches(int64_t part, int64_t whole, int32_t share_ppm) {
  return whole > 0 && part * kMillion >= share_ppm * whole;
}

bool RatingsFulfil(const SmartFigures& figures, const SmartRules& rules) {
  return Reaches(figures.recommending, figures.reviewing, rules.rating_share_ppm) &&
         figures.recommending >= rules.rates_count;
}

bool InGoodStanding(const SmartFigures& figures) {
  return figures.business && figures.standing && figures.standing->fees_paid &&
         !figures.standing->regulation_breach;
}

bool TracksShipments(const SmartFigures& figures, const SmartRules& rules) {
  return Reaches(figures.tracked, figures.due, rules.tracked_share_ppm);
}

bool TakesReturns(const SmartFigures& figures, const SmartRules& rules) {
  return figures.standing && figures.standing->free_returns &&
         figures.standing->withdrawal_days >= rules.withdrawal_days;
}

// All required conditions but the two about ratings.
bool RestIsFulfilled(const SmartFigures& figures, const SmartRules& rules) {
  return InGoodStanding(figures) && TakesReturns(figures, rules) &&
         (figures.due < rules.tracked_from_orders || TracksShipments(figures, rules));
}

SmartValue ShareOf(int64_t part, int64_t whole) {
  if (whole == 0) return {};
  return SmartShare{part, whole};
}

std::optional<int64_t> NegativesUntilLost(const SmartFigures& figures, const SmartRules& rules) {
  if (rules.rating_share_ppm == 0) return std::nullopt;
  // The most buyers of whom those who recommend are still enough.
  const int64_t most = figures.recommending * kMillion / rules.rating_share_ppm;
  return std::max<int64_t>(most - figures.reviewing + 1, 1);
}

std::optional<int64_t> PositivesUntilWon(const SmartFigures& figures, const SmartRules& rules) {
  int64_t until = std::max<int64_t>(rules.rates_count - figures.recommending, 1);
  const int64_t missing =
      rules.rating_share_ppm * figures.reviewing - figures.recommending * kMillion;
  const int64_t each = kMillion - rules.rating_share_ppm;
  if (missing > 0) {
    if (each <= 0) return std::nullopt;
    until = std::max(until, (missing + each - 1) / each);
  }
  return until;
}

}  // namespace

bool IsFulfilled(const SmartFigures& figures, const SmartRules& rules) {
  return (figures.super_seller() || RatingsFulfil(figures, rules)) &&
         RestIsFulfilled(figures, rules);
}

SmartConditions ConditionsOf(const SmartFigures& figures, const SmartRules& rules) {
  const bool by_ratings = !figures.super_seller();
  SmartConditions conditions;
  conditions[0] = {kRatingPercentage,
                   "Positive feedback",
                   ShareOf(figures.recommending, figures.reviewing),
                   SmartShare{rules.rating_share_ppm, kMillion},
                   by_ratings,
                   Reaches(figures.recommending, figures.reviewing, rules.rating_share_ppm)};
  conditions[1] = {kRatesCount,          "Unique positive ratings",
                   figures.recommending, int64_t{rules.rates_count},
                   by_ratings,           figures.recommending >= rules.rates_count};
  conditions[2] = {kSuperSeller, "Super Seller", figures.super_seller(),
                   {},           false,          figures.super_seller()};
  conditions[3] = {kGoodStanding, "Account in good standing", InGoodStanding(figures), {},
                   true,          InGoodStanding(figures)};
  conditions[4] = {kTrackedShipments,
                   "Tracked shipments",
                   ShareOf(figures.tracked, figures.due),
                   SmartShare{rules.tracked_share_ppm, kMillion},
                   figures.due >= rules.tracked_from_orders,
                   TracksShipments(figures, rules)};
  conditions[5] = {kReturnPolicy,
                   "Return policy",
                   TakesReturns(figures, rules),
                   {},
                   true,
                   TakesReturns(figures, rules)};
  return conditions;
}

SmartHeadroom HeadroomOf(const SmartFigures& figures, const SmartRules& rules) {
  SmartHeadroom headroom;
  if (figures.super_seller() || !RestIsFulfilled(figures, rules)) return headroom;
  if (RatingsFulfil(figures, rules)) {
    headroom.negatives_until_lost = NegativesUntilLost(figures, rules);
  } else {
    headroom.positives_until_won = PositivesUntilWon(figures, rules);
  }
  return headroom;
}

std::string_view NameOf(SmartExpiry expiry) {
  switch (expiry) {
    case SmartExpiry::kRatingWindow:
      return "RATING_WINDOW";
    case SmartExpiry::kDispatchDeadline:
      return "DISPATCH_DEADLINE";
    case SmartExpiry::kTrackedWindow:
      return "TRACKED_WINDOW";
    case SmartExpiry::kPolicy:
      break;
  }
  return "POLICY";
}

SmartExpiry ExpiryOf(const SmartFigures& before, const SmartFigures& after, const SmartRules& rules,
                     bool deadline_passed) {
  const SmartConditions were = ConditionsOf(before, rules);
  const SmartConditions are = ConditionsOf(after, rules);
  for (size_t i = 0; i < kSmartConditions; ++i) {
    if (were[i].missing() == are[i].missing()) continue;
    if (are[i].code != kTrackedShipments) return SmartExpiry::kRatingWindow;
    return deadline_passed ? SmartExpiry::kDispatchDeadline : SmartExpiry::kTrackedWindow;
  }
  return SmartExpiry::kPolicy;
}

}  // namespace flywheel
