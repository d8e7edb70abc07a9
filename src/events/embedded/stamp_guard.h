// Whether what is appended now may be stamped by the wall clock.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_STAMP_GUARD_H_
#define FLYWHEEL_EVENTS_EMBEDDED_STAMP_GUARD_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "base/clock_watch.h"
#include "base/mutex.h"

namespace flywheel {

// Operation: a stamp cannot be taken back, and no later one of its partition counts for less. So
// nothing is taken while the wall clock is not to be trusted: since it was set, or the machine
// slept, until it has gone along with the monotonic one for ClockWatch::kTrustAfter.
//
// Concurrency: any thread.
class StampGuard {
 public:
  using Clocks = std::function<std::optional<ClockLook>()>;

  // Looks at the clocks for the first time.
  explicit StampGuard(Clocks clocks);

  // Looks again. A stamp that was read before is good where this is; Unavailable: it is not.
  absl::Status MayStamp() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Clocks clocks_;
  Mutex mutex_;
  ClockWatch watch_ ABSL_GUARDED_BY(mutex_);
  bool agreed_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_STAMP_GUARD_H_
