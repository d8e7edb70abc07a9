// The end of a wait, which a wall clock that is moved does not move.
#ifndef FLYWHEEL_BASE_DEADLINE_H_
#define FLYWHEEL_BASE_DEADLINE_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace flywheel {

// Concurrency: as a value.
class Deadline {
 public:
  // One that has passed.
  Deadline() = default;
  static Deadline In(absl::Duration timeout) {
    Deadline deadline;
    deadline.at_ = Clock::now() + absl::ToChronoNanoseconds(std::min(timeout, kLongest));
    return deadline;
  }

  // Never negative.
  absl::Duration left() const {
    return std::max(absl::ZeroDuration(), absl::FromChrono(at_ - Clock::now()));
  }
  bool passed() const { return Clock::now() >= at_; }

 private:
  using Clock = std::chrono::steady_clock;
  // What is longer is this long.
  static constexpr absl::Duration kLongest = absl::Hours(24 * 365);

  Clock::time_point at_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_DEADLINE_H_
