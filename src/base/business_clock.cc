#include "base/business_clock.h"

#include <algorithm>
#include <utility>

namespace flywheel {
namespace {

constexpr int32_t kMinutesPerDay = 24 * 60;
constexpr int kMonthsLookedAhead = 120;

// 0 is Monday. Day 0, 1970-01-01, was a Thursday.
size_t WeekdayOf(LocalDay day) { return static_cast<size_t>((day.number() % 7 + 7 + 3) % 7); }

}  // namespace

BusinessClock::BusinessClock(std::shared_ptr<const TimeZone> zone, const WeekHours& hours,
                             std::shared_ptr<const HolidayCalendar> holidays)
    : zone_(std::move(zone)), hours_(hours), holidays_(std::move(holidays)) {}

std::optional<BusinessClock::Interval> BusinessClock::OpenOn(LocalDay day) const {
  const OpenMinutes& minutes = hours_[WeekdayOf(day)];
  if (minutes.opens >= minutes.closes || holidays_->Contains(day)) return std::nullopt;
  const Instant opens = zone_->At(day, minutes.opens);
  const Instant closes = minutes.closes >= kMinutesPerDay ? zone_->StartOf(day.Plus(1))
                                                          : zone_->At(day, minutes.closes);
  // A change of the clock can swallow the whole of it.
  if (opens >= closes) return std::nullopt;
  return Interval{opens, closes};
}

Instant BusinessClock::Add(Instant from, int64_t ms) const {
  if (ms == 0) return from;
  const LocalDay first = zone_->Day(from);
  const LocalDay last = AddMonths(first, kMonthsLookedAhead);
  int64_t left = ms;
  for (LocalDay day = first; day <= last; day = day.Plus(1)) {
    const std::optional<Interval> open = OpenOn(day);
    if (!open || open->closes <= from) continue;
    const Instant start = std::max(open->opens, from);
    const int64_t length = open->closes.number() - start.number();
    if (length >= left) return std::min(start.Plus(left), kLatestInstant);
    left -= length;
  }
  return kLatestInstant;
}

int64_t BusinessClock::Between(Instant from, Instant to) const {
  if (to <= from) return 0;
  int64_t sum = 0;
  const LocalDay last = zone_->Day(to);
  for (LocalDay day = zone_->Day(from); day <= last; day = day.Plus(1)) {
    const std::optional<Interval> open = OpenOn(day);
    if (!open) continue;
    const Instant start = std::max(open->opens, from);
    const Instant end = std::min(open->closes, to);
    if (end > start) sum += end.number() - start.number();
  }
  return sum;
}

}  // namespace flywheel
