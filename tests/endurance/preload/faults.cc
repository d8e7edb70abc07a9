// Loaded before the C library: moves the wall clock of a process and fills its disk, as the page
// says that FLYWHEEL_FAULTS names (faults_page.h).
//
// Whoever waits until an instant of the wall clock (librdkafka, RocksDB) waits as long as it takes
// by the moved one. Threads, allocation and locks are left alone: it is called before main.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <threads.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "endurance/faults_page.h"

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

const flywheel::FaultsPage* Page() {
  static const flywheel::FaultsPage* const page = [] {
    const char* const path = getenv(flywheel::kFaultsVariable);
    const int file = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void* const mapped =
        file < 0 ? MAP_FAILED
                 : mmap(nullptr, sizeof(flywheel::FaultsPage), PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    return mapped == MAP_FAILED ? nullptr : static_cast<const flywheel::FaultsPage*>(mapped);
  }();
  return page;
}

int64_t AheadNanos() {
  return Page() == nullptr ? 0 : Page()->clock_ahead_millis.load() * 1'000'000;
}

int64_t NanosOf(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }
timespec TimeOf(int64_t nanos) { return {nanos / kNanosPerSecond, nanos % kNanosPerSecond}; }

int64_t MachineNanos(clockid_t clock) {
  timespec now = {};
  syscall(SYS_clock_gettime, clock, &now);
  return NanosOf(now);
}

// Whether the file takes no more bytes; then errno says so.
bool IsFull(int file) {
  if (Page() == nullptr || Page()->disk_is_full.load() == 0) return false;
  struct stat about = {};
  if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  errno = ENOSPC;
  return true;
}

template <class Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = Next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    *time = TimeOf(NanosOf(*time) + AheadNanos());
  }
  return result;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  const timespec now = TimeOf(MachineNanos(CLOCK_REALTIME) + AheadNanos());
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  const time_t now = TimeOf(MachineNanos(CLOCK_REALTIME) + AheadNanos()).tv_sec;
  if (result != nullptr) *result = now;
  return now;
}

int timespec_get(timespec* time, int base) noexcept {
  if (base != TIME_UTC) return 0;
  *time = TimeOf(MachineNanos(CLOCK_REALTIME) + AheadNanos());
  return base;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  const int64_t left = NanosOf(*until) - AheadNanos() - MachineNanos(CLOCK_REALTIME);
  const timespec deadline = TimeOf(MachineNanos(CLOCK_MONOTONIC) + (left > 0 ? left : 0));
  return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &deadline);
}

// What librdkafka waits with. The C library's own goes past the function above.
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  switch (pthread_cond_timedwait(reinterpret_cast<pthread_cond_t*>(condition),
                                 reinterpret_cast<pthread_mutex_t*>(mutex), until)) {
    case 0:
      return thrd_success;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}

ssize_t write(int file, const void* bytes, size_t count) {
  static const auto real = Next<ssize_t (*)(int, const void*, size_t)>("write");
  return IsFull(file) ? -1 : real(file, bytes, count);
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  static const auto real = Next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return IsFull(file) ? -1 : real(file, bytes, count, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at) {
  static const auto real = Next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return IsFull(file) ? -1 : real(file, bytes, count, at);
}

ssize_t writev(int file, const iovec* pieces, int count) {
  static const auto real = Next<ssize_t (*)(int, const iovec*, int)>("writev");
  return IsFull(file) ? -1 : real(file, pieces, count);
}

int fallocate(int file, int mode, off_t at, off_t length) {
  static const auto real = Next<int (*)(int, int, off_t, off_t)>("fallocate");
  return IsFull(file) ? -1 : real(file, mode, at, length);
}

int posix_fallocate(int file, off_t at, off_t length) {
  static const auto real = Next<int (*)(int, off_t, off_t)>("posix_fallocate");
  return IsFull(file) ? ENOSPC : real(file, at, length);
}

}  // extern "C"
