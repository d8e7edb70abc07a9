// Opening a cell: from its own rows, else from rows that were made beside, else from the newest
// checkpoint that fits, else empty, to be folded from the log's beginning.
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

// Where the rows of a partition lie. Beside the cell's own folder F there may be F.damaged, rows
// that were set aside, and F.candidate, F.restoring, F.replaced, which an opening left that was
// killed.
struct CellHome {
  std::string folder;         // the cell's own; made where it is not there
  std::string checkpoints{};  // the shared folder; empty: none
  // Own rows that are this many records behind the newest checkpoint, or more, are replaced by it:
  // folding them takes about a second for each million.
  int64_t worth_restoring = 2'000'000;
  // Whether own rows that are damaged are set aside and made anew; else that error is returned.
  bool heal = true;
  // Where rows of any fold version are made beside (rows_beside.h); empty: nowhere.
  std::string beside{};
  // Whether the rows of this fold version that are ready there take the place of own rows that are
  // as good.
  bool take_over = false;
};

struct OpenedCell {
  std::unique_ptr<Cell> cell;
  std::optional<CheckpointPlace> restored_from;
  // What was skipped, set aside or taken over and why, for the operator.
  std::vector<std::string> messages;
};

// Own rows that are damaged, or that MarkDamaged named, are set aside. A checkpoint that is
// damaged, does not open or belongs to another log is skipped for the next older one. Both are
// messages. Own rows are never replaced for being another log's: that error is returned, since the
// log may be the wrong one. Those of another fold version are replaced by ready ones of this
// version alone, and kept where ready ones are looked for, so that the program before finds them
// again. Own rows that are too far behind are replaced only once the checkpoint's have been opened
// and held against the log.
//
// Concurrency: any thread, one for a home at a time. Blocks: it reads a whole checkpoint.
// Errors: those of OpenRocksStore and Cell::Open for own rows, and of the log; Unavailable where
// rows that are to be moved are still open.
absl::StatusOr<OpenedCell> OpenCell(EventLog* log, Partition partition, const CellHome& home,
                                    const RocksMemory& memory, const CellOptions& options);

// Has the next OpenCell take the rows for damaged, also after a crash: a table with a bad block
// opens well. Errors: those of the file.
absl::Status MarkDamaged(const std::string& cell_folder, std::string_view why);

// Removes rows that were set aside. REQUIRES: the rows hold the log's end, so the log has given all
// again.
absl::Status DropSetAside(const std::string& cell_folder);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CELL_OPENING_H_
