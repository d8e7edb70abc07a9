// What is stored for Smart! eligibility: the running figures of a seller in a market, the orders of
// a placing day, the announced changes.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_SMART_ROW_H_
#define FLYWHEEL_PROJECTIONS_MODELS_SMART_ROW_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/vocabulary.h"
#include "projections/facts/fact.h"
#include "projections/models/day_set.h"
#include "projections/models/smart.h"

namespace flywheel {

// Later than every instant.
inline constexpr Instant kNever{std::numeric_limits<int64_t>::max()};

// ---------------------------------------------------------------- orders

// Orders that were not cancelled before dispatch and have a dispatch deadline: all, and those with
// a carrier scan. As a difference also negative.
struct TrackedSum {
  int64_t orders = 0;
  int64_t tracked = 0;

  bool empty() const { return orders == 0 && tracked == 0; }
  TrackedSum& operator+=(const TrackedSum& other) {
    orders += other.orders;
    tracked += other.tracked;
    return *this;
  }
  TrackedSum operator-() const { return {-orders, -tracked}; }
  friend bool operator==(const TrackedSum&, const TrackedSum&) = default;
};

// The orders of one seller and market that were placed on one local day, by their deadline.
//
// A deadline before an instant has passed at it. What has passed is kept as one sum once Settle was
// told so; the rest by deadline.
class TrackedDay {
 public:
  // Adds orders with that deadline. `now`: everything before it has been settled, where anything
  // was.
  void Add(Instant deadline, const TrackedSum& sum, Instant now);
  // The orders whose deadline has passed at `at`. REQUIRES: nothing later was settled.
  TrackedSum PassedAt(Instant at) const;
  // Those whose deadline is at `from` or later and has passed at `at`. REQUIRES: nothing of them
  // was settled.
  TrackedSum PassedSince(Instant from, Instant at) const;
  // The earliest deadline that has not passed at `at`; kNever of none.
  Instant FirstDeadline(Instant at) const;
  // Joins the deadlines that have passed at `at`.
  void Settle(Instant at);

  bool empty() const { return passed_.empty() && pending_.empty(); }
  size_t heap_bytes() const { return pending_.size() * sizeof(std::pair<Instant, TrackedSum>); }
  static absl::StatusOr<TrackedDay> Decode(std::string_view bytes);
  void Encode(std::string* out) const;

 private:
  TrackedSum passed_;
  absl::btree_map<Instant, TrackedSum> pending_;  // by deadline; no empty sums
};

// ---------------------------------------------------------------- the seller

// A seller in a market. Its figures hold from the instant to which they were moved until `next`;
// SmartRoll moves them. Not thread-safe.
struct SmartRow {
  bool announced = false;  // eligible, as was announced last
  uint64_t changes = 0;    // announced so far
  std::optional<SmartStanding> standing;
  bool business = false;

  LocalDay day;  // the windows of the figures end on it
  int32_t rating_window_days = 0;
  int32_t tracked_window_days = 0;
  int64_t recommending = 0;      // unique buyers of the rating window
  int64_t not_recommending = 0;  // unique buyers of the rating window
  DaySet rating_days;            // later days on which these may change
  TrackedSum passed;             // of the tracked window, orders whose deadline has passed
  // The placing days of the window that have orders, rising, each with its earliest deadline that
  // has not passed.
  struct PlacingDay {
    LocalDay day;
    Instant deadline = kNever;
  };
  std::vector<PlacingDay> placing_days;
  // From here on the figures are others, by time alone; later than the seller's clock.
  Instant next = kNever;
  // The instant of its entry in the due index: `next` or earlier; kNever: it has none.
  Instant indexed = kNever;

  SmartFigures figures() const {
    return {recommending, recommending + not_recommending, passed.orders, passed.tracked, standing,
            business};
  }

  size_t heap_bytes() const {
    return placing_days.capacity() * sizeof(PlacingDay) + rating_days.heap_bytes();
  }
  static absl::StatusOr<SmartRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

// ---------------------------------------------------------------- the history

// The accepted event that made a change.
struct SmartEvent {
  EventKind kind = EventKind::kNone;
  Place place;
  std::string event_id;
  std::string order_id;  // empty for an event of the seller
};

// An announced change; the key has seller, market and its number.
struct SmartChange {
  Instant at;
  bool fulfilled = false;
  Instant recorded_at;  // of the record at which it was announced
  std::variant<SmartEvent, SmartExpiry> cause;

  static absl::StatusOr<SmartChange> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_SMART_ROW_H_
