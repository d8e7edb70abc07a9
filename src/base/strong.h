// Numbers that must not be mixed up: an offset is no partition, a day is no instant.
#ifndef FLYWHEEL_BASE_STRONG_H_
#define FLYWHEEL_BASE_STRONG_H_

#include <compare>
#include <cstdint>
#include <functional>

namespace flywheel {

// A number of its own type. Construction and conversion back are explicit; comparison and hashing
// work as for the number. `Tag` is any type that is used for nothing else.
template <class Tag, class Rep>
class Strong {
 public:
  using Number = Rep;

  constexpr Strong() = default;
  constexpr explicit Strong(Rep number) : number_(number) {}

  constexpr Rep number() const { return number_; }
  constexpr explicit operator Rep() const { return number_; }

  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

  // The value `steps` further on.
  constexpr Strong Plus(Rep steps) const { return Strong(static_cast<Rep>(number_ + steps)); }

  template <class H>
  friend H AbslHashValue(H h, const Strong& strong) {
    return H::combine(std::move(h), strong.number_);
  }

 private:
  Rep number_{};
};

// Position of a record in its partition. Offsets of a partition rise but may have gaps.
using Offset = Strong<struct OffsetTag, int64_t>;

// Number of a partition, from 0.
using Partition = Strong<struct PartitionTag, int32_t>;

// Where a record stands in the log.
struct LogPlace {
  Partition partition;
  Offset offset;

  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

// Calendar day in some market's time zone, counted from 1970-01-01 (day 0).
using LocalDay = Strong<struct LocalDayTag, int32_t>;

// Milliseconds since 1970-01-01T00:00:00Z. DOMAIN: all instants are milliseconds; a finer one is
// cut down.
using Instant = Strong<struct InstantTag, int64_t>;

inline constexpr int64_t kMillisPerSecond = 1000;
inline constexpr int64_t kMillisPerMinute = 60 * kMillisPerSecond;
inline constexpr int64_t kMillisPerHour = 60 * kMillisPerMinute;
inline constexpr int64_t kMillisPerDay = 24 * kMillisPerHour;

// The instants that Flywheel takes: 1970-01-01T00:00:00.000Z to 2199-12-31T23:59:59.999Z. Outside
// of them time zone rules are guesses, so intake and the command line refuse them.
inline constexpr Instant kEarliestInstant{0};
inline constexpr Instant kLatestInstant{7258118399999};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_STRONG_H_
