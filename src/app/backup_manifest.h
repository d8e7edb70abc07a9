// What a backup says of itself: how far it holds each partition, and the hash of each file.
#ifndef FLYWHEEL_APP_BACKUP_MANIFEST_H_
#define FLYWHEEL_APP_BACKUP_MANIFEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/store/durable_files.h"

namespace flywheel {

// The text is lines, the last of which is a hash of those before it:
//
//   flywheel backup 1
//   made 2025-06-30T12:00:00.000Z
//   meta 64 9b1d...
//   partition 0 1234
//   segment 0 00000000000000000000.log 1048576 524288 77ab...
//   checkpoint 0 1200 7f3a... 61aa...
//   end 0c3d...
//
// `partition` gives the offset before which its records are there; `segment` a file's length, how
// many of its first bytes are used, and the hash of those; `checkpoint` position, fold version and
// the hash of its manifest. Segments and checkpoints follow their partition.
struct BackupManifest {
  static constexpr std::string_view kFileName = "BACKUP";
  // A limit of what is read; a segment has a line for 64 MiB.
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  struct Segment {
    std::string name;
    uint64_t length = 0;
    FileDigest used;
  };
  struct Checkpoint {
    Offset position;
    uint64_t fold_version = 0;
    std::string manifest_hex;
  };
  struct PartitionPart {
    Offset end;
    std::vector<Segment> segments;        // by offset
    std::vector<Checkpoint> checkpoints;  // at most one
  };

  std::string made;
  FileDigest meta;  // of log.meta
  std::vector<PartitionPart> partitions;

  std::string ToText() const;
  // DataLoss where the text is none, with what is wrong.
  static absl::StatusOr<BackupManifest> Parse(std::string_view text);
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_BACKUP_MANIFEST_H_
