// The clock that runs in opening hours alone.
#ifndef FLYWHEEL_BASE_BUSINESS_CLOCK_H_
#define FLYWHEEL_BASE_BUSINESS_CLOCK_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/holidays.h"
#include "base/strong.h"
#include "base/time_zone.h"

namespace flywheel {

// The minutes after local midnight between which a weekday is open, the closing one not included;
// none where both are equal. 1440 is the start of the next local day.
struct OpenMinutes {
  int32_t opens = 0;
  int32_t closes = 0;

  friend bool operator==(const OpenMinutes&, const OpenMinutes&) = default;
};

// By weekday, Monday first.
using WeekHours = std::array<OpenMinutes, 7>;

// Runs in the open hours of weekdays, in local time, on days that are no holidays. A local time
// that the clock skips is taken with the offset before the change; one that happens twice is the
// first.
//
// Concurrency: immutable; any thread.
class BusinessClock {
 public:
  // Both must be given.
  BusinessClock(std::shared_ptr<const TimeZone> zone, const WeekHours& hours,
                std::shared_ptr<const HolidayCalendar> holidays);

  // The earliest instant by which `ms` of open time have passed since `from`: what ends exactly at
  // closing time ends there, not at the next opening. kLatestInstant where the local days up to 10
  // years after that of `from` do not have as much. REQUIRES: ms >= 0.
  Instant Add(Instant from, int64_t ms) const;

  // Milliseconds of open time in [from, to); 0 where `to` is not later.
  int64_t Between(Instant from, Instant to) const;

  const HolidayCalendar& holidays() const { return *holidays_; }

 private:
  struct Interval {
    Instant opens;
    Instant closes;
  };
  // When the day is open; nullopt: it is not.
  std::optional<Interval> OpenOn(LocalDay day) const;

  std::shared_ptr<const TimeZone> zone_;
  WeekHours hours_;
  std::shared_ptr<const HolidayCalendar> holidays_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_BUSINESS_CLOCK_H_
