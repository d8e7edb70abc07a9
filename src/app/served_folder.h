// What a server that holds the data folder gives to the commands that run in it.
#ifndef FLYWHEEL_APP_SERVED_FOLDER_H_
#define FLYWHEEL_APP_SERVED_FOLDER_H_

#include "absl/status/statusor.h"
#include "app/log_options.h"
#include "events/event_log.h"
#include "projections/cell/cell_view.h"

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
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVED_FOLDER_H_
