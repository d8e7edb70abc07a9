// The cell: one partition, one writer thread, one row store. Reads the log, folds, writes behind.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CELL_H_
#define FLYWHEEL_PROJECTIONS_CELL_CELL_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/fold.h"
#include "projections/cell/seller_changes.h"
#include "projections/store/row_store.h"

namespace flywheel {

struct CellOptions {
  // Decoded rows held in memory; more saves reads of the store. At least a few MiB.
  size_t cache_bytes = size_t{256} << 20;
  // Rows are written after this many records at the latest, and made durable then; a crash folds at
  // most these again.
  uint64_t records_per_flush = 500'000;
  // Bounds of one read of the log.
  ReadLimits read;
  // Rows of different models never mix: they are another fold version.
  ReadModels models = ReadModels::kAll;
  // What the rows are folded by, where it is not the program's own: for tests.
  std::optional<uint64_t> other_fold_version;

  uint64_t fold_version() const { return other_fold_version.value_or(FoldVersion(models)); }
};

// Operation: the position, and a hash of the record before it, stand in the same batch as the rows
// that led to it (ARCHITECTURE invariant 2), so a crash at any place is followed by folding again
// from the last durable batch.
//
// Concurrency: one thread calls Step, CatchUp and Write; store() may be read from any thread and
// shows the last Write.
class Cell {
 public:
  static constexpr Offset kNoLimit{std::numeric_limits<int64_t>::max()};

  // Opens the rows and holds them against the log: FailedPrecondition when they belong to another
  // log (the record before the position is missing or another) or to another fold version; then
  // rebuild. `log` must outlive the cell.
  static absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, Partition partition,
                                                    std::shared_ptr<RowStore> store,
                                                    const CellOptions& options);

  // One read of the log, waiting at most `wait` for the first record, and its fold; rows are
  // written and made durable when there are enough. Gives the number of records. Nothing from
  // `limit` on is folded. Errors: what Read and the store return (IsRowsDamage tells the store's
  // from the log's); after one, open the cell anew.
  absl::StatusOr<size_t> Step(absl::Duration wait, Offset limit = kNoLimit);

  // Folds at least the records before `end` that are not folded yet (a read is not cut there); rows
  // are written and made durable when there are enough and at the end. `progress` is called after
  // each read with the position. Errors: those of Step; Unavailable where the log does not give
  // what lies before `end`.
  absl::Status CatchUp(Offset end, absl::FunctionRef<void(const CellRow&)> progress);
  // The same, and nothing from `end` on: rows that are compared with others must end where they do.
  absl::Status CatchUpExactly(Offset end, absl::FunctionRef<void(const CellRow&)> progress);

  // Writes the changed rows with the position; makes them durable when asked to.
  absl::Status Write(bool durable);

  // From here on Write notes which sellers' rows it changes. The same object at every call.
  std::shared_ptr<const SellerChanges> NoteChanges();

  Partition partition() const { return partition_; }
  const CellRow& position() const { return fold_->position(); }
  // Where the next read goes on: at position().next, or after a gap that follows it.
  Offset next_read() const { return next_read_; }
  const PolicyBook& policies() const { return fold_->policies(); }
  // See Fold::LatestDue.
  std::optional<Instant> LatestDue(Instant by) const { return fold_->LatestDue(by); }
  bool has_unwritten_rows() const { return fold_->dirty_rows() > 0; }
  const RowStore& store() const { return *store_; }
  const std::shared_ptr<RowStore>& shared_store() const { return store_; }
  size_t cached_bytes() const { return fold_->cached_bytes(); }

 private:
  Cell(EventLog* log, Partition partition, std::shared_ptr<RowStore> store,
       const CellOptions& options);
  absl::Status CheckAgainstLog();
  void WriteRows(RowBatch* batch);
  absl::Status CatchUp(Offset end, Offset limit, absl::FunctionRef<void(const CellRow&)> progress);

  EventLog* log_;
  Partition partition_;
  CellOptions options_;
  std::shared_ptr<RowStore> store_;
  std::unique_ptr<RowBatch> batch_;
  std::unique_ptr<Fold> fold_;
  Offset next_read_;
  uint64_t unflushed_records_ = 0;
  std::shared_ptr<SellerChanges> changes_;  // nullptr: nobody asked for them
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CELL_H_
