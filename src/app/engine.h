// The engine of a one-shot command: a log and a cell for each of its partitions.
#ifndef FLYWHEEL_APP_ENGINE_H_
#define FLYWHEEL_APP_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "app/folder_lock.h"
#include "app/log_options.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/policy.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_view.h"
#include "projections/store/rocks_store.h"
#include "projections/views/rating_reader.h"

namespace flywheel {

struct EngineOptions {
  LogOptions log;  // cells/<partition>/ lie in its folder
  // Decoded rows held in memory, of all cells together.
  size_t cache_bytes = size_t{384} << 20;
  RocksMemory::Options rocks;
  // Whether rows that are damaged, missing or far behind are made anew, from a checkpoint where
  // there is one. False: what stands in the way is an error, and all is folded from the log.
  bool heal = true;
};

// How far the cells are behind the log.
struct FoldProgress {
  uint64_t folded = 0;   // records folded by this call
  uint64_t to_fold = 0;  // records that this call is to fold
};

// Operation: Open takes the folder's lock (one process at a time), recovers the log and opens the
// cells; CatchUp folds up to the log's end. The rows can then be read. Append goes to log(). Rows
// that either finds to be damaged are made anew, which is said to the log options' `say`.
//
// Concurrency: log() from any thread; CatchUp from one thread at a time; it uses one thread for
// each cell.
class Engine {
 public:
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options);
  ~Engine();

  EventLog& log() { return *log_; }
  absl::Status CatchUp(absl::FunctionRef<void(const FoldProgress&)> progress);
  // The rows of all cells as they stand.
  absl::StatusOr<CellViews> Views() const;
  const CellRow& position(Partition partition) const {
    return cells_[static_cast<size_t>(partition.number())]->position();
  }
  const RowStore& rows(Partition partition) const {
    return cells_[static_cast<size_t>(partition.number())]->store();
  }
  int32_t partitions() const { return static_cast<int32_t>(cells_.size()); }

  // Drops all rows and makes the cells anew, empty: CatchUp then folds everything.
  absl::Status DropRows();

 private:
  explicit Engine(const EngineOptions& options);
  absl::Status OpenCells();
  absl::StatusOr<std::unique_ptr<Cell>> OpenOne(Partition partition);
  // By cell.
  std::vector<absl::Status> FoldAll(absl::FunctionRef<void(const FoldProgress&)> progress);

  EngineOptions options_;
  std::unique_ptr<FolderLock> lock_;
  RocksMemory memory_;
  std::unique_ptr<EventLog> log_;
  std::vector<std::unique_ptr<Cell>> cells_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_ENGINE_H_
