// Business time: what passes while a market's hours are open.
#ifndef FLYWHEEL_NAIVE_BUSINESS_CLOCK_H_
#define FLYWHEEL_NAIVE_BUSINESS_CLOCK_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "naive/policies.h"

namespace flywheel::naive {

// A local time that the clock skips is taken with the offset before the change; one that happens
// twice is the first.
struct BusinessClock {
  absl::TimeZone zone;
  std::array<OpeningMinutes, 7> hours;  // Monday first
  HolidayRules holidays;                // closed

  // Open milliseconds from an instant to a later one.
  int64_t Between(int64_t from, int64_t to) const;

  // The earliest instant by which so many open milliseconds have passed since another: where they
  // end exactly at a closing time, that. Where there is none within ten years: the end of 2199.
  int64_t After(int64_t from, int64_t open_ms) const;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_BUSINESS_CLOCK_H_
