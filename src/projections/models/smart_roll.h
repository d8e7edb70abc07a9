// Lets time pass over a seller's Smart! figures in a market: which instants change something, what
// the figures are at them, what is announced. The fold does it as the clock goes on, a reader up to
// the instant that it is asked for and beyond. Pure but for the port.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_SMART_ROLL_H_
#define FLYWHEEL_PROJECTIONS_MODELS_SMART_ROLL_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "events/policy.h"
#include "projections/models/day_set.h"
#include "projections/models/order_course.h"
#include "projections/models/smart.h"
#include "projections/models/smart_row.h"

namespace flywheel {

// Unique buyers by what they say; as a difference also negative.
struct UniqueCounts {
  int64_t recommending = 0;
  int64_t not_recommending = 0;

  bool empty() const { return recommending == 0 && not_recommending == 0; }
};

// What is known of the seller in the market besides its row.
class SmartSource {
 public:
  virtual ~SmartSource() = default;
  // By how much the unique counts of the windows that end on the day differ from those of the day
  // before.
  virtual UniqueCounts UniqueOn(int32_t window_days, LocalDay day) = 0;
  // The unique counts of the window that ends on the day; `later` gets the later days on which they
  // differ from those of the day before.
  virtual UniqueCounts UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) = 0;
  // The orders of a placing day; nullptr: there are none. Valid until the next call.
  virtual const TrackedDay* OrdersOf(LocalDay placed) = 0;
  // The deadlines of that day that have passed at `at` are not asked for again.
  virtual void Settle(LocalDay placed, Instant at) = 0;
};

// What an order contributes to the tracked shipments; nullopt of one without a dispatch deadline or
// cancelled before dispatch.
struct TrackedOrder {
  LocalDay placed;
  Instant deadline;
  bool tracked = false;

  TrackedSum sum() const { return {1, tracked ? 1 : 0}; }
};
std::optional<TrackedOrder> TrackedOrderOf(const OrderCourse& course, const TimeZone& zone);

// Operation: the row's figures hold at the instant to which they were moved last. MoveTo goes on to
// a later one; it must not go past SmartRow::next but by PassTime, which stops at every instant at
// which something changes.
class SmartRoll {
 public:
  // All must outlive the roll. REQUIRES: the policies know the market.
  SmartRoll(MarketCode market, const PolicyBook* policies, SmartSource* source, SmartRow* row);

  // A row that knows nothing yet, at an instant: there are neither reviews nor orders.
  void Start(Instant at);
  // A row whose figures are summed anew from the source at an instant.
  void Sum(Instant at);
  // Moves the figures to an instant that is no earlier.
  void MoveTo(Instant at);
  bool Fulfilled(Instant at) const;
  const SmartRules& RulesAt(Instant at) const;
  const TimeZone& zone() const { return *zone_; }

  // Every instant in (from, to] at which time alone changes something, in turn: moves the figures
  // to it and, where eligibility then differs from what was announced, announces it and calls
  // `visit`, until that returns false. REQUIRES: the figures were moved to `from` or earlier.
  void PassTime(Instant from, Instant to,
                absl::FunctionRef<bool(Instant at, SmartExpiry expiry)> visit);

  // A buyer's counts change from a day on; the figures have been moved to the present.
  void AddUnique(LocalDay day, const UniqueCounts& counts);
  // Orders of a placing day change by `sum`, and stand in the source; the figures have been moved
  // to `now`.
  void AddOrders(LocalDay placed, Instant deadline, const TrackedSum& sum, Instant now);

 private:
  // Whether the deadline of an order of the window passed.
  bool Move(Instant at);
  void MoveRating(int32_t window_days, LocalDay today);
  bool MoveOrders(int32_t window_days, LocalDay today, Instant at);
  void SumOrders(int32_t window_days, LocalDay today, Instant at);
  void FindNext();

  const MarketCode market_;
  const PolicyBook* const policies_;
  SmartSource* const source_;
  SmartRow* const row_;
  const TimeZone* const zone_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_SMART_ROLL_H_
