// What a server that holds the data folder gives to the commands that run in it.
#ifndef FLYWHEEL_APP_SERVED_FOLDER_H_
#define FLYWHEEL_APP_SERVED_FOLDER_H_

#include "absl/status/statusor.h"
#include "app/log_options.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/checkpoint.h"

namespace flywheel {

// Concurrency: any thread.
class ServedFolder {
 public:
  virtual ~ServedFolder() = default;

  virtual EventLog& log() = 0;
  // Where the log and the rows lie.
  virtual const LogOptions& log_options() const = 0;

  // The cells as they stand; nullptr for partitions that are not held here.
  virtual CellViews Views() const = 0;

  // The cells of all partitions, each at least at the log's end as of the call. FailedPrecondition
  // where a partition is not held here, Unavailable where a cell does not get there in time; both
  // name the partition.
  virtual absl::StatusOr<CellViews> FoldedViews() = 0;

  // Where checkpoints are put; no shared folder: nowhere.
  virtual const CheckpointOptions& checkpoints() const = 0;
  // Makes a checkpoint of a partition now. FailedPrecondition where none are made, the partition is
  // not held or nothing is folded in it; Unavailable where it does not come in time.
  virtual absl::StatusOr<CheckpointPlace> MakeCheckpoint(Partition partition) = 0;
  // The rows of a partition of an instant, durable, in a folder on the cell's file system which the
  // caller removes; one caller at a time. Errors as for MakeCheckpoint.
  virtual absl::StatusOr<CutRows> CutRowsOf(Partition partition) = 0;
  // Puts the rows of this fold version that are ready beside in the place of a partition's own.
  virtual absl::Status TakeOverRows(Partition partition) = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVED_FOLDER_H_
