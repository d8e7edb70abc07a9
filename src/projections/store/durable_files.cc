#include "projections/store/durable_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/status.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlockBytes = size_t{1} << 20;

absl::Status StatusOf(int error, std::string_view what, const std::string& path) {
  const std::string text =
      fmt::format("{} {}: {}", what, path, std::generic_category().message(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text + "; free space on the disk");
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case EEXIST:
    case ENOTEMPTY:
      return absl::AlreadyExistsError(text);
    default:
      return absl::UnavailableError(text);
  }
}

// An open file, closed at the end.
class File {
 public:
  static absl::StatusOr<File> Open(const std::string& path, int flags) {
    const int descriptor = open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) return StatusOf(errno, "cannot open", path);
    return File(descriptor, path);
  }
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(File&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File& operator=(File&&) = delete;

  // 0 at the end.
  absl::StatusOr<size_t> Read(char* to, size_t most) const {
    while (true) {
      const ssize_t got = read(descriptor_, to, most);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return StatusOf(errno, "cannot read", path_);
    }
  }
  absl::Status Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = write(descriptor_, bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return StatusOf(errno, "cannot write", path_);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return absl::OkStatus();
  }
  absl::Status Resize(uint64_t bytes) const {
    return ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0
               ? absl::OkStatus()
               : StatusOf(errno, "cannot resize", path_);
  }
  absl::Status Sync() const {
    return fsync(descriptor_) == 0 ? absl::OkStatus() : StatusOf(errno, "cannot sync", path_);
  }

 private:
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

// Reads the file to its end, or so many bytes of it, and writes what it reads to `to`, where there
// is one.
absl::StatusOr<FileDigest> Digest(const File& from, const File* to, uint64_t most = UINT64_MAX) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  FLYWHEEL_CHECK(state != nullptr, "there is memory for the state of a hash");
  XXH3_128bits_reset(state.get());
  std::vector<char> block(kBlockBytes);
  FileDigest digest;
  while (digest.bytes < most) {
    const size_t wanted = std::min<uint64_t>(block.size(), most - digest.bytes);
    ASSIGN_OR_RETURN(const size_t got, from.Read(block.data(), wanted));
    if (got == 0) break;
    XXH3_128bits_update(state.get(), block.data(), got);
    digest.bytes += got;
    if (to != nullptr) RETURN_IF_ERROR(to->Write({block.data(), got}));
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  digest.hex = DigestText(hash.high64, hash.low64);
  return digest;
}

}  // namespace

absl::StatusOr<FileDigest> DigestFile(const std::string& path) {
  ASSIGN_OR_RETURN(const File file, File::Open(path, O_RDONLY));
  return Digest(file, nullptr);
}

absl::StatusOr<FileDigest> CopyFile(const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const File source, File::Open(from, O_RDONLY));
  ASSIGN_OR_RETURN(const File target, File::Open(to, O_WRONLY | O_CREAT | O_EXCL));
  ASSIGN_OR_RETURN(FileDigest digest, Digest(source, &target));
  RETURN_IF_ERROR(target.Sync());
  return digest;
}

absl::StatusOr<FileDigest> CopyPrefix(const std::string& from, const std::string& to,
                                      uint64_t bytes, uint64_t length) {
  ASSIGN_OR_RETURN(const File source, File::Open(from, O_RDONLY));
  ASSIGN_OR_RETURN(const File target, File::Open(to, O_WRONLY | O_CREAT | O_EXCL));
  ASSIGN_OR_RETURN(FileDigest digest, Digest(source, &target, bytes));
  if (digest.bytes != bytes) {
    return absl::OutOfRangeError(
        fmt::format("{} has {} bytes instead of {}", from, digest.bytes, bytes));
  }
  RETURN_IF_ERROR(target.Resize(length));
  RETURN_IF_ERROR(target.Sync());
  return digest;
}

absl::StatusOr<FileDigest> LinkOrCopyFile(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) == 0) {
    ASSIGN_OR_RETURN(const File file, File::Open(to, O_RDONLY));
    RETURN_IF_ERROR(file.Sync());
    return Digest(file, nullptr);
  }
  switch (errno) {
    case ENOENT:
    case EEXIST:
      return StatusOf(errno, "cannot link", from);
    default:  // another file system, or one without links, or too many of them
      return CopyFile(from, to);
  }
}

absl::Status LinkFile(const std::string& from, const std::string& to) {
  return link(from.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                             : StatusOf(errno, "cannot link", from);
}

bool IsSameFile(const std::string& left, const std::string& right) {
  std::error_code error;
  return fs::equivalent(left, right, error) && !error;
}

absl::Status WriteFile(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(const File file, File::Open(path, O_WRONLY | O_CREAT | O_EXCL));
  RETURN_IF_ERROR(file.Write(bytes));
  return file.Sync();
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most) {
  ASSIGN_OR_RETURN(const File file, File::Open(path, O_RDONLY));
  std::string bytes;
  std::vector<char> block(size_t{64} << 10);
  while (true) {
    ASSIGN_OR_RETURN(const size_t got, file.Read(block.data(), block.size()));
    if (got == 0) return bytes;
    if (bytes.size() + got > most) {
      return absl::ResourceExhaustedError(fmt::format("{} has more than {} bytes", path, most));
    }
    bytes.append(block.data(), got);
  }
}

absl::Status SyncFolder(const std::string& path) {
  ASSIGN_OR_RETURN(const File folder, File::Open(path, O_RDONLY | O_DIRECTORY));
  return folder.Sync();
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? StatusOf(error.value(), "cannot make the folder", path) : absl::OkStatus();
}

absl::Status RemoveFolder(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? StatusOf(error.value(), "cannot remove", path) : absl::OkStatus();
}

absl::Status MoveFolder(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return StatusOf(errno, "cannot put in place", to);
  return SyncFolder(fs::path(to).parent_path().string());
}

}  // namespace flywheel
