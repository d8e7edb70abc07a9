// The fold of one partition: applies records to rows. Deterministic: no clock, no randomness, no
// I/O but the loading of rows that are not in memory (ARCHITECTURE invariants 5 and 6).
#ifndef FLYWHEEL_PROJECTIONS_CELL_FOLD_H_
#define FLYWHEEL_PROJECTIONS_CELL_FOLD_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/event_view.h"
#include "events/policy.h"
#include "events/record_view.h"
#include "projections/cell/look_ahead.h"
#include "projections/cell/rows.h"
#include "projections/cell/smart_fold.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"

namespace flywheel {

// Raised by every change of the code that changes rows.
inline constexpr uint64_t kFoldCodeVersion = 3;

// Which read models are folded. A node folds all; less is for comparing the cost with that of
// programs that keep fewer figures.
enum class ReadModels : uint8_t {
  kAll,
  // The rating, and of the clocks the first response: no Smart!, no index of parcels and returns.
  kRatingAndFirstResponse,
};

// The fold version: code, read models, built-in policy and time zone data.
uint64_t FoldVersion(ReadModels models = ReadModels::kAll);

// Operation: Open reads the position, the policies and the deadlines from the store; Apply folds
// records that follow the position; WriteTo puts what has changed since, with the position, into
// one batch. When a row could not be loaded `status` is an error for good: the owner drops the
// fold, writes nothing and opens another.
//
// Concurrency: one thread.
class Fold {
 public:
  // The store must outlive the fold.
  explicit Fold(const RowStore* store, ReadModels models = ReadModels::kAll)
      : Fold(store, models, FoldVersion(models)) {}
  // Another fold version than the program's own is for tests.
  Fold(const RowStore* store, ReadModels models, uint64_t fold_version);

  // FailedPrecondition when the rows were folded by another fold version.
  absl::Status Open();

  // Folds the records in order. REQUIRES: Open succeeded, status() is OK, offsets rise and are at
  // or after position().next.
  void Apply(absl::Span<const LogRecord> records);

  absl::Status status() const { return rows_->status(); }
  const CellRow& position() const { return cell_; }
  const PolicyBook& policies() const { return policies_; }
  // The latest instant at or before `by` at which time alone changes something; nullopt: none. It
  // may turn out that nothing does.
  std::optional<Instant> LatestDue(Instant by) const { return smart_->LatestDue(by); }

  void WriteTo(RowBatch* batch);
  size_t dirty_rows() const { return rows_->dirty_count(); }
  // All that the fold holds and that grows: rows, what is to be written, waiting deadlines, the due
  // index.
  size_t cached_bytes() const { return rows_->bytes() + index_bytes(); }
  // Drops clean rows until at most so much is held, or none is left.
  void Shrink(size_t target_bytes) {
    rows_->Shrink(target_bytes - std::min(target_bytes, index_bytes()));
  }

 private:
  using OrderEntry = RowCache<OrderRow>::Entry;
  using SellerEntry = RowCache<SellerRow>::Entry;

  // An event on its way through the fold.
  struct Arrival {
    const EventView& event;
    Offset offset;
    Instant recorded_at;
    // The quarantine entry that an operator has closed for it; repeats are not counted on it.
    std::optional<Offset> closes;
    // The entries of its order and seller, where a look ahead has found them.
    OrderEntry* order = nullptr;
    SellerEntry* seller = nullptr;
  };

  // An entry of deadlines_ with its order's key.
  static constexpr size_t kBytesOfDeadline = 128;

  void ApplyRecord(const Upcoming& upcoming);
  void ApplyEvent(const Arrival& arrival);
  void ApplyOrderEvent(const Arrival& arrival);
  void ApplyDecision(const DecisionView& decision, Offset offset, Instant recorded_at);
  // What is wrong with a decision, or nullptr; `first` gets its first event.
  const char* FlawOf(const DecisionView& decision, EventView* first) const;
  void ApplyRefused(const RefusedView& refused, Offset offset, Instant recorded_at);
  void ApplyResubmitted(const ResubmittedView& resubmitted, Offset offset, Instant recorded_at);
  void ApplyDiscarded(const DiscardedView& discarded, Offset offset);
  void ApplySellerRegistered(const Arrival& arrival);
  void ApplyStandingChanged(const Arrival& arrival);
  void ApplyPolicy(const Arrival& arrival);
  void ApplyBuyerErased(const Arrival& arrival);

