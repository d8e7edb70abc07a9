#include "app/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/status.h"

namespace flywheel {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;

// What stands in the folder is durable only when the folder is.
void SyncFolderOf(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::Status FileError(int error, const std::string& path, std::string_view what) {
  const std::string text =
      fmt::format("{}: {}: {}", path, what, std::system_category().message(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EISDIR:
    case ENOTDIR:
      return absl::InvalidArgumentError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(const Context& context,
                                                             const std::string& path) {
  const std::string place = context.PathOf(path);
  std::unique_ptr<OutputFile> file(new OutputFile(context, place));
  if (place == "-") return file;
  std::error_code error;
  if (std::filesystem::is_directory(place, error)) {
    return FileError(EISDIR, place, "cannot be written");
  }
  file->temporary_ = fmt::format("{}.{}.part", place, getpid());
  file->fd_ = open(file->temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file->fd_ < 0) {
    const int reason = errno;
    file->temporary_.clear();
    return FileError(reason, place, "cannot be written");
  }
  return file;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::Status OutputFile::Write(std::string_view text) {
  if (fd_ < 0) return context_.Print(text);
  buffer_.append(text);
  return buffer_.size() < kBufferBytes ? absl::OkStatus() : WriteBuffer();
}

absl::Status OutputFile::WriteBuffer() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError(errno, path_, "cannot be written");
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  if (fd_ < 0) return context_.Flush();
  RETURN_IF_ERROR(WriteBuffer());
  if (fsync(fd_) != 0) return FileError(errno, path_, "cannot be written");
  const int closed = close(fd_);
  fd_ = -1;
  if (closed != 0) return FileError(errno, path_, "cannot be written");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return FileError(errno, path_, "cannot be put in place");
  }
  temporary_.clear();
  SyncFolderOf(path_);
  return absl::OkStatus();
}

}  // namespace flywheel
