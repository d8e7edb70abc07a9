// Opening a cell on a node: from its own rows, else from the newest checkpoint that fits, else
// empty, to be folded from the log's beginning.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CELL_OPENING_H_
#define FLYWHEEL_PROJECTIONS_CELL_CELL_OPENING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/cell/checkpoint.h"
#include "projections/store/rocks_store.h"

namespace flywheel {

// Where the rows of a partition lie.
struct CellHome {
  std::string folder;       // the cell's own; made where it is not there
  std::string checkpoints;  // the shared folder; empty: none
  // Own rows that are this many records behind the newest checkpoint, or more, are replaced by it:
  // folding them takes about a second for each million.
  int64_t worth_restoring = 2'000'000;
};

struct OpenedCell {
  std::unique_ptr<Cell> cell;
  std::optional<CheckpointPlace> restored_from;
  // What was skipped and why, for the operator.
  std::vector<std::string> messages;
};

// A checkpoint that is damaged, does not open or belongs to another log is skipped for the next
// older one, with a message. Own rows are never dropped for being unfit: that error is returned,
// since the log may be the wrong one. Own rows that are too far behind are replaced only once the
// checkpoint's have been opened and held against the log.
//
// Concurrency: any thread, one for a home at a time. Blocks: it reads a whole checkpoint.
// Errors: those of OpenRocksStore and Cell::Open for own rows, and of the log.
absl::StatusOr<OpenedCell> OpenCell(EventLog* log, Partition partition, const CellHome& home,
                                    const RocksMemory& memory, const CellOptions& options);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CELL_OPENING_H_
