// The folder of an embedded log as a whole: made once, recognized ever after.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_LOG_FOLDER_H_
#define FLYWHEEL_EVENTS_EMBEDDED_LOG_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "events/embedded/embedded_log_options.h"
#include "events/embedded/file_system.h"
#include "events/embedded/partition_recovery.h"
#include "events/embedded/segment_format.h"

namespace flywheel {

// InvalidArgument names the first option that is out of its bounds.
absl::Status CheckOptions(const EmbeddedLogOptions& options);

// Makes the folder where it is missing and a log is to be made, and takes the lock.
absl::StatusOr<std::unique_ptr<FileLock>> LockFolder(FileSystem& files, const std::string& folder,
                                                     const EmbeddedLogOptions& options);

// Reads log.meta, or makes a new log where there is none. A making that a crash interrupted is
// begun again. REQUIRES: the lock is held, or options.read_only.
absl::StatusOr<LogMetadata> FindLog(FileSystem& files, const std::string& folder,
                                    const EmbeddedLogOptions& options);

std::string PartitionFolder(const std::string& folder, Partition partition);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_LOG_FOLDER_H_
