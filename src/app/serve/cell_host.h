// The cells that this process holds: those of the partitions that it is given.
#ifndef FLYWHEEL_APP_SERVE_CELL_HOST_H_
#define FLYWHEEL_APP_SERVE_CELL_HOST_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "app/folder_lock.h"
#include "app/serve/checkpoint_writer.h"
#include "base/deadline.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/live_cell.h"
#include "projections/store/rocks_store.h"

namespace flywheel {

struct CellHostOptions {
  std::string folder = "data";  // cells/<partition>/ lie in it
  // Decoded rows held in memory, of all cells together.
  size_t cache_bytes = size_t{384} << 20;
  RocksMemory::Options rocks;
  LiveCellOptions cell;           // its checkpoint is the host's matter
  CheckpointOptions checkpoints;  // no shared folder: none are made
  // What an operator should read; from any thread. May be empty.
  std::function<void(std::string_view line)> say;
  // A cell whose partition was given away is kept so long, since as a rule it comes back: a
  // rebalance takes every partition from everybody for a moment.
  absl::Duration keep_released = absl::Seconds(30);
};

// Operation: Hold starts the cells of partitions that are new and lets go of the others; CloseIdle
// closes those that were let go long enough ago.
//
// Concurrency: Hold, CloseIdle and Stop from one thread at a time; the rest from any.
class CellHost {
 public:
  // The log must outlive it.
  CellHost(EventLog* log, std::function<Instant()> wall_clock, CellHostOptions options);
  ~CellHost();

  // From here on these partitions are held, and no others.
  void Hold(const std::vector<Partition>& partitions);
  void HoldAll();
  // Blocks while a cell makes its rows durable.
  void CloseIdle();
  // Ends all cells; views that somebody has stay readable.
  void Stop();

  // Of partitions that are not held: false, nullptr, nullopt.
  bool Holds(Partition partition) const;
  std::shared_ptr<const CellView> View(Partition partition) const;
  // The view of a cell that serves.
  std::shared_ptr<const CellView> ServingView(Partition partition) const;
  std::optional<CellProgress> Progress(Partition partition) const;
  CellViews Views() const;

  // The views of all partitions, each at least at the log's end as of the call. FailedPrecondition
  // where a partition is not held, Unavailable where a cell has stopped or does not get there in
  // time; both name the partition.
  absl::StatusOr<CellViews> ViewsAtTheEnd(absl::Duration timeout) const;

  // See ServedFolder.
  absl::StatusOr<CheckpointPlace> MakeCheckpoint(Partition partition, absl::Duration timeout);
  absl::StatusOr<CutRows> CutRowsOf(Partition partition, absl::Duration timeout);
  absl::Status TakeOverRows(Partition partition, absl::Duration timeout);

 private:
  struct Slot {
    std::shared_ptr<LiveCell> cell;
    bool held = false;
    bool take_over = false;  // at the next opening
    Deadline closes;         // where it is not held
  };

  std::shared_ptr<LiveCell> NewCell(Partition partition);
  std::string FolderOf(Partition partition) const;
  absl::StatusOr<std::unique_ptr<Cell>> Open(Partition partition, const CellOptions& options);
  absl::Status Checkpoint(Partition partition, const RowStore& rows, CheckpointWriter::Done done);
  bool& TakeOverFlag(Partition partition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<LiveCell> Held(Partition partition) const;
  // The same; FailedPrecondition where it is not held.
  absl::StatusOr<std::shared_ptr<LiveCell>> NeedHeld(Partition partition) const;

  EventLog* const log_;
  const std::function<Instant()> wall_clock_;
  const CellHostOptions options_;
  RocksMemory memory_;
  std::unique_ptr<CheckpointWriter> checkpoints_;  // nullptr: none are made
  mutable Mutex mutex_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);  // by partition
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_CELL_HOST_H_
