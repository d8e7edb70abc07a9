#include "naive/smart_conditions.h"

#include <algorithm>
#include <tuple>

#include "naive/calendar.h"

namespace flywheel::naive {
namespace {

constexpr int64_t kMillion = 1'000'000;

std::optional<double> Share(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

bool ReachesShare(int64_t part, int64_t whole, int32_t ppm) {
  return whole > 0 && part * kMillion >= ppm * whole;
}

SmartCondition YesOrNo(std::string_view code, std::string_view name, bool yes, bool required) {
  return {code, name, yes ? 1.0 : 0.0, std::nullopt, required, yes};
}

}  // namespace

std::optional<SmartOrder> SmartOrderOf(const Order& order, int64_t as_of) {
  const std::optional<OrderCourse> course = CourseOf(order, as_of);
  if (!course) return std::nullopt;
  SmartOrder smart;
  smart.buyer_id = order.buyer_id;
  smart.placed_at = order.placed_at;
  smart.review = ReviewAt(order, as_of);
  if (course->promised_dispatch_by && !course->IsCancelledBeforeDispatch()) {
    smart.dispatch = {*course->promised_dispatch_by, course->dispatched_at.has_value()};
  }
  return smart;
}

SmartSeller SmartSellerOf(const std::optional<Registration>& registration,
                          const std::vector<Standing>& standings, std::string_view market,
                          int64_t as_of) {
  const Standing* latest = nullptr;
  for (const Standing& standing : standings) {
    if (standing.market != market || standing.occurred_at > as_of) continue;
    if (latest == nullptr || standing.occurred_at > latest->occurred_at) latest = &standing;
  }
  if (latest == nullptr) return {};
  SmartSeller seller;
  seller.good_standing = registration && registration->occurred_at <= as_of &&
                         registration->payload.business() && !registration->payload.pharmacy() &&
                         latest->payload.fees_paid() && !latest->payload.regulation_breach();
  seller.super_seller = latest->payload.super_seller();
  seller.free_returns = latest->payload.return_policy().free_returns();
  seller.withdrawal_days = latest->payload.return_policy().withdrawal_days();
  return seller;
}

SmartCounts CountAt(const SmartOrders& orders, const SmartRules& rules, absl::TimeZone zone,
                    int64_t at) {
  const int32_t today = DayOf(zone, at);
  const auto is_in_window = [&](int64_t instant, int32_t days) {
    const int32_t day = DayOf(zone, instant);
    return today - days < day && day <= today;
  };
  // Of a buyer's reviews in the window the latest speaks; of equal ones that of the greater ids.
  using Rank = std::tuple<int64_t, std::string_view, std::string_view>;
  std::map<std::string_view, std::pair<Rank, bool>> verdicts;
  SmartCounts counts;
  for (const auto& [order_id, order] : orders) {
    if (order.review && is_in_window(order.review->posted_at, rules.rating_window_days)) {
      const Rank rank(order.review->posted_at, order.review->review_id, order_id);
      const std::pair verdict(rank, order.review->recommended);
      const auto [known, is_new] = verdicts.emplace(order.buyer_id, verdict);
      if (!is_new && rank > known->second.first) known->second = verdict;
    }
    if (order.dispatch && is_in_window(order.placed_at, rules.tracked_window_days) &&
        order.dispatch->promised_by < at) {
      ++counts.due;
      if (order.dispatch->scanned) ++counts.tracked;
    }
  }
  for (const auto& [buyer_id, verdict] : verdicts) {
    ++counts.raters;
    if (verdict.second) ++counts.recommending;
  }
  return counts;
}

std::vector<SmartCondition> ConditionsOf(const SmartCounts& counts, const SmartSeller& seller,
                                         const SmartRules& rules) {
  const bool by_ratings = !seller.super_seller;
  const bool returns = seller.free_returns && seller.withdrawal_days >= rules.withdrawal_days;
  return {
      {"ratingPercentage", "Positive feedback", Share(counts.recommending, counts.raters),
       static_cast<double>(rules.rating_share_ppm) / kMillion, by_ratings,
       ReachesShare(counts.recommending, counts.raters, rules.rating_share_ppm)},
      {"ratesCount", "Unique positive ratings", static_cast<double>(counts.recommending),
       static_cast<double>(rules.rates_count), by_ratings,
       counts.recommending >= rules.rates_count},
      YesOrNo("superSeller", "Super Seller", seller.super_seller, false),
      YesOrNo("goodStanding", "Account in good standing", seller.good_standing, true),
      {"trackedShipments", "Tracked shipments", Share(counts.tracked, counts.due),
       static_cast<double>(rules.tracked_share_ppm) / kMillion,
       counts.due >= rules.tracked_from_orders,
       ReachesShare(counts.tracked, counts.due, rules.tracked_share_ppm)},
      YesOrNo("returnPolicy", "Return policy", returns, true),
  };
}

bool IsFulfilled(const std::vector<SmartCondition>& conditions) {
  return std::none_of(conditions.begin(), conditions.end(),
                      [](const SmartCondition& condition) { return condition.IsMissing(); });
}

}  // namespace flywheel::naive
