#include "events/embedded/log_folder.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr std::string_view kMetadataName = "log.meta";
constexpr std::string_view kMetadataTemporaryName = "log.tmp";
constexpr std::string_view kLockName = "lock";

std::string Within(const std::string& folder, std::string_view name) {
  return absl::StrCat(folder, "/", std::string(name));
}

std::string ParentOf(const std::string& folder) {
  std::string path = folder;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status OutOfBounds(std::string_view option, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(option), " is ", value, "; it must be ", least, " to ", most));
}

bool IsPartitionFolderName(std::string_view name) {
  return name.size() == 4 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// True for what the making of a log puts into the folder before log.meta.
bool IsPartOfNewLog(std::string_view name) {
  return name == kLockName || name == kMetadataTemporaryName || IsPartitionFolderName(name);
}

absl::Status HoldsSomethingElse(const std::string& folder, const std::string& name) {
  return absl::FailedPreconditionError(
      absl::StrCat(folder, " holds something else than a log: ", name));
}

// FailedPrecondition where the segment holds more than a header: then this is a log that has lost
// its metadata, not one whose making was interrupted.
absl::Status CheckNeverUsed(FileSystem& files, const std::string& path) {
  ASSIGN_OR_RETURN(const uint64_t bytes, files.FileBytes(path));
  if (bytes <= kSegmentHeaderBytes) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileWindow> window, files.Map(path, 0, bytes));
  if (window->bytes().find_first_not_of('\0', kSegmentHeaderBytes) == std::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(path, " has been written to, but ", std::string(kMetadataName),
                   " is missing; restore it from a backup of the log"));
}

// Removes what an interrupted making left in a partition's folder.
absl::Status ClearPartitionFolder(FileSystem& files, const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
  for (const std::string& name : names) {
    if (name != "next.tmp" && name != SegmentName(Offset(0))) {
      return absl::FailedPreconditionError(
          absl::StrCat(folder, " holds ", name, ", which is not part of a new log"));
    }
    RETURN_IF_ERROR(CheckNeverUsed(files, Within(folder, name)));
  }
  for (const std::string& name : names) RETURN_IF_ERROR(files.Remove(Within(folder, name)));
  return absl::OkStatus();
}

// FailedPrecondition unless the folder is empty or holds only what an interrupted making left.
absl::Status ClearFolder(FileSystem& files, const std::string& folder,
                         const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!IsPartOfNewLog(name)) return HoldsSomethingElse(folder, name);
  }
  for (const std::string& name : names) {
    if (name == kMetadataTemporaryName) RETURN_IF_ERROR(files.Remove(Within(folder, name)));
    if (IsPartitionFolderName(name)) {
      RETURN_IF_ERROR(ClearPartitionFolder(files, Within(folder, name)));
    }
  }
  return absl::OkStatus();
}

// The metadata comes last: its presence says that all else was on the disk before.
absl::Status WriteMetadata(FileSystem& files, const std::string& folder,
                           const LogMetadata& metadata) {
  const std::string temporary = Within(folder, kMetadataTemporaryName);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                     files.OpenForWrite(temporary, FileSystem::OpenMode::kNew));
    RETURN_IF_ERROR(WriteAll(*file, 0, EncodeLogMetadata(metadata)));
    RETURN_IF_ERROR(file->Sync());
  }
  RETURN_IF_ERROR(files.Rename(temporary, Within(folder, kMetadataName)));
  return files.SyncFolder(folder);
}

uint64_t RandomSalt() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

absl::StatusOr<LogMetadata> MakeLog(FileSystem& files, const std::string& folder,
                                    const EmbeddedLogOptions& options) {
  LogMetadata metadata;
  metadata.partitions = options.partitions;
  metadata.salt = options.salt.has_value() ? *options.salt : RandomSalt();
  const LogContext context{&files, options, metadata.salt};
  for (int32_t p = 0; p < metadata.partitions; ++p) {
    const Partition partition(p);
    RETURN_IF_ERROR(CreatePartition(context, PartitionFolder(folder, partition), partition));
  }
  RETURN_IF_ERROR(files.SyncFolder(folder));
  RETURN_IF_ERROR(WriteMetadata(files, folder, metadata));
  return metadata;
}

