// Where the rows of a simulated node lie, and what becomes of them.
#ifndef FLYWHEEL_TESTS_SIM_ROWS_HOME_H_
#define FLYWHEEL_TESTS_SIM_ROWS_HOME_H_

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/store/memory_store.h"
#include "property/folding.h"
#include "sim/dice.h"

namespace flywheel {

// Copies of rows at a position, which all nodes share; the newest last.
class SharedCheckpoints {
 public:
  static constexpr size_t kKept = 3;

  void Add(Partition partition, const MemoryStore& rows) {
    std::vector<MemoryStore>& kept = kept_[partition];
    kept.push_back(rows);
    if (kept.size() > kKept) kept.erase(kept.begin());
  }
  const std::vector<MemoryStore>& Of(Partition partition) { return kept_[partition]; }
  // One that cannot be used any more.
  void Lose(Partition partition, Dice& dice) {
    std::vector<MemoryStore>& kept = kept_[partition];
    if (!kept.empty()) kept.erase(kept.begin() + static_cast<int64_t>(dice.Below(kept.size())));
  }

 private:
  std::map<Partition, std::vector<MemoryStore>> kept_;
};

// The rows of one partition on one node. Concurrency: one thread.
class RowsHome {
 public:
  RowsHome(Partition partition, SharedCheckpoints* checkpoints, Dice* dice)
      : partition_(partition), checkpoints_(checkpoints), dice_(dice) {}

  // From its own rows, else from the newest checkpoint, else empty.
  absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, const CellOptions& options);
  // REQUIRES of the following: no cell is open.
  void Crash();
  void LoseRows() { rows_.reset(); }
  // One of the next calls to the store fails; or none does any more.
  void FailSoon();
  void Heal();
  // The rows at hand, which are durable, as a checkpoint.
  void AddCheckpoint() { checkpoints_->Add(partition_, rows_->rows()); }

 private:
  Partition partition_;
  SharedCheckpoints* checkpoints_;
  Dice* dice_;
  std::unique_ptr<CrashingStore> rows_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_ROWS_HOME_H_
