#include "base/time_zone.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

#include "effort.h"

namespace flywheel {
namespace {

TimeZone Zone(const char* name) { return *TimeZone::Load(name); }

Instant At(const char* rfc3339) {
  absl::Time time;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, nullptr));
  return Instant(absl::ToUnixMillis(time));
}

TEST_CASE("an unknown time zone is not found") {
  CHECK(absl::IsNotFound(TimeZone::Load("Europe/Nowhere").status()));
}

TEST_CASE("a day has 23 hours in March and 25 in October") {
  const TimeZone warsaw = Zone("Europe/Warsaw");
  const LocalDay march = DayOfDate(2025, 3, 30);
  const LocalDay october = DayOfDate(2025, 10, 26);
  CHECK(warsaw.StartOf(march) == At("2025-03-29T23:00:00Z"));
  CHECK(warsaw.EndOf(march) == At("2025-03-30T21:59:59.999Z"));
  CHECK(warsaw.StartOf(october) == At("2025-10-25T22:00:00Z"));
  CHECK(warsaw.EndOf(october) == At("2025-10-26T22:59:59.999Z"));
}

TEST_CASE("where the clock skips midnight the day starts at the change") {
  const TimeZone sao_paulo = Zone("America/Sao_Paulo");
  const LocalDay day = DayOfDate(2017, 10, 15);
  CHECK(sao_paulo.StartOf(day) == At("2017-10-15T03:00:00Z"));  // 01:00 by the clock
  CHECK(sao_paulo.Day(At("2017-10-15T02:59:59.999Z")) == day.Plus(-1));
  CHECK(sao_paulo.Day(At("2017-10-15T03:00:00Z")) == day);
}

TEST_CASE("where the clock goes back at midnight the day before lasts an hour longer") {
  const TimeZone sao_paulo = Zone("America/Sao_Paulo");
  const LocalDay day =
      DayOfDate(2018, 2, 18);  // starts after the second 23:00 to 24:00 of the 17th
  CHECK(sao_paulo.StartOf(day) == At("2018-02-18T03:00:00Z"));
  CHECK(sao_paulo.Day(At("2018-02-18T02:59:59.999Z")) == day.Plus(-1));
}

TEST_CASE("a skipped local time is taken with the offset before, a repeated one is the first") {
  const TimeZone warsaw = Zone("Europe/Warsaw");
  CHECK(warsaw.FromCivil({2025, 3, 30, 2, 30, 0}) == At("2025-03-30T01:30:00Z"));
  CHECK(warsaw.FromCivil({2025, 10, 26, 2, 30, 0}) == At("2025-10-26T00:30:00Z"));
}

TEST_CASE("days and starts of days agree with the library's zones at random instants") {
  const char* const names[] = {"Europe/Warsaw",    "Europe/Prague",    "Europe/Bratislava",
                               "Europe/Budapest",  "Europe/Ljubljana", "Europe/Zagreb",
                               "America/Sao_Paulo"};
  const int rounds = Effort(20000, 2000);
  for (const char* name : names) {
    const TimeZone zone = Zone(name);
    absl::TimeZone library;
    REQUIRE(absl::LoadTimeZone(name, &library));
    uint64_t state = 7;
    for (int i = 0; i < rounds; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const Instant at(static_cast<int64_t>((state >> 16) % 7258118400000U));
      const absl::CivilDay civil(absl::ToCivilSecond(absl::FromUnixMillis(at.number()), library));
      const LocalDay day = zone.Day(at);
      REQUIRE(DayOfDate(static_cast<int>(civil.year()), civil.month(), civil.day()) == day);
      REQUIRE(zone.StartOf(day) ==
              Instant(absl::ToUnixMillis(absl::FromCivil(absl::CivilSecond(civil), library))));
      REQUIRE(zone.StartOf(day) <= at);
      REQUIRE(at <= zone.EndOf(day));
    }
  }
}

TEST_CASE("12 months after 29 February is 28 February") {
  CHECK(AddMonths(DayOfDate(2024, 2, 29), 12) == DayOfDate(2025, 2, 28));
  CHECK(AddMonths(DayOfDate(2023, 2, 28), 12) == DayOfDate(2024, 2, 28));
  CHECK(AddMonths(DayOfDate(2025, 1, 31), 1) == DayOfDate(2025, 2, 28));
  CHECK(AddMonths(DayOfDate(2025, 12, 15), 1) == DayOfDate(2026, 1, 15));
}

TEST_CASE("days are written as ISO 8601 dates") {
  CHECK(FormatDay(DayOfDate(2018, 2, 8)) == "2018-02-08");
  CHECK(FormatDay(LocalDay(-1)) == "1969-12-31");
}

}  // namespace
}  // namespace flywheel
