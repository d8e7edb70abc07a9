#include "base/clock_watch.h"

#include <chrono>

namespace flywheel {
namespace {

// Of the two looks at the monotonic clock around the one at the wall clock.
constexpr std::chrono::milliseconds kOneMoment{50};
constexpr int kAttempts = 5;

}  // namespace

std::optional<ClockLook> LookAtClocks() {
  using std::chrono::duration_cast;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = std::chrono::steady_clock::now();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    if (std::chrono::steady_clock::now() - before > kOneMoment) continue;
    const auto monotonic = duration_cast<std::chrono::nanoseconds>(before.time_since_epoch());
    return ClockLook{Instant(duration_cast<std::chrono::milliseconds>(wall).count()),
                     absl::FromUnixNanos(monotonic.count())};
  }
  return std::nullopt;
}

}  // namespace flywheel
