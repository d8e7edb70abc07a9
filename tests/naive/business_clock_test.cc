// Business time. Poland's hours of the built-in policy are Monday to Friday, 9 to 17.
#include "naive/business_clock.h"

#include <catch2/catch.hpp>
#include <string>

#include "naive/calendar.h"
#include "naive/service_events.h"

namespace flywheel::naive {
namespace {

BusinessClock ClockIn(const std::string& market) {
  const Policies policies;
  const Rules rules = policies.At(market, 0);
  return {*policies.ZoneOf(market), rules.sla.hours, rules.holidays};
}

// The same hours on each day of the week, and no holidays.
BusinessClock Daily(const std::string& zone, int32_t opens, int32_t closes) {
  BusinessClock clock;
  REQUIRE(absl::LoadTimeZone(zone, &clock.zone));
  clock.hours.fill({opens, closes});
  return clock;
}

}  // namespace

TEST_CASE("business time passes while it is open") {
  const BusinessClock clock = ClockIn("PL");
  // Monday 2024-06-03; Warsaw is two hours ahead.
  const int64_t opens = At("2024-06-03T07:00:00Z");
  const int64_t closes = At("2024-06-03T15:00:00Z");
  CHECK(clock.Between(opens - 1, opens) == 0);
  CHECK(clock.Between(opens - 1, opens + 1) == 1);
  CHECK(clock.Between(closes - 1, closes) == 1);
  CHECK(clock.Between(closes - 1, closes + kHour) == 1);
  CHECK(clock.Between(opens, opens + kDay) == 8 * kHour);
  CHECK(clock.Between(opens, opens + 7 * kDay) == 40 * kHour);
}

TEST_CASE("what ends exactly at a closing time is due then, and 1 ms more the next morning") {
  const BusinessClock clock = ClockIn("PL");
  const int64_t opens = At("2024-06-03T07:00:00Z");  // a Monday
  CHECK(clock.After(opens, 8 * kHour) == At("2024-06-03T15:00:00Z"));
  CHECK(clock.After(opens, 8 * kHour + 1) == At("2024-06-04T07:00:00.001Z"));
  CHECK(clock.After(opens - 1, 8 * kHour) == At("2024-06-03T15:00:00Z"));
  CHECK(clock.After(opens + 1, 8 * kHour) == At("2024-06-04T07:00:00.001Z"));
  CHECK(clock.After(opens, 24 * kHour) == At("2024-06-05T15:00:00Z"));
}

TEST_CASE("a week-end with holidays is closed") {
  const BusinessClock clock = ClockIn("PL");
  // Friday 2025-10-31 at 16:00 in Warsaw. Saturday is All Saints'; Monday the 10th of November is a
  // working day, Tuesday the 11th is not.
  CHECK(clock.After(At("2025-10-31T15:00:00Z"), 2 * kHour) == At("2025-11-03T09:00:00Z"));
  CHECK(clock.After(At("2025-11-10T15:00:00Z"), 2 * kHour) == At("2025-11-12T09:00:00Z"));
  // Maundy Thursday 2025-04-17 at 16:00: Good Friday is open in Poland, Easter Monday is not.
  CHECK(clock.After(At("2025-04-17T14:00:00Z"), kHour) == At("2025-04-17T15:00:00Z"));
  CHECK(clock.After(At("2025-04-17T14:00:00Z"), 9 * kHour + 1) == At("2025-04-22T07:00:00.001Z"));
  // In Czechia Good Friday is closed too.
  CHECK(ClockIn("CZ").After(At("2025-04-17T14:00:00Z"), kHour + 1) ==
        At("2025-04-22T07:00:00.001Z"));
}

TEST_CASE("a policy adds holidays and cancels them") {
  BusinessClock clock = ClockIn("PL");
  const int64_t opens = At("2025-11-11T08:00:00Z");  // a Tuesday, Independence Day
  CHECK(clock.Between(opens, opens + kDay) == 0);
  clock.holidays.cancelled = {DayOf(clock.zone, opens)};
  CHECK(clock.Between(opens, opens + kDay) == 8 * kHour);
  clock.holidays.extra = {DayOf(clock.zone, opens)};
  CHECK(clock.Between(opens, opens + kDay) == 8 * kHour);  // cancelled after all
  clock.holidays.cancelled.clear();
  clock.holidays.extra = {DayOf(clock.zone, opens) + 1};
  CHECK(clock.Between(opens, opens + 2 * kDay) == 0);
}

TEST_CASE("hours that the clock skips are taken with the offset before the change") {
  // On 2024-03-31 Warsaw goes from 02:00 to 03:00 at 01:00Z: 02:30 would be 01:30Z.
  const BusinessClock clock = Daily("Europe/Warsaw", 150, 240);
  CHECK(clock.Between(At("2024-03-31T00:00:00Z"), At("2024-03-31T20:00:00Z")) == kHour / 2);
  CHECK(clock.After(At("2024-03-31T00:00:00Z"), 1) == At("2024-03-31T01:30:00.001Z"));
  // 02:00 to 02:30 would be 01:00Z to 01:30Z.
  CHECK(Daily("Europe/Warsaw", 120, 150)
            .Between(At("2024-03-31T00:00:00Z"), At("2024-03-31T20:00:00Z")) == kHour / 2);
  // 02:45 would be after 03:15, which is 01:15Z: not open on that day.
  CHECK(Daily("Europe/Warsaw", 165, 195)
            .Between(At("2024-03-31T00:00:00Z"), At("2024-03-31T20:00:00Z")) == 0);
}

TEST_CASE("hours that happen twice are the first") {
  // On 2024-10-27 Warsaw goes from 03:00 back to 02:00 at 01:00Z: 02:30 is 00:30Z and 01:30Z.
  const BusinessClock clock = Daily("Europe/Warsaw", 150, 240);
  CHECK(clock.After(At("2024-10-26T22:00:00Z"), 1) == At("2024-10-27T00:30:00.001Z"));
  CHECK(clock.Between(At("2024-10-26T22:00:00Z"), At("2024-10-27T20:00:00Z")) == 5 * kHour / 2);
}

TEST_CASE("closing at 24:00 is the start of the next day, and a whole day may have 25 hours") {
  const BusinessClock clock = Daily("Europe/Warsaw", 0, 1440);
  CHECK(clock.Between(At("2024-10-26T22:00:00Z"), At("2024-10-27T23:00:00Z")) == 25 * kHour);
  CHECK(clock.After(At("2024-10-26T22:00:00Z"), 25 * kHour) == At("2024-10-27T23:00:00Z"));
  // 2017-10-15 starts at 01:00 in Sao Paulo.
  CHECK(Daily("America/Sao_Paulo", 0, 1440)
            .Between(At("2017-10-14T03:00:00Z"), At("2017-10-16T02:00:00Z")) == 47 * kHour);
}

TEST_CASE("what is never open is due at the end of time") {
  const BusinessClock clock = Daily("Europe/Warsaw", 0, 0);
  CHECK(clock.After(At("2024-06-03T07:00:00Z"), 1) == At("2199-12-31T23:59:59.999Z"));
  CHECK(clock.Between(At("2024-06-03T07:00:00Z"), At("2024-07-03T07:00:00Z")) == 0);
}

}  // namespace flywheel::naive
