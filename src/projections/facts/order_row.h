// The order row: every accepted fact of one order, in one value.
//
// Facts stand in the order of their acceptance, so a row is a function of the log alone. An id that
// an earlier fact of the row has is kept as that fact's number; instants and offsets are
// differences to the row's first fact. A row of an order that is not known yet keeps the events
// that wait for it instead.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_ORDER_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_ORDER_ROW_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/prefetch.h"
#include "projections/facts/fact.h"

namespace flywheel {

// 128 bits over what makes two events identical (DOMAIN section 3, rule 1): everything but
// event_id, recorded_at, correlation_id and causation_id.
using ContentHash = std::array<char, 16>;

// Bytes of a decision's id.
inline constexpr size_t kDecisionIdBytes = 16;

// An event that waits for its order.
struct WaitingFact {
  ContentHash hash;
  Instant deadline;  // refused when the partition's newest recorded_at is later
  Fact fact;
};

// Operation: not thread-safe; owned by the cell's cache. Copyable.
class OrderRow {
 public:
  OrderRow() = default;

  // The row of the stored bytes; DataLoss when they are none.
  static absl::StatusOr<OrderRow> Decode(std::string_view bytes);
  // Appends the row's bytes.
  void Encode(std::string* out) const;

  // True once the order's OrderPlaced was accepted.
  bool known() const { return known_; }
  // The number of records that name the seller and the order, whatever became of them (ARCHITECTURE
  // invariant 4).
  uint64_t version() const { return version_; }
  void CountRecord() { ++version_; }
  // True when an event about the order stands in quarantine as refused (so repeats of it must be
  // looked up).
  bool has_refused() const { return has_refused_; }
  void MarkRefused() { has_refused_ = true; }
  // The order's market; none while it is not known.
  MarketCode market() const { return market_; }
  // When it was placed. REQUIRES: known().
  Instant placed_at() const { return base_occurred_at_; }
  // Accepted facts, the placing included.
  uint32_t fact_count() const { return known_ ? count_ : 0; }
  // Bytes held in memory beyond sizeof(OrderRow).
  size_t heap_bytes() const { return facts_.capacity() + decisions_.capacity(); }

  // Starts loading the facts into the processor's cache.
  void Prefetch() const { flywheel::Prefetch(facts_.data(), facts_.size()); }

  // --- Decisions that were taken, by id; a known id is a duplicate for ever.
  bool HasDecision(std::string_view decision_id) const;
  void AddDecision(std::string_view decision_id);

  // --- While the order is not known.
  uint32_t waiting_count() const { return known_ ? 0 : count_; }
  void AddWaiting(const WaitingFact& waiting);
  // The waiting events in log order; their views live as long as the row is not changed.
  std::vector<WaitingFact> Waiting() const;
  bool HasWaiting(const ContentHash& hash, Offset* offset) const;
  // Removes the one of that offset; false when there is none.
  bool RemoveWaiting(Offset offset);

  // --- Once it is known.

  // Makes the order known by its placing. The waiting events are dropped: take them first.
  void Place(const Fact& placed);
  // What an act's look-up finds: whether the act is in the row, and the number of the fact that
  // first names its subject.
  struct ActSearch {
    bool known = false;
    int32_t subject_ordinal = -1;
    // Of a scan: its parcel has a carrier scan (any but PENDING) at or before its instant.
    bool scanned_by_then = false;
  };
  // Looks for the act that the fact states (the last column of DOMAIN section 3's table).
  ActSearch FindAct(const Fact& fact) const;
  // Adds a fact at the end. REQUIRES: known(), and `search` is FindAct(fact) of this state.
  void Append(const Fact& fact, const ActSearch& search);

  // Calls `visit` with each fact in the order of acceptance, until it returns false. Views live as
  // long as the row is not changed.
  void ForEachFact(absl::FunctionRef<bool(const Fact&)> visit) const {
    ForEachFact(EventKindSet::All(), visit);
  }
  // As above, but only with the facts of these kinds: the others are passed over without being
  // read.
  void ForEachFact(const EventKindSet& kinds, absl::FunctionRef<bool(const Fact&)> visit) const;
  // The placing. REQUIRES: known().
  Fact Placed() const;

 private:
  bool known_ = false;
  bool has_refused_ = false;
  MarketCode market_;
  uint32_t count_ = 0;  // facts, or waiting events
  uint64_t version_ = 0;
  Instant base_occurred_at_;
  Instant base_recorded_at_;
  Offset base_offset_;
  std::string facts_;      // see order_row.cc
  std::string decisions_;  // ids of 16 bytes
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_ORDER_ROW_H_
