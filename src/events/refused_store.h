// The port to the side store: the bytes of what intake refused, for a person to look at and mend.
#ifndef FLYWHEEL_EVENTS_REFUSED_STORE_H_
#define FLYWHEEL_EVENTS_REFUSED_STORE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/intake.h"

namespace flywheel {

// Of larger bytes only these first ones are kept.
inline constexpr size_t kMaxRefusedBytes = size_t{256} << 10;

// What is to be kept; the views must outlive the call that gets it.
struct RefusedBytes {
  std::string_view source;
  std::string_view source_place;
  std::string_view bytes;
  const IntakeRefusal* refusal = nullptr;
};

// Limited by size and age, which is the adapter's matter: the record in the log (refused_record.h)
// stays, the bytes go.
//
// Concurrency: one thread at a time.
class RefusedStore {
 public:
  virtual ~RefusedStore() = default;

  // Keeps the first kMaxRefusedBytes of each; OK: all of them are durable. Otherwise any of them
  // may be there; to put them again is harmless. Unavailable: it may succeed later, and will be
  // tried again; any other error: it will not unless somebody mends what the message says. Returns
  // after `limit` at the latest, with Unavailable.
  virtual absl::Status Put(absl::Span<const RefusedBytes> batch, absl::Duration limit) = 0;
};

// How many bytes of one source are kept per second, so that a hostile publisher cannot push
// everybody else's out of the store: a bucket that fills at a constant rate and may be emptied at
// once.
class RefusedBudget {
 public:
  struct Options {
    int64_t bytes_per_second = int64_t{256} << 10;  // at most kMaxRate
    int64_t burst_bytes = int64_t{16} << 20;        // 0: nothing is ever kept; at most kMaxBurst
  };

  static constexpr int64_t kMaxRate = int64_t{1} << 30;
  static constexpr int64_t kMaxBurst = int64_t{1} << 40;

  // Options beyond their bounds are taken as the bound.
  explicit RefusedBudget(const Options& options)
      : options_{std::clamp<int64_t>(options.bytes_per_second, 0, kMaxRate),
                 std::clamp<int64_t>(options.burst_bytes, 0, kMaxBurst)},
        left_(options_.burst_bytes * kMillisPerSecond) {}

  // Whether so many bytes may be kept at this instant, and then counts them. An instant before the
  // last one brings nothing.
  bool Take(size_t bytes, Instant now) {
    if (now > last_) {
      const int64_t full = options_.burst_bytes * kMillisPerSecond;
      const int64_t millis = std::min(now.number() - last_.number(), kLongestWait);
      left_ = std::min(full, left_ + millis * options_.bytes_per_second);
      last_ = now;
    }
    const int64_t wanted =
        static_cast<int64_t>(std::min(bytes, kMaxRefusedBytes)) * kMillisPerSecond;
    if (wanted > left_) return false;
    left_ -= wanted;
    return true;
  }

 private:
  static constexpr int64_t kLongestWait = kMillisPerHour;  // keeps the product within 64 bits

  Options options_;
  int64_t left_;  // thousandths of bytes
  Instant last_ = kEarliestInstant;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_REFUSED_STORE_H_
