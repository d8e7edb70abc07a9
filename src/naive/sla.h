// Read model 5.3, the SLA clocks, evaluated from the accepted facts for one instant.
#ifndef FLYWHEEL_NAIVE_SLA_H_
#define FLYWHEEL_NAIVE_SLA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "naive/replay.h"
#include "naive/sla_clocks.h"

namespace flywheel::naive {

// One kind of clock in one window.
struct ClockFigures {
  int64_t within = 0;
  int64_t late = 0;
  int64_t pending = 0;
  int64_t overdue = 0;
  std::optional<double> compliance;  // share 0..1
  // Exact quantiles of the durations of what is stopped, in milliseconds (of the business clock,
  // where the clock runs on that).
  std::optional<int64_t> p50_ms;
  std::optional<int64_t> p90_ms;
  std::optional<int64_t> p99_ms;
  friend bool operator==(const ClockFigures&, const ClockFigures&) = default;
};

// The answer about one seller, market and window, or a total of such.
struct Sla {
  std::string seller_id;  // or "*"
  std::string market;     // or "*"
  int32_t window_days = 0;
  int64_t as_of = 0;
  std::array<ClockFigures, kSlaClocks> clocks;  // by SlaClock
  bool complete = true;

  const ClockFigures& Of(SlaClock clock) const { return clocks[static_cast<size_t>(clock)]; }
  friend bool operator==(const Sla&, const Sla&) = default;
};

// nullopt: there is no such row, or none that the total would join. The lengths of the windows are
// those of the policy that is effective in the market at `as_of`; a total joins the rows of its
// length.
std::optional<Sla> SlaOf(const Replay& replay, std::string_view seller_id, std::string_view market,
                         int32_t window_days, int64_t as_of);

// Every row in one pass, windows rising: for each seller its markets and then its total; after all
// sellers the totals of each market, and of all.
void AllSla(const Replay& replay, int64_t as_of, const std::function<void(const Sla&)>& visit);

// A clock that runs.
struct QueuedClock {
  std::string seller_id;
  std::string market;
  SlaClock clock = SlaClock::kFirstResponse;
  std::string id;  // of the order (dispatch), the complaint or the return (refund)
  std::string order_id;
  int64_t opened_at = 0;
  int64_t due = 0;
  bool overdue = false;
  friend bool operator==(const QueuedClock&, const QueuedClock&) = default;
};

// All clocks that run at `as_of`, sorted by due, id, the clock's name, seller, order and opening.
std::vector<QueuedClock> QueueOf(const Replay& replay, int64_t as_of);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SLA_H_
