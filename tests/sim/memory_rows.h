// Rows of simulated nodes in memory: every call to the store may fail.
#ifndef FLYWHEEL_TESTS_SIM_MEMORY_ROWS_H_
#define FLYWHEEL_TESTS_SIM_MEMORY_ROWS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "projections/store/memory_store.h"
#include "property/folding.h"
#include "sim/dice.h"
#include "sim/rows_home.h"
#include "sim/sim_counts.h"

namespace flywheel {

// Checkpoints are copies of rows. Concurrency: one thread.
class MemoryRowsWorld final : public RowsWorld {
 public:
  MemoryRowsWorld(Dice* dice, SimCounts* counts) : dice_(dice), counts_(counts) {}

  std::unique_ptr<RowsHome> HomeOf(size_t node, Partition partition) override;
  void LoseCheckpoint(Partition partition) override;

 private:
  class Home;
  static constexpr size_t kKept = 3;

  Dice* dice_;
  SimCounts* counts_;
  std::map<Partition, std::vector<MemoryStore>> kept_;  // the newest last
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_MEMORY_ROWS_H_
