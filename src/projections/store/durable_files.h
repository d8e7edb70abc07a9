// Files that are whole or not there: what checkpoints are made of.
#ifndef FLYWHEEL_PROJECTIONS_STORE_DURABLE_FILES_H_
#define FLYWHEEL_PROJECTIONS_STORE_DURABLE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace flywheel {

// Errors of all functions here: NotFound, ResourceExhausted (disk full, quota), PermissionDenied,
// Unavailable; the message names the path.
//
// Concurrency: any thread; one at a time for a path.

// The length and digest (base/digest.h) of a file.
struct FileDigest {
  uint64_t bytes = 0;
  std::string hex;

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};
absl::StatusOr<FileDigest> DigestFile(const std::string& path);

// Copies into a new file that is durable afterwards; the digest is of the bytes as they were read.
absl::StatusOr<FileDigest> CopyFile(const std::string& from, const std::string& to);

// The same by a hard link where the file system can, else by a copy. Only for files that nobody
// changes any more.
absl::StatusOr<FileDigest> LinkOrCopyFile(const std::string& from, const std::string& to);

// Copies the first `bytes` bytes into a new file of `length` bytes, the rest of which is zeros;
// durable afterwards. The digest is of what was copied; OutOfRange where the file is shorter.
absl::StatusOr<FileDigest> CopyPrefix(const std::string& from, const std::string& to,
                                      uint64_t bytes, uint64_t length);

// A hard link alone; Unavailable where the file system has none or no more of them.
absl::Status LinkFile(const std::string& from, const std::string& to);

// Whether both paths name one file. False where either is not there.
bool IsSameFile(const std::string& left, const std::string& right);

// A new file of these bytes, durable afterwards.
absl::Status WriteFile(const std::string& path, std::string_view bytes);

// The whole file; ResourceExhausted where it has more bytes than `most`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most);

// Makes the entries of a folder durable.
absl::Status SyncFolder(const std::string& path);

absl::Status MakeFolder(const std::string& path);

// With all that is in it; what is not there is removed already.
absl::Status RemoveFolder(const std::string& path);

// Puts a folder in place as a whole, durably: AlreadyExists where one that is not empty is there.
absl::Status MoveFolder(const std::string& from, const std::string& to);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_DURABLE_FILES_H_
