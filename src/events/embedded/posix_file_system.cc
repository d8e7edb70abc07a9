#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "events/embedded/file_system.h"

namespace flywheel {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case EROFS:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::Status ErrorOf(int error, const char* what, const std::string& path) {
  return absl::Status(CodeOf(error), absl::StrCat("cannot ", what, " ", path, ": ",
                                                  std::generic_category().message(error)));
}

// Calls a function that says -1 and sets errno, again where a signal interrupted it.
template <class Call>
auto Restarting(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int number() const { return number_; }

 private:
  int number_;
};

absl::StatusOr<Descriptor> OpenPath(const std::string& path, int flags, const char* what) {
  const int fd = Restarting([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
  if (fd < 0) return ErrorOf(errno, what, path);
  return Descriptor(fd);
}

class PosixWindow final : public FileWindow {
 public:
  PosixWindow(void* mapping, size_t mapped, std::string_view bytes)
      : FileWindow(bytes), mapping_(mapping), mapped_(mapped) {}
  ~PosixWindow() override { ::munmap(mapping_, mapped_); }

 private:
  void* mapping_;
  size_t mapped_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  absl::StatusOr<size_t> WriteAt(uint64_t position, std::string_view bytes) override {
    const ssize_t written = Restarting([&] {
      return ::pwrite(descriptor_.number(), bytes.data(), bytes.size(),
                      static_cast<off_t>(position));
    });
    if (written < 0) return ErrorOf(errno, "write", path_);
    if (written == 0) return ErrorOf(EIO, "write", path_);
    return static_cast<size_t>(written);
  }

  absl::Status Reserve(uint64_t bytes) override {
    int error = 0;
    do {  // posix_fallocate returns the error and leaves errno alone
      error = ::posix_fallocate(descriptor_.number(), 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    return error == 0 ? absl::OkStatus() : ErrorOf(error, "reserve room for", path_);
  }

  absl::Status Sync() override {
    if (Restarting([&] { return ::fdatasync(descriptor_.number()); }) != 0) {
      return ErrorOf(errno, "sync", path_);
    }
    return absl::OkStatus();
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

std::string HolderOf(int fd) {
  char text[32] = {};
  const ssize_t got = ::pread(fd, text, sizeof(text) - 1, 0);
  const long pid = got > 0 ? std::strtol(text, nullptr, 10) : 0;
  return pid > 0 ? absl::StrCat("process ", pid) : std::string("another process");
}

class Posix final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                             OpenMode mode) override {
    const int flags = O_RDWR | (mode == OpenMode::kNew ? O_CREAT | O_EXCL : 0);
    ASSIGN_OR_RETURN(Descriptor descriptor, OpenPath(path, flags, "open for writing"));
    return std::make_unique<PosixWritableFile>(std::move(descriptor), path);
  }

  absl::StatusOr<std::shared_ptr<const FileWindow>> Map(const std::string& path, uint64_t position,
                                                        size_t length) override {
    ASSIGN_OR_RETURN(const Descriptor descriptor, OpenPath(path, O_RDONLY, "open"));
    struct stat state = {};
    if (::fstat(descriptor.number(), &state) != 0) return ErrorOf(errno, "look at", path);
    const auto file_bytes = static_cast<uint64_t>(state.st_size);
    if (position >= file_bytes) {
      return absl::OutOfRangeError(absl::StrCat(path, " ends at byte ", file_bytes));
    }
    length = static_cast<size_t>(std::min<uint64_t>(length, file_bytes - position));
    static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    const uint64_t lead = position % page;
    void* mapping = ::mmap(nullptr, length + lead, PROT_READ, MAP_SHARED, descriptor.number(),
                           static_cast<off_t>(position - lead));
    if (mapping == MAP_FAILED) return ErrorOf(errno, "map", path);
    const std::string_view bytes(static_cast<const char*>(mapping) + lead, length);
    return std::make_shared<const PosixWindow>(mapping, length + lead, bytes);
  }

  absl::StatusOr<uint64_t> FileBytes(const std::string& path) override {
    struct stat state = {};
    if (::stat(path.c_str(), &state) != 0) return ErrorOf(errno, "look at", path);
    return static_cast<uint64_t>(state.st_size);
  }

  absl::Status SyncForReader(const std::string& path) override {
    ASSIGN_OR_RETURN(const Descriptor descriptor, OpenPath(path, O_RDONLY, "open"));
    if (Restarting([&] { return ::fdatasync(descriptor.number()); }) != 0 && errno != EROFS &&
        errno != EINVAL) {
      return ErrorOf(errno, "sync", path);
    }
    return absl::OkStatus();
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return ErrorOf(errno, "rename", from);
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return ErrorOf(errno, "remove", path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    DIR* stream = ::opendir(folder.c_str());
    if (stream == nullptr) return ErrorOf(errno, "list", folder);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(stream);
    if (error != 0) return ErrorOf(error, "list", folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status CreateFolder(const std::string& folder) override {
    if (::mkdir(folder.c_str(), 0755) != 0) return ErrorOf(errno, "make the folder", folder);
    return absl::OkStatus();
  }

  absl::Status SyncFolder(const std::string& folder) override {
    ASSIGN_OR_RETURN(const Descriptor descriptor,
                     OpenPath(folder, O_RDONLY | O_DIRECTORY, "open the folder"));
    if (Restarting([&] { return ::fsync(descriptor.number()); }) != 0) {
      return ErrorOf(errno, "sync the folder", folder);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor descriptor, OpenPath(path, O_RDWR | O_CREAT, "open the lock"));
    if (Restarting([&] { return ::flock(descriptor.number(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return ErrorOf(errno, "lock", path);
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is held by ", HolderOf(descriptor.number())));
    }
    // The number is for the message of whoever comes second; the lock does not hang on it.
    const std::string pid = absl::StrCat(::getpid(), "\n");
    if (::ftruncate(descriptor.number(), 0) != 0 ||
        ::pwrite(descriptor.number(), pid.data(), pid.size(), 0) < 0) {
      // A full disk must not keep anyone from reading the log.
    }
    return std::make_unique<PosixLock>(std::move(descriptor));
  }
};

}  // namespace

FileSystem* PosixFileSystem() {
  static auto* const posix = new Posix;
  return posix;
}

}  // namespace flywheel