absl::StatusOr<LogMetadata> ReadMetadata(FileSystem& files, const std::string& folder) {
  const std::string path = Within(folder, kMetadataName);
  absl::StatusOr<std::shared_ptr<const FileWindow>> window = files.Map(path, 0, kLogMetadataBytes);
  if (!window.ok() && !absl::IsOutOfRange(window.status())) return window.status();
  absl::StatusOr<LogMetadata> metadata =
      DecodeLogMetadata(window.ok() ? (*window)->bytes() : std::string_view());
  if (metadata.ok()) return metadata;
  return absl::Status(metadata.status().code(),
                      absl::StrCat(path, ": ", std::string(metadata.status().message()),
                                   absl::IsDataLoss(metadata.status())
                                       ? "; restore the file from a backup of the log"
                                       : ""));
}

}  // namespace

absl::Status CheckOptions(const EmbeddedLogOptions& options) {
  if (options.partitions < 0 || options.partitions > kMaxLogPartitions) {
    return absl::InvalidArgumentError(absl::StrCat("partitions is ", options.partitions,
                                                   "; it must be 1 to ", kMaxLogPartitions,
                                                   ", or 0 for those of an existing log"));
  }
  RETURN_IF_ERROR(
      OutOfBounds("segment_bytes", options.segment_bytes, kMinSegmentBytes, kMaxSegmentBytes));
  RETURN_IF_ERROR(OutOfBounds("first_segment_bytes", options.first_segment_bytes, kMinSegmentBytes,
                              kMaxSegmentBytes));
  RETURN_IF_ERROR(OutOfBounds("max_bytes_in_flight", options.max_bytes_in_flight, kMinSegmentBytes,
                              kMaxSegmentBytes));
  RETURN_IF_ERROR(OutOfBounds("read_window_bytes", options.read_window_bytes, uint64_t{3} << 20,
                              kMaxSegmentBytes));
  if (options.poll_interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("poll_interval must be above zero");
  }
  return absl::OkStatus();
}

std::string PartitionFolder(const std::string& folder, Partition partition) {
  return Within(folder, PartitionFolderName(partition));
}

absl::StatusOr<std::unique_ptr<FileLock>> LockFolder(FileSystem& files, const std::string& folder,
                                                     const EmbeddedLogOptions& options) {
  absl::StatusOr<std::vector<std::string>> names = files.List(folder);
  if (absl::IsNotFound(names.status())) {
    if (options.partitions == 0) return absl::NotFoundError("there is no log at " + folder);
    RETURN_IF_ERROR(files.CreateFolder(folder));
    RETURN_IF_ERROR(files.SyncFolder(ParentOf(folder)));
    names = files.List(folder);
  }
  RETURN_IF_ERROR(names.status());
  // No lock file is left in a folder that is somebody else's.
  if (std::find(names->begin(), names->end(), kMetadataName) == names->end()) {
    for (const std::string& name : *names) {
      if (!IsPartOfNewLog(name)) return HoldsSomethingElse(folder, name);
    }
  }
  if (names->empty() && options.partitions == 0) {
    return absl::NotFoundError("there is no log at " + folder);
  }
  absl::StatusOr<std::unique_ptr<FileLock>> lock = files.Lock(Within(folder, kLockName));
  if (!lock.ok()) {
    return absl::Status(lock.status().code(),
                        absl::StrCat("the log ", folder, " cannot be opened for appending: ",
                                     std::string(lock.status().message())));
  }
  return lock;
}

absl::StatusOr<LogMetadata> FindLog(FileSystem& files, const std::string& folder,
                                    const EmbeddedLogOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
  const bool there = std::find(names.begin(), names.end(), kMetadataName) != names.end();
  if (!there && (options.read_only || options.partitions == 0)) {
    return absl::NotFoundError("there is no log at " + folder);
  }
  if (!there) {
    RETURN_IF_ERROR(ClearFolder(files, folder, names));
    return MakeLog(files, folder, options);
  }
  ASSIGN_OR_RETURN(const LogMetadata metadata, ReadMetadata(files, folder));
  if (options.partitions != 0 && options.partitions != metadata.partitions) {
    return absl::FailedPreconditionError(
        absl::StrCat("the log ", folder, " has ", metadata.partitions, " partitions, not ",
                     options.partitions, "; their number is fixed when a log is made"));
  }
  return metadata;
}

}  // namespace flywheel
