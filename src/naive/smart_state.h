// Smart! in one seller and market while time and facts go on: counted as they come, so that a long
// log can be read. SmartCounts by CountAt of the same orders are the same.
#ifndef FLYWHEEL_NAIVE_SMART_STATE_H_
#define FLYWHEEL_NAIVE_SMART_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "naive/policies.h"
#include "naive/running_count.h"
#include "naive/smart_conditions.h"

namespace flywheel::naive {

class SmartState {
 public:
  // REQUIRES: the policies know the market. All calls take the same policies, which may grow.
  SmartState(const Policies& policies, std::string market, int64_t at);

  int64_t at() const { return at_; }

  void SetSeller(const SmartSeller& seller) { seller_ = seller; }
  // Replaces what the order said before.
  void Put(const std::string& order_id, const SmartOrder& order);

  // The next instant at which something can change by time alone.
  std::optional<int64_t> NextInstant(const Policies& policies) const;
  // REQUIRES: not before at().
  void MoveTo(const Policies& policies, int64_t at);

  SmartCounts Counts() const;
  std::vector<SmartCondition> Conditions() const;
  // Whether a dispatch deadline passed at at() and its order began to count.
  bool DeadlinePassedNow() const { return dispatches_.BeganNow(); }

 private:
  // Of one buyer's reviews, the last is the one that speaks: (posted_at, review_id, order_id).
  using Rank = std::tuple<int64_t, std::string, std::string>;
  using Opinions = std::map<Rank, bool>;

  void TakeRules(const Policies& policies);
  void CountBuyer(const std::string& buyer_id);
  void CountDispatch(const std::string& order_id, const SmartOrder& order);
  // When what has its day at an instant leaves a window of so many days.
  int64_t Leaves(int64_t instant, int32_t days) const;

  std::string market_;
  absl::TimeZone zone_;
  int64_t at_;
  uint32_t version_ = 0;  // of the policy
  SmartRules rules_;
  SmartSeller seller_;
  SmartOrders orders_;
  std::map<std::string, Opinions> opinions_;  // by buyer
  RunningCount raters_;                       // by buyer
  RunningCount dispatches_;                   // by order
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SMART_STATE_H_
