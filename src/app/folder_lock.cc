#include "app/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string_view>

#include "app/output_file.h"

namespace flywheel {
namespace {

std::string HolderOf(int fd) {
  std::array<char, 16> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  const std::string_view number(text.data(), length > 0 ? static_cast<size_t>(length) : 0);
  const bool is_number = !number.empty() && std::all_of(number.begin(), number.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
  return is_number ? fmt::format("process {}", number) : std::string("another process");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FileError(errno, path, "cannot be opened");
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = HolderOf(fd);
    close(fd);
    if (error != EWOULDBLOCK) return FileError(error, path, "cannot be locked");
    return absl::FailedPreconditionError(fmt::format("it is held by {}", holder));
  }
  // Only for the message of whoever comes second: a number that cannot be written changes nothing.
  const std::string number = std::to_string(getpid());
  if (ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(fd, number.data(), number.size(), 0);
  }
  return std::unique_ptr<FolderLock>(new FolderLock(fd));
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace flywheel
