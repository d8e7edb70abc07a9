// Read model 5.3, the SLA metrics: the clocks that run on an order, what they contribute to the
// sums of the day on which they opened, and the answer.
//
// A clock that has stopped contributes to the sums of its day. One that runs is kept by itself,
// since time alone turns it from pending to overdue. Both are functions of the order's course, so a
// fact moves sums by the contribution after less the contribution before.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_SLA_H_
#define FLYWHEEL_PROJECTIONS_MODELS_SLA_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/policy.h"
#include "projections/facts/fact.h"
#include "projections/models/duration_buckets.h"
#include "projections/models/order_course.h"

namespace flywheel {

// ---------------------------------------------------------------- clocks

enum class SlaClock : uint8_t { kFirstResponse, kResolution, kDecision, kDispatch, kRefund };
inline constexpr size_t kSlaClocks = 5;
// "firstResponse".
std::string_view NameOf(SlaClock clock);

enum class ClockState : uint8_t { kWithin, kLate, kPending, kOverdue };
// "WITHIN".
std::string_view NameOf(ClockState state);

// One clock, as the facts show it. Views are of the course or the order's id.
struct ClockRun {
  SlaClock clock = SlaClock::kFirstResponse;
  std::string_view id;  // of the complaint, the return, or the order (dispatch)
  Instant opened;
  Instant due;
  std::optional<Instant> stopped;
  // What stops it lay before its opening: stopped at the opening, within whatever is due.
  bool at_once = false;
  // From opening to stop, in open hours where the clock runs in those; 0 while it runs.
  int64_t duration_ms = 0;

  // The records that opened it (of a refund the filing and what began it), and that stopped it.
  Place opened_by;
  std::optional<Place> begun_by;
  std::optional<Place> stopped_by;
};
using ClockRuns = absl::InlinedVector<ClockRun, 4>;

// All clocks of an order that has the course; in the order of Precedes. The policies give each
// clock the rules of its opening. REQUIRES: the order's market is known to them.
ClockRuns ClocksOf(const OrderCourse& course, std::string_view order_id,
                   const PolicyBook& policies);

// REQUIRES: as_of is not before the opening.
ClockState StateOf(const ClockRun& run, Instant as_of);

// Whether two runs contribute the same, and an order of runs in which those are neighbours.
bool ContributesTheSame(const ClockRun& a, const ClockRun& b);
bool Precedes(const ClockRun& a, const ClockRun& b);

// ---------------------------------------------------------------- rows

// The clocks of one kind that have stopped.
struct StoppedClocks {
  int64_t within = 0;
  int64_t late = 0;
  DurationBuckets durations;

  bool empty() const { return within == 0 && late == 0 && durations.empty(); }
  void Add(const StoppedClocks& other);
  friend bool operator==(const StoppedClocks&, const StoppedClocks&) = default;
};

// What opened on one day and has stopped: of a seller and market, or of all sellers.
class SlaRow {
 public:
  // Adds a clock, or takes it away (`sign` -1). REQUIRES: it has stopped.
  void Add(const ClockRun& run, int sign);
  bool empty() const { return clocks_.empty(); }
  size_t heap_bytes() const;

  static absl::StatusOr<SlaRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;

  template <class Visit>
  void ForEach(Visit visit) const {
    for (const OfClock& of : clocks_) visit(of.clock, of.stopped);
  }

  friend bool operator==(const SlaRow&, const SlaRow&) = default;

 private:
  struct OfClock {
    SlaClock clock;
    StoppedClocks stopped;

    friend bool operator==(const OfClock&, const OfClock&) = default;
  };
  std::vector<OfClock> clocks_;  // rising; none is empty
};

// The clocks of one order that opened on one day and run: a row of their own.
struct OpenClock {
  SlaClock clock = SlaClock::kFirstResponse;
  std::string_view id;
  Instant opened;
  Instant due;
};
// Adds one to the bytes of a row.
void AppendOpenClock(const OpenClock& clock, std::string* row);
// Calls `visit` with each; views are of the row and the order's id. DataLoss where the bytes are no
// such row.
absl::Status ForEachOpenClock(std::string_view row, std::string_view order_id,
                              absl::FunctionRef<void(const OpenClock&)> visit);

// ---------------------------------------------------------------- the answer

struct ClockFigures {
  StoppedClocks stopped;
  int64_t pending = 0;
  int64_t overdue = 0;

  // Adds a clock that runs, as of an instant.
  void AddOpen(Instant due, Instant as_of) { ++(as_of <= due ? pending : overdue); }
  void Add(const ClockFigures& other);
  // within / (within + late + overdue); nullopt of nothing.
  std::optional<double> compliance() const;
  friend bool operator==(const ClockFigures&, const ClockFigures&) = default;
};
using SlaFigures = std::array<ClockFigures, kSlaClocks>;
void AddFigures(const SlaFigures& from, SlaFigures* to);

// The answer for one window. Market and seller are "*" for totals.
struct SlaAnswer {
  std::string seller_id;
  std::string market;
  int32_t window_days = 0;
  Instant as_of;
  SlaFigures clocks;
  bool complete = true;

  const ClockFigures& of(SlaClock clock) const { return clocks[static_cast<size_t>(clock)]; }
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_SLA_H_
