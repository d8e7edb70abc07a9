// What a checkpoint says of itself: whose rows it holds, and the length and hash of each file.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_MANIFEST_H_
#define FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_MANIFEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/store/durable_files.h"

namespace flywheel {

// The text is lines, the last of which is a hash of those before it, so a manifest that was cut or
// changed is known as such:
//
//   flywheel checkpoint 1
//   partition 3
//   position 12345
//   fold 7f3a...
//   file 000012.sst 123456 9b1d...
//   end 61aa...
struct CheckpointManifest {
  // The file that it lies in, beside those that it names.
  static constexpr std::string_view kFileName = "CHECKPOINT";
  // Limits of what is read; a database has a file for about 64 MiB of rows.
  static constexpr size_t kMaxFiles = 100'000;
  static constexpr size_t kMaxBytes = size_t{16} << 20;

  struct File {
    std::string name;
    FileDigest digest;
  };

  Partition partition;
  Offset position;  // of the first record that is not in the rows
  uint64_t fold_version = 0;
  std::vector<File> files;

  std::string ToText() const;
  // DataLoss where the text is none, with what is wrong. Names are those of files in one folder.
  static absl::StatusOr<CheckpointManifest> Parse(std::string_view text);
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_MANIFEST_H_
