#include "naive/smart_history.h"

#include <algorithm>
#include <optional>

namespace flywheel::naive {
namespace {

// What expired when the conditions became what they are at state.at().
SmartRule RuleOf(const Policies& policies, const SmartState& state,
                 const std::vector<SmartCondition>& before,
                 const std::vector<SmartCondition>& after) {
  if (policies.NextEffectiveAfter(state.at() - 1) == state.at()) return SmartRule::kPolicy;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i].IsMissing() == after[i].IsMissing()) continue;
    if (before[i].code != "trackedShipments") return SmartRule::kRatingWindow;
    return state.DeadlinePassedNow() ? SmartRule::kDispatchDeadline : SmartRule::kTrackedWindow;
  }
  return SmartRule::kPolicy;  // one that came late
}

}  // namespace

std::string_view NameOf(SmartRule rule) {
  switch (rule) {
    case SmartRule::kRatingWindow:
      return "RATING_WINDOW";
    case SmartRule::kDispatchDeadline:
      return "DISPATCH_DEADLINE";
    case SmartRule::kTrackedWindow:
      return "TRACKED_WINDOW";
    case SmartRule::kPolicy:
      return "POLICY";
  }
  return "";
}

void SmartHistory::StepTo(const Policies& policies, int64_t to) {
  while (const std::optional<int64_t> next = state_.NextInstant(policies)) {
    if (*next > to) break;
    const std::vector<SmartCondition> before = state_.Conditions();
    state_.MoveTo(policies, *next);
    const std::vector<SmartCondition> after = state_.Conditions();
    if (IsFulfilled(after) == announced()) continue;
    changes_.push_back({*next, !announced(), RuleOf(policies, state_, before, after)});
  }
  state_.MoveTo(policies, std::max(to, at()));
}

void SmartHistory::Announce(const SmartEvent& cause) {
  if (IsFulfilled(state_.Conditions()) == announced()) return;
  changes_.push_back({at(), !announced(), cause});
}

}  // namespace flywheel::naive
