// What lies in a log, and whether all of it can be read.
#ifndef FLYWHEEL_APP_LOG_INSPECTION_H_
#define FLYWHEEL_APP_LOG_INSPECTION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "app/log_options.h"
#include "base/strong.h"

namespace flywheel {

// The files of a partition of an embedded log.
struct SegmentExtent {
  int32_t segments = 0;
  uint64_t file_bytes = 0;
  uint64_t used_bytes = 0;  // the same, of the newest only what is used
};

struct PartitionExtent {
  Offset begin;
  Offset end;
  std::optional<SegmentExtent> files;  // absent where a broker keeps them
};

// By partition: what there is, without reading it; beside whichever process appends.
absl::StatusOr<std::vector<PartitionExtent>> ExtentsOf(const LogOptions& options);

struct CheckedPartition {
  int64_t records = 0;
  uint64_t bytes = 0;    // of the records alone
  int32_t segments = 0;  // 0 where a broker keeps them
  absl::Status damage;   // the first; OK: none
};

// By partition: reads every record up to the end, or up to the first damage. The embedded log's
// checksums and sequence are verified, of a Kafka log the checksums of its batches.
absl::StatusOr<std::vector<CheckedPartition>> CheckLog(const LogOptions& options);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_LOG_INSPECTION_H_
