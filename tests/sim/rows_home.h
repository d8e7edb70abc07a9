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
#include "sim/dice.h"

namespace flywheel {

// Copies of rows at a position, which all nodes share; the newest last.
class SharedCheckpoints {
 public:
  static constexpr size_t kKept = 3;

  void Add(Partition partition, const MemoryStore& rows) {
    std::vector<MemoryStore>& kept = kept_[partition];
    kept.push_back(rows);
    // What was to fail there does not fail here.
    kept.back().FailNextWrite(absl::OkStatus());
    kept.back().FailNextGet(absl::OkStatus());
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

// The rows of one partition on one node.
//
// Operation: a crash leaves the rows of the last Flush or of any later Write, since a store may
// make a batch durable before it is asked to. Concurrency: one thread.
class RowsHome {
 public:
  RowsHome(Partition partition, SharedCheckpoints* checkpoints, Dice* dice)
      : partition_(partition), checkpoints_(checkpoints), dice_(dice) {}

  // From its own rows, else from the newest checkpoint, else empty.
  absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, const CellOptions& options);
  // What the store does by itself after a Write.
  void AfterWrite();
  // REQUIRES of the following: no cell is open.
  void Crash();
  void LoseRows() { rows_.reset(); }
  // The next call to the store, of some kind, fails; or none does any more.
  void FailSoon();
  void Heal();
  // The rows at hand, which are durable, as a checkpoint.
  void AddCheckpoint() { checkpoints_->Add(partition_, *rows_); }

 private:
  Partition partition_;
  SharedCheckpoints* checkpoints_;
  Dice* dice_;
  std::shared_ptr<MemoryStore> rows_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_ROWS_HOME_H_
