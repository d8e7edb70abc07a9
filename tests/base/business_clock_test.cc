#include "base/business_clock.h"

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string_view>

#include "base/instant_text.h"
#include "base/time_zone.h"
#include "effort.h"

namespace flywheel {
namespace {

constexpr WeekHours kNineToFive = {
    {{540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {}, {}}};
constexpr WeekHours kAlways = {
    {{0, 1440}, {0, 1440}, {0, 1440}, {0, 1440}, {0, 1440}, {0, 1440}, {0, 1440}}};

BusinessClock Clock(const char* zone, std::string_view country, const WeekHours& hours) {
  return {std::make_shared<const TimeZone>(TimeZone::Load(zone).value()), hours,
          std::make_shared<const HolidayCalendar>(country, std::vector<LocalDay>{},
                                                  std::vector<LocalDay>{})};
}

Instant At(std::string_view text) { return ParseInstant(text).value(); }

constexpr int64_t kHour = kMillisPerHour;

TEST_CASE("open time that ends at closing time is due at closing time") {
  const BusinessClock clock = Clock("Europe/Warsaw", "PL", kNineToFive);
  // Monday 2 March 2026, 9 o'clock in Warsaw is 8 UTC.
  const Instant monday_nine = At("2026-03-02T08:00:00Z");
  CHECK(clock.Add(monday_nine, 8 * kHour) == At("2026-03-02T16:00:00Z"));
  CHECK(clock.Add(monday_nine, 8 * kHour + 1) == At("2026-03-03T08:00:00.001Z"));
  CHECK(clock.Add(monday_nine, 24 * kHour) == At("2026-03-04T16:00:00Z"));
  CHECK(clock.Add(monday_nine, 0) == monday_nine);
  CHECK(clock.Add(monday_nine.Plus(-1), 1) == monday_nine.Plus(1));
  // From half past four on Friday: half an hour, then Monday.
  CHECK(clock.Add(At("2026-03-06T15:30:00Z"), kHour) == At("2026-03-09T08:30:00Z"));
  // Closing time itself is closed.
  CHECK(clock.Add(At("2026-03-06T16:00:00Z"), 1) == At("2026-03-09T08:00:00.001Z"));
  CHECK(clock.Add(At("2026-03-06T15:59:59.999Z"), 1) == At("2026-03-06T16:00:00Z"));
}

TEST_CASE("nights, weekends and holidays take no time") {
  const BusinessClock clock = Clock("Europe/Warsaw", "PL", kNineToFive);
  const Instant friday_four = At("2026-03-06T15:00:00Z");
  CHECK(clock.Between(friday_four, At("2026-03-09T08:00:00Z")) == kHour);
  CHECK(clock.Between(friday_four, At("2026-03-09T08:00:00.001Z")) == kHour + 1);
  CHECK(clock.Between(At("2026-03-07T00:00:00Z"), At("2026-03-08T22:00:00Z")) == 0);
  CHECK(clock.Between(friday_four, friday_four) == 0);
  CHECK(clock.Between(friday_four, friday_four.Plus(-5)) == 0);
  // Friday 2 January 2026, then the weekend, Monday the 5th, and Epiphany on Tuesday.
  CHECK(clock.Add(At("2026-01-02T08:00:00Z"), 24 * kHour) == At("2026-01-07T16:00:00Z"));
  CHECK(clock.Between(At("2026-01-05T12:00:00Z"), At("2026-01-07T09:00:00Z")) == 5 * kHour);
}

TEST_CASE("a day on which the clock changes has the hours that its wall clocks show") {
  const BusinessClock clock = Clock("Europe/Warsaw", "XX", kAlways);
  // 29 March 2026 has 23 hours in Warsaw, 25 October 2026 has 25.
  CHECK(clock.Between(At("2026-03-28T23:00:00Z"), At("2026-03-29T22:00:00Z")) == 23 * kHour);
  CHECK(clock.Between(At("2026-10-24T22:00:00Z"), At("2026-10-25T23:00:00Z")) == 25 * kHour);
  CHECK(clock.Add(At("2026-03-28T23:00:00Z"), 24 * kHour) == At("2026-03-29T23:00:00Z"));

  // Open from 2 to 3 on Sundays: skipped in March, and in October the first of the two hours.
  WeekHours at_night{};
  at_night[6] = {120, 180};
  const BusinessClock night = Clock("Europe/Warsaw", "XX", at_night);
  CHECK(night.Between(At("2026-03-28T12:00:00Z"), At("2026-03-29T12:00:00Z")) == 0);
  CHECK(night.Add(At("2026-03-28T12:00:00Z"), kHour) == At("2026-04-05T01:00:00Z"));
  // 3 o'clock comes once, an hour after the second 2 o'clock: both hours are open.
  CHECK(night.Between(At("2026-10-24T12:00:00Z"), At("2026-10-25T12:00:00Z")) == 2 * kHour);
  // 2:30 is the first of two.
  at_night[6] = {120, 150};
  const BusinessClock half = Clock("Europe/Warsaw", "XX", at_night);
  CHECK(half.Between(At("2026-10-24T12:00:00Z"), At("2026-10-25T12:00:00Z")) == kHour / 2);
  CHECK(half.Add(At("2026-10-24T12:00:00Z"), 1) == At("2026-10-25T00:00:00.001Z"));
}

TEST_CASE("where midnight is skipped the day is open from the change on") {
  // In Sao Paulo 4 November 2018 began at 1 o'clock, 3 UTC.
  const BusinessClock clock = Clock("America/Sao_Paulo", "XX", kAlways);
  CHECK(clock.Between(At("2018-11-03T03:00:00Z"), At("2018-11-05T02:00:00Z")) == 47 * kHour);
  CHECK(clock.Add(At("2018-11-04T02:59:59.999Z"), 2) == At("2018-11-04T03:00:00.001Z"));
}

TEST_CASE("a clock that never opens long enough gives the end of time") {
  const BusinessClock never = Clock("Europe/Warsaw", "PL", WeekHours{});
  CHECK(never.Add(At("2026-03-02T08:00:00Z"), 1) == kLatestInstant);
  CHECK(never.Between(At("2026-03-02T08:00:00Z"), At("2036-03-02T08:00:00Z")) == 0);
  CHECK(Clock("Europe/Warsaw", "PL", kAlways).Add(At("2199-12-31T22:00:00Z"), 5 * kHour) ==
        kLatestInstant);
}

TEST_CASE("what is added lies between, and not a millisecond later") {
  std::mt19937_64 random(5);
  const BusinessClock clocks[] = {Clock("Europe/Warsaw", "PL", kNineToFive),
                                  Clock("America/Sao_Paulo", "BR", {{{0, 1440}, {}, {30, 31}}}),
                                  Clock("Europe/Zagreb", "HR", kAlways)};
  for (int i = 0; i < Effort(2000, 200); ++i) {
    const BusinessClock& clock = clocks[random() % 3];
    const Instant from(static_cast<int64_t>(random() % (50 * 365 * 86'400'000ULL)));
    const auto ms = static_cast<int64_t>(1 + random() % (40 * 3'600'000ULL));
    const Instant due = clock.Add(from, ms);
    if (due == kLatestInstant) continue;
    CHECK(clock.Between(from, due) == ms);
    CHECK(clock.Between(from, due.Plus(-1)) == ms - 1);
  }
}

}  // namespace
}  // namespace flywheel
