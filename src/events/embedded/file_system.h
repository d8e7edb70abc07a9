// The port to the file system: the few calls that the embedded log makes, so that tests can make
// each of them fail. PosixFileSystem is the real one, FaultFileSystem the twin.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_FILE_SYSTEM_H_
#define FLYWHEEL_EVENTS_EMBEDDED_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace flywheel {

// A part of a file that can be read in memory; shows later writes to the file too.
class FileWindow {
 public:
  explicit FileWindow(std::string_view bytes) : bytes_(bytes) {}
  virtual ~FileWindow() = default;
  FileWindow(const FileWindow&) = delete;
  FileWindow& operator=(const FileWindow&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

// A file that is open for writing. Closed by its destructor. One thread at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // Writes a first part of the bytes at the position and gives how many: at least one, perhaps not
  // all.
  virtual absl::StatusOr<size_t> WriteAt(uint64_t position, std::string_view bytes) = 0;

  // Makes sure that the file has room for its first `bytes` bytes and is at least as long; what is
  // new reads as zeros.
  virtual absl::Status Reserve(uint64_t bytes) = 0;

  // What was written is on the disk (fdatasync), the length of the file with it.
  virtual absl::Status Sync() = 0;
};

// Held until destroyed or until the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Errors: NotFound, AlreadyExists, ResourceExhausted (disk full, quota), PermissionDenied,
// FailedPrecondition (read-only file system), Unavailable (everything else, the disk's errors among
// them). Messages name the path.
//
// Concurrency: all methods may be called from any thread.
class FileSystem {
 public:
  enum class OpenMode : uint8_t { kExisting, kNew };

  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                                     OpenMode mode) = 0;
  // The window is shorter than `length` where the file ends earlier; OutOfRange when the file ends
  // at or before the position.
  virtual absl::StatusOr<std::shared_ptr<const FileWindow>> Map(const std::string& path,
                                                                uint64_t position,
                                                                size_t length) = 0;
  virtual absl::StatusOr<uint64_t> FileBytes(const std::string& path) = 0;
  // What a reader has seen of the file is on the disk.
  virtual absl::Status SyncForReader(const std::string& path) = 0;
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;

  // The names in the folder, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& folder) = 0;
  virtual absl::Status CreateFolder(const std::string& folder) = 0;
  // The names in the folder are on the disk as they are now.
  virtual absl::Status SyncFolder(const std::string& folder) = 0;

  // Takes the lock file (made where it is missing), or FailedPrecondition with the process that
  // holds it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's; lives as long as the process.
FileSystem* PosixFileSystem();

// Writes all the bytes at the position, in as many calls as it takes.
absl::Status WriteAll(WritableFile& file, uint64_t position, std::string_view bytes);

// Writes zeros over the positions from `from` to before `to`.
absl::Status WriteZeros(WritableFile& file, uint64_t from, uint64_t to);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_FILE_SYSTEM_H_
