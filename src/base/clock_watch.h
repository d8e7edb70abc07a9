// Says whether the wall clock goes along with the monotonic one.
#ifndef FLYWHEEL_BASE_CLOCK_WATCH_H_
#define FLYWHEEL_BASE_CLOCK_WATCH_H_

#include <optional>

#include "absl/time/time.h"
#include "base/strong.h"

namespace flywheel {

// Both clocks at one moment.
struct ClockLook {
  Instant wall;
  absl::Time monotonic;
};

// Those of the machine. nullopt: the thread was held up between the one and the other each time, so
// that they say nothing about each other.
std::optional<ClockLook> LookAtClocks();

// A wall clock that was set, or a machine that slept, is not to be trusted at once: what would be
// said to have passed cannot be taken back. Time comes in as arguments. Not thread-safe.
class ClockWatch {
 public:
  // Between two looks the clocks may differ by this much and by a thousandth of the time between
  // (a clock that is slewed goes wrong by half of that at most).
  static constexpr absl::Duration kTolerance = absl::Milliseconds(500);
  // After a difference they must go along for so long.
  static constexpr absl::Duration kTrustAfter = absl::Minutes(1);

  // Both clocks at one look; false while they disagree. The first look agrees.
  bool Agree(Instant wall, absl::Time monotonic) {
    if (last_) {
      const absl::Duration passed = monotonic - last_->monotonic;
      const absl::Duration by_wall = absl::Milliseconds(wall.number() - last_->wall.number());
      const absl::Duration difference = absl::AbsDuration(by_wall - passed);
      if (difference > kTolerance + passed / 1000) distrusted_until_ = monotonic + kTrustAfter;
    }
    last_ = ClockLook{wall, monotonic};
    return monotonic >= distrusted_until_;
  }

 private:
  std::optional<ClockLook> last_;
  absl::Time distrusted_until_ = absl::InfinitePast();
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_CLOCK_WATCH_H_
