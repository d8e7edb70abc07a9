#include "naive/business_clock.h"

#include <algorithm>
#include <cstddef>

#include "absl/time/civil_time.h"
#include "naive/calendar.h"

namespace flywheel::naive {
namespace {

constexpr absl::CivilDay kDayZero(1970, 1, 1);
constexpr int32_t kMinutesPerDay = 24 * 60;
constexpr int32_t kTenYears = 3653;  // days
constexpr int64_t kEndOf2199 = 7'258'118'399'999;

struct Opening {
  int64_t from = 0;
  int64_t to = 0;  // not before from
};

int64_t InstantOf(absl::TimeZone zone, int32_t day, int32_t minute) {
  if (minute == kMinutesPerDay) return StartOf(zone, day + 1);
  const absl::CivilDay date = kDayZero + day;
  return absl::ToUnixMillis(zone.At(absl::CivilMinute(date) + minute).pre);
}

// Closed: an opening of no length.
Opening OpeningOn(const BusinessClock& clock, int32_t day) {
  const absl::Weekday weekday = absl::GetWeekday(kDayZero + day);
  const OpeningMinutes& hours = clock.hours[static_cast<size_t>(weekday)];
  if (hours.opens >= hours.closes || clock.holidays.IsHoliday(day)) return {};
  const int64_t from = InstantOf(clock.zone, day, hours.opens);
  return {from, std::max(from, InstantOf(clock.zone, day, hours.closes))};
}

}  // namespace

int64_t BusinessClock::Between(int64_t from, int64_t to) const {
  int64_t open_ms = 0;
  for (int32_t day = DayOf(zone, from); day <= DayOf(zone, to); ++day) {
    const Opening opening = OpeningOn(*this, day);
    open_ms += std::max<int64_t>(0, std::min(opening.to, to) - std::max(opening.from, from));
  }
  return open_ms;
}

int64_t BusinessClock::After(int64_t from, int64_t open_ms) const {
  if (open_ms == 0) return from;
  const int32_t first = DayOf(zone, from);
  for (int32_t day = first; day <= first + kTenYears; ++day) {
    const Opening opening = OpeningOn(*this, day);
    const int64_t start = std::max(opening.from, from);
    if (opening.to <= start) continue;
    if (opening.to - start >= open_ms) return start + open_ms;
    open_ms -= opening.to - start;
  }
  return kEndOf2199;
}

}  // namespace flywheel::naive
