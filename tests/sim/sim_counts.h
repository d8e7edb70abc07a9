// What has happened in simulated histories.
#ifndef FLYWHEEL_TESTS_SIM_SIM_COUNTS_H_
#define FLYWHEEL_TESTS_SIM_SIM_COUNTS_H_

#include <cstdint>

namespace flywheel {

// Over all histories that were given the same one.
struct SimCounts {
  uint64_t histories = 0;
  uint64_t on_files = 0;      // of them: with rows and checkpoints in real files
  uint64_t records = 0;       // in the logs
  uint64_t acknowledged = 0;  // to publishers and operators
  uint64_t messages = 0;      // of the inbox, deliveries apart
  uint64_t redelivered = 0;
  uint64_t ticks = 0;
  uint64_t crashes = 0;
  uint64_t lost_rows = 0;
  uint64_t store_faults = 0;
  uint64_t log_damages = 0;  // that stopped a cell
  uint64_t checkpoints = 0;
  uint64_t restores = 0;  // of rows, from a checkpoint
  uint64_t moves = 0;     // of a partition
  uint64_t clock_jumps = 0;
  uint64_t resubmissions = 0;
  uint64_t answers = 0;  // that were asked for again

  // Of files.
  uint64_t damaged_rows = 0;
  uint64_t damaged_checkpoints = 0;
  uint64_t heals = 0;            // of damaged rows
  uint64_t heals_by_reader = 0;  // of them: of damage that a reader found, and not the fold
  uint64_t skipped_checkpoints = 0;
  uint64_t older_rows = 0;  // found again
  uint64_t half_made = 0;   // folders that a crash left

  friend bool operator==(const SimCounts&, const SimCounts&) = default;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_SIM_COUNTS_H_
