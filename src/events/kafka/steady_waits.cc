#include "events/kafka/steady_waits.h"

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace flywheel {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t NanosOf(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }
timespec TimeOf(int64_t nanos) { return {nanos / kNanosPerSecond, nanos % kNanosPerSecond}; }

int64_t Read(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return NanosOf(now);
}

// What the wall clock was ahead of the monotonic one when it was first asked for.
int64_t WallAhead() {
  static const int64_t ahead = Read(CLOCK_REALTIME) - Read(CLOCK_MONOTONIC);
  return ahead;
}

}  // namespace

void UseSteadyWaits() { WallAhead(); }

}  // namespace flywheel

// These are the C library's names; its types are those of pthread under others.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved.
extern "C" int timespec_get(timespec* time, int base) noexcept {
  if (base != TIME_UTC) return 0;
  *time = flywheel::TimeOf(flywheel::Read(CLOCK_MONOTONIC) + flywheel::WallAhead());
  return base;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved.
extern "C" int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  const int64_t deadline = flywheel::NanosOf(*until) - flywheel::WallAhead();
  const timespec steady = flywheel::TimeOf(deadline > 0 ? deadline : 0);
  switch (pthread_cond_clockwait(reinterpret_cast<pthread_cond_t*>(condition),
                                 reinterpret_cast<pthread_mutex_t*>(mutex), CLOCK_MONOTONIC,
                                 &steady)) {
    case 0:
      return thrd_success;
    case ETIMEDOUT:
      return thrd_timedout;
    default:
      return thrd_error;
  }
}
