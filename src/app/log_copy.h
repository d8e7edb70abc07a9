// The log's part of a backup.
#ifndef FLYWHEEL_APP_LOG_COPY_H_
#define FLYWHEEL_APP_LOG_COPY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "app/backup_manifest.h"

namespace flywheel {

struct LogCopied {
  uint64_t bytes = 0;
  uint64_t kept_bytes = 0;  // of files that were there already
};

// Copies an embedded log, while others append to it, into `to`/log: as far as it goes at the call,
// and what `before` has not got already. Fills in ends and segments of the manifest, which has its
// partitions and meta. Each file is put in place as a whole, after every record that it holds was
// verified. `tick` is given the bytes that are done and those in all, and may end it.
//
// Errors: DataLoss (the log is damaged), FailedPrecondition (`before` has more of it), those of
// files.
absl::StatusOr<LogCopied> CopyLogTo(
    const std::string& log_folder, const std::string& to,
    const std::optional<BackupManifest>& before, BackupManifest& manifest,
    absl::FunctionRef<absl::Status(uint64_t done, uint64_t total)> tick);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_LOG_COPY_H_
