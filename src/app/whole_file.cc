#include "app/whole_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/output_file.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

// Waits for bytes, the end or an error; false once the interrupt is raised.
bool AwaitReadable(const Context& context, int fd) {
  pollfd waiting[2] = {{fd, POLLIN, 0}, {context.interrupt->fd(), POLLIN, 0}};
  while (!context.interrupt->raised()) {
    if (poll(waiting, 2, -1) < 0 && errno == EINTR) continue;
    return !context.interrupt->raised();
  }
  return false;
}

absl::StatusOr<std::string> ReadAll(const Context& context, int fd, const std::string& path,
                                    size_t max_bytes) {
  struct stat state = {};
  if (fstat(fd, &state) != 0) return FileError(errno, path, "cannot be read");
  if (S_ISDIR(state.st_mode)) return FileError(EISDIR, path, "cannot be read");
  std::string bytes;
  while (bytes.size() <= max_bytes) {
    if (!AwaitReadable(context, fd)) return absl::CancelledError("interrupted");
    const size_t held = bytes.size();
    bytes.resize(held + std::min(kReadBytes, max_bytes + 1 - held));
    const ssize_t count = read(fd, bytes.data() + held, bytes.size() - held);
    const int error = errno;
    bytes.resize(held + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && error != EINTR) return FileError(error, path, "cannot be read");
    if (count == 0) break;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const Context& context, const std::string& path,
                                          size_t max_bytes) {
  if (path == "-") return ReadAll(context, context.in_fd, "standard input", max_bytes);
  const int fd = open(context.PathOf(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, path, "cannot be read");
  absl::StatusOr<std::string> bytes = ReadAll(context, fd, path, max_bytes);
  close(fd);
  return bytes;
}

}  // namespace flywheel
