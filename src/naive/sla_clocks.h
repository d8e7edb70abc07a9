// The clocks of one order (the table of DOMAIN 5.3), as its facts up to an instant show them.
#ifndef FLYWHEEL_NAIVE_SLA_CLOCKS_H_
#define FLYWHEEL_NAIVE_SLA_CLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "naive/order_course.h"
#include "naive/policies.h"

namespace flywheel::naive {

enum class SlaClock { kFirstResponse, kResolution, kDecision, kDispatch, kRefund };
inline constexpr size_t kSlaClocks = 5;

// "firstResponse", ...
std::string_view NameOf(SlaClock clock);

enum class ClockState { kWithin, kLate, kPending, kOverdue };

struct OrderClock {
  SlaClock clock = SlaClock::kFirstResponse;
  std::string id;  // of the order (dispatch), the complaint or the return (refund)
  int64_t opened_at = 0;
  int64_t due = 0;
  std::optional<int64_t> stopped_at;
  // Stopped before it opened: then it stopped as it opened, and that is within.
  bool at_once = false;
  int64_t duration_ms = 0;  // of what is stopped

  ClockState StateAt(int64_t as_of) const;
};

// Those that leave no trace are not among them.
std::vector<OrderClock> ClocksOf(const Policies& policies, const std::string& market,
                                 const std::string& order_id, const OrderCourse& course);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SLA_CLOCKS_H_
