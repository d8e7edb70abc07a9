// What is found of a partition when its log is opened, and the mending of what a crash left.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_PARTITION_RECOVERY_H_
#define FLYWHEEL_EVENTS_EMBEDDED_PARTITION_RECOVERY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/embedded/embedded_log_options.h"
#include "events/embedded/file_system.h"
#include "events/embedded/segment.h"

namespace flywheel {

// What all partitions of a log share.
struct LogContext {
  FileSystem* files = nullptr;
  EmbeddedLogOptions options;
  uint64_t salt = 0;
};

// An unfinished write that was cut from the end of a partition (a read-only log: that would be).
// None of it was ever acknowledged.
struct CutTail {
  Partition partition;
  std::string file;
  uint64_t position = 0;
  uint64_t bytes = 0;
};

struct FoundPartition {
  std::vector<std::shared_ptr<Segment>> segments;  // by base, each following the one before
  Offset end;                                      // after the last whole Append
  uint64_t end_position = 0;                       // in the last segment
  std::vector<CutTail> cut;                        // at most one
  absl::Status damage;  // read-only: what made the search stop; always OK otherwise
};

// Makes the folder of a partition of a new log with its first, empty segment.
absl::Status CreatePartition(const LogContext& context, const std::string& folder,
                             Partition partition);

// Finds the segments, checks that none is missing, scans the newest, cuts what a crash left
// unfinished, and makes sure that what remains is on the disk. DataLoss where something that was on
// the disk is gone or unreadable: then nothing is changed. FailedPrecondition where the folder
// holds something else. Changes nothing where the log is read-only.
absl::StatusOr<FoundPartition> FindPartition(const LogContext& context, const std::string& folder,
                                             Partition partition);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_PARTITION_RECOVERY_H_
