#include "naive/smart_state.h"

#include <algorithm>
#include <utility>

#include "naive/calendar.h"

namespace flywheel::naive {

SmartState::SmartState(const Policies& policies, std::string market, int64_t at)
    : market_(std::move(market)), zone_(*policies.ZoneOf(market_)), at_(at) {
  TakeRules(policies);
  MoveTo(policies, at);
}

void SmartState::TakeRules(const Policies& policies) {
  version_ = policies.VersionAt(at_);
  rules_ = policies.At(market_, at_).smart;
  for (const auto& [buyer_id, opinions] : opinions_) CountBuyer(buyer_id);
  for (const auto& [order_id, order] : orders_) CountDispatch(order_id, order);
}

int64_t SmartState::Leaves(int64_t instant, int32_t days) const {
  return StartOf(zone_, DayOf(zone_, instant) + days);
}

void SmartState::CountBuyer(const std::string& buyer_id) {
  const auto found = opinions_.find(buyer_id);
  if (found == opinions_.end()) {
    raters_.Remove(buyer_id);
    return;
  }
  const auto& [rank, recommended] = *found->second.rbegin();
  const int64_t posted_at = std::get<0>(rank);
  raters_.Put(buyer_id, posted_at, Leaves(posted_at, rules_.rating_window_days), recommended);
}

void SmartState::CountDispatch(const std::string& order_id, const SmartOrder& order) {
  if (!order.dispatch) {
    dispatches_.Remove(order_id);
    return;
  }
  dispatches_.Put(order_id, order.dispatch->promised_by + 1,
                  Leaves(order.placed_at, rules_.tracked_window_days), order.dispatch->scanned);
}

void SmartState::Put(const std::string& order_id, const SmartOrder& order) {
  SmartOrder& known = orders_[order_id];
  const auto rank = [&](const StandingReview& review) {
    return Rank(review.posted_at, review.review_id, order_id);
  };
  if (known.review) {
    Opinions& opinions = opinions_.at(known.buyer_id);
    opinions.erase(rank(*known.review));
    if (opinions.empty()) opinions_.erase(known.buyer_id);
  }
  known = order;
  if (known.review) {
    opinions_[known.buyer_id][rank(*known.review)] = known.review->recommended;
  }
  CountBuyer(known.buyer_id);
  CountDispatch(order_id, known);
}

std::optional<int64_t> SmartState::NextInstant(const Policies& policies) const {
  std::optional<int64_t> next;
  const auto keep_first = [&](std::optional<int64_t> candidate) {
    if (candidate) next = std::min(next.value_or(*candidate), *candidate);
  };
  keep_first(raters_.Next());
  keep_first(dispatches_.Next());
  keep_first(policies.NextEffectiveAfter(at_));
  // A policy that came late, for an instant already passed: it shows with the next day.
  if (policies.VersionAt(at_) != version_) keep_first(StartOf(zone_, DayOf(zone_, at_) + 1));
  return next;
}

void SmartState::MoveTo(const Policies& policies, int64_t at) {
  at_ = at;
  raters_.MoveTo(at);
  dispatches_.MoveTo(at);
  if (policies.VersionAt(at) != version_) TakeRules(policies);
}

SmartCounts SmartState::Counts() const {
  return {raters_.all(), raters_.good(), dispatches_.all(), dispatches_.good()};
}

std::vector<SmartCondition> SmartState::Conditions() const {
  return ConditionsOf(Counts(), seller_, rules_);
}

}  // namespace flywheel::naive
