#include "events/embedded/stamp_guard.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace flywheel {

StampGuard::StampGuard(Clocks clocks) : clocks_(std::move(clocks)) { (void)MayStamp(); }

absl::Status StampGuard::MayStamp() {
  // The look is taken under the lock: looks must follow one another.
  MutexLock lock(&mutex_);
  if (const std::optional<ClockLook> look = clocks_()) {
    agreed_ = watch_.Agree(look->wall, look->monotonic);
  }
  if (agreed_) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "the wall clock was set, or the machine slept: nothing is stamped before it has gone along "
      "with the monotonic clock for ",
      absl::FormatDuration(ClockWatch::kTrustAfter)));
}

}  // namespace flywheel
