// Checks of a data folder of a test.
#ifndef FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_RUN_H_
#define FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_RUN_H_

#include <cstdint>

#include "integration/data_folder.h"

namespace flywheel {

// Sums over the partitions of what `log info --json` counts.
struct LogCounts {
  uint64_t records = 0;  // by the ends of the partitions
  uint64_t lag = 0;
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
  uint64_t repeats = 0;
  uint64_t waiting = 0;
};
LogCounts CountsOf(const DataFolder& folder);

// That `log check` finds the log whole and `verify` finds no difference: checks of the test.
void CheckWhole(const DataFolder& folder);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_DATA_FOLDER_RUN_H_