  void ApplyTick(Instant tick, Instant recorded_at);
  void PlaceOrder(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                  const Fact& placed, std::string_view event_id);
  void JudgeWaiting(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                    const WaitingFact& waiting, Offset decided);
  void AcceptFact(OrderEntry* entry, std::string_view seller, std::string_view order_id,
                  const Fact& fact, const OrderRow::ActSearch& search, std::string_view event_id);
  // A fact as ReadModels::kRatingAndFirstResponse wants it.
  void AcceptForTwoModels(OrderRow& order, std::string_view seller, const Fact& fact,
                          const OrderRow::ActSearch& search, const SmartCause& cause);
  void AcceptAboutReview(OrderRow& order, std::string_view seller, const Fact& fact,
                         const OrderRow::ActSearch& search, const SmartCause& cause);
  void Wait(OrderEntry* entry, const Arrival& arrival, const ContentHash& hash);
  void StopWaiting(std::string_view seller, Instant deadline, Offset offset);
  // Makes of what waited at `offset` for the order something refused, as of the record at
  // `decided`.
  void RefuseWaiting(OrderEntry* entry, Offset offset, const ContentHash& hash, RefusalCode code,
                     Offset decided);
  // Refuses what waits longer than it may, as of the record at `decided`.
  void ExpireWaiting(Offset decided);
  bool CountRepeat(const OrderRow& order, const Arrival& arrival, std::string_view order_id,
                   const ContentHash& hash);
  void Refuse(OrderEntry* entry, const Arrival& arrival, const ContentHash& hash, RefusalCode code);
  void RefuseInvalid(const EventView& event, Offset offset, Instant recorded_at, RefusalCode code,
                     std::string_view field, std::string_view sentence);
  void RefuseInvalidEvent(const Arrival& arrival, std::string_view field,
                          std::string_view sentence);
  void CountRepeatOn(Offset entry_offset);
  void OpenRefusal(std::string_view seller, int64_t change);
  // Closes an open refused entry; nullptr when there is none.
  const QuarantineRow* Close(Offset entry_offset, QuarantineRow::State state, Offset by);
  // Counts a record that names the order, where no other step does.
  void CountNamed(std::string_view seller, std::string_view order_id);
  // An event of the seller arrives; `found` is its entry where that is known.
  void NoteClock(std::string_view seller, Instant occurred_at, SellerEntry* found = nullptr);
  // Of the seller that NoteClock was told last.
  void NoteAccepted(MarketCode market, Instant occurred_at);
  // An accepted fact tells its instant itself.
  void NoteFact(Instant occurred_at);
  // Keeps what the record made of its seller's clock, where no fact tells it.
  void KeepClock();
  const MarketPolicy& PolicyOf(MarketCode market, Instant at) const;
  size_t index_bytes() const {
    return deadlines_.size() * kBytesOfDeadline + smart_->index_bytes();
  }
  bool folds_all() const { return models_ == ReadModels::kAll; }

  const RowStore* store_;
  const ReadModels models_;
  const uint64_t fold_version_;
  std::optional<Rows> rows_;
  std::optional<SmartFold> smart_;
  std::optional<LookAhead> look_ahead_;
  CellRow cell_;
  PolicyBook policies_;
  // What waits, by deadline and place: the key of the order.
  absl::btree_map<std::pair<Instant, Offset>, std::string> deadlines_;
  SellerEntry* seller_ = nullptr;  // of the event at hand
  // The seller whose clock the record at hand has moved to an instant that no accepted fact has.
  RowCache<SellerRow>::Entry* moved_clock_ = nullptr;
  std::string key_;  // of a row that is looked up; kept to save allocations
};

// The hash of what makes two events identical.
ContentHash HashContent(const EventView& event);
// The hash of what makes two refusals at intake identical: the door, the place there and the bytes.
ContentHash HashRefused(const RefusedView& refused);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_FOLD_H_
