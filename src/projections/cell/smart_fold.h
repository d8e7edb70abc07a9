// Keeps Smart! eligibility in step with the accepted facts and with the clocks: the figures of each
// seller and market, and the history of what was announced.
#ifndef FLYWHEEL_PROJECTIONS_CELL_SMART_FOLD_H_
#define FLYWHEEL_PROJECTIONS_CELL_SMART_FOLD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/policy.h"
#include "projections/cell/rows.h"
#include "projections/models/rating.h"
#include "projections/models/smart_roll.h"
#include "projections/models/smart_row.h"
#include "projections/store/row_store.h"

namespace flywheel {

// The accepted event that may change eligibility.
struct SmartCause {
  EventKind kind = EventKind::kNone;
  Place place;
  std::string_view event_id;
  std::string_view order_id;  // empty for an event of the seller
};

// Operation: Arrive comes first for every valid event of a seller and lets the time up to it pass;
// then what the event changed is told. Tick does the same for all sellers of the partition. After
// each, what was announced last is what the figures say at the seller's clock.
//
// The due index has an entry for each seller and market that time alone will change, at the
// earliest such instant or before it. Entries are not moved as the instant moves on: they are
// checked against the row when they fire. It is held in memory, about 100 bytes an entry, and
// stands in rows of its own, so that opening reads it and not all sellers.
//
// Concurrency: one thread, the fold's.
class SmartFold {
 public:
  // All must outlive it.
  SmartFold(const RowStore* store, Rows* rows, const PolicyBook* policies);

  // Reads the due index.
  absl::Status Open();

  // An event of the seller arrives: the seller's clock goes from `from` to `to` (or stays).
  void Arrive(RowCache<SellerRow>::Entry* seller, Instant from, Instant to, Instant recorded_at);
  // The partition's tick goes from `from` to `to`.
  void Tick(Instant from, Instant to, Instant recorded_at);

  // --- What an event of the seller that arrived last changed.

  void Register(const SmartCause& cause);
  void SetStanding(MarketCode market, const SmartStanding& standing, const SmartCause& cause);
  // Moves the figures up to the present, before a review does; gives the window of the unique
  // counts.
  int32_t BringUp(MarketCode market);
  // The steps of the unique counts in that window.
  void MoveReview(MarketCode market, const RatingSteps& steps, const SmartCause& cause);
  void MoveOrder(MarketCode market, const std::optional<TrackedOrder>& before,
                 const std::optional<TrackedOrder>& after, const SmartCause& cause);

  // The latest instant at or before `by` at which something is due, as far as the latest entries of
  // the due index say; nullopt: nothing is due by then.
  std::optional<Instant> LatestDue(Instant by) const;

  // Memory of what is held beside the rows.
  size_t index_bytes() const { return due_.size() * kBytesOfDue + other_days_ * kBytesOfOtherDay; }

 private:
  static constexpr size_t kBytesOfDue = 100;
  static constexpr size_t kBytesOfOtherDay = 100;

  using SellerEntry = RowCache<SellerRow>::Entry;
  using SmartEntry = RowCache<SmartRow>::Entry;
  class Source;
  // Steps of the unique counts by day.
  using UniqueDays = std::map<LocalDay, UniqueCounts>;
  struct OtherWindow {
    int32_t window_days = 0;
    UniqueDays days;
  };

  std::string_view seller() const;
  SmartEntry* RowOf(MarketCode market);
  void PassTime(SellerEntry* seller, Instant from, Instant to);
  void PassTime(SmartEntry* entry, std::string_view seller, MarketCode market, Instant from,
                Instant to);
  void PassTimeOfAll(Instant from, Instant to);
  void Evaluate(MarketCode market, SmartEntry* entry, const SmartRoll& roll,
                const SmartCause& cause);
  void Announce(std::string_view seller, MarketCode market, SmartRow* row,
                const SmartChange& change);
  void Index(SmartEntry* entry);

  const UniqueDays& DaysUnder(int32_t window_days, std::string_view seller, MarketCode market);
  UniqueDays SumBuyers(int32_t window_days, std::string_view seller, MarketCode market);
  void IndexDirtyBuyers();

  const RowStore* const store_;
  Rows* const rows_;
  const PolicyBook* const policies_;
  absl::btree_set<std::pair<Instant, std::string>> due_;  // with the owner, as in row_keys

  // Of the event at hand.
  SellerEntry* seller_ = nullptr;
  Instant now_;
  Instant recorded_at_;

  // Where a policy has another rating window than the stored one: the steps under it, by owner.
  // Bounded; what is not held is summed from the buyers' rows again.
  absl::flat_hash_map<std::string, OtherWindow> other_windows_;
  size_t other_days_ = 0;
  // The buyers' rows that the store does not show yet, by seller, of the first `indexed_buyers_`
  // since the last write.
  absl::flat_hash_map<std::string, std::vector<RowCache<BuyerRow>::Entry*>> dirty_buyers_;
  size_t indexed_buyers_ = 0;
  uint64_t indexed_writes_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_SMART_FOLD_H_
