// Rows of simulated nodes in real files: opened, kept as checkpoints, restored and healed by the
// engine, and lost and damaged by the dice.
#ifndef FLYWHEEL_TESTS_SIM_FILE_ROWS_H_
#define FLYWHEEL_TESTS_SIM_FILE_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "projections/cell/checkpoint.h"
#include "projections/store/rocks_store.h"
#include "sim/dice.h"
#include "sim/rows_home.h"
#include "sim/sim_counts.h"
#include "sources/temporary_folder.h"

namespace flywheel {

// A shared folder of checkpoints, and a folder for each node and partition. A database that is
// closed is what a crash leaves of it: nothing is written ahead, and nothing flushed as it closes.
//
// What happens depends on the seed alone. Files are chosen by their sorted names and changed while
// nobody has them open; rows so changed are read whole as soon as there is a view of them; and none
// are damaged that have so many tables that the database may have merged some, which it does in a
// thread of its own.
//
// Concurrency: one thread.
class FileRowsWorld final : public RowsWorld {
 public:
  FileRowsWorld(Dice* dice, SimCounts* counts);

  std::unique_ptr<RowsHome> HomeOf(size_t node, Partition partition) override;
  void LoseCheckpoint(Partition partition) override;
  void DamageCheckpoint(Partition partition) override;
  bool RotTable(Partition partition) override;

 private:
  class Home;

  std::string shared() const { return files_.Path("checkpoints"); }
  CheckpointOptions OptionsOf(size_t node) const;
  std::vector<CheckpointPlace> Checkpoints(Partition partition) const;

  Dice* dice_;
  SimCounts* counts_;
  TemporaryFolder files_;
  RocksMemory memory_;
  const bool copies_;
  const size_t keep_;
  const int64_t worth_restoring_;
  // Folders of checkpoints that were damaged, that were made of rows that were, and of rows and
  // checkpoints that may have been merged.
  std::set<std::string> damaged_;
  std::set<std::string> doubtful_;
  std::set<std::string> merged_;
  std::set<Partition> rotten_;  // of which a table has changed wherever it is
  std::vector<Home*> homes_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_FILE_ROWS_H_
