#include "naive/calendar.h"

#include <catch2/catch.hpp>

#include "absl/time/civil_time.h"
#include "naive/history.h"

namespace flywheel::naive {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone(name, &zone));
  return zone;
}

int32_t Date(int year, int month, int day) {
  return static_cast<int32_t>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1));
}

}  // namespace

TEST_CASE("an instant finer than a millisecond is cut down, before 1970 too") {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(1);
  timestamp.set_nanos(1'999'999);
  CHECK(MillisOf(timestamp) == 1001);
  timestamp.set_seconds(-1);
  CHECK(MillisOf(timestamp) == -999);
}

TEST_CASE("a day in Warsaw starts at local midnight, to the millisecond") {
  const absl::TimeZone warsaw = Zone("Europe/Warsaw");
  const int64_t midnight = At("2024-01-14T23:00:00Z");
  CHECK(StartOf(warsaw, Date(2024, 1, 15)) == midnight);
  CHECK(EndOf(warsaw, Date(2024, 1, 14)) == midnight - 1);
  CHECK(DayOf(warsaw, midnight) == Date(2024, 1, 15));
  CHECK(DayOf(warsaw, midnight - 1) == Date(2024, 1, 14));
}

TEST_CASE("the days of both clock changes in Warsaw last 23 and 25 hours") {
  const absl::TimeZone warsaw = Zone("Europe/Warsaw");
  const int32_t spring = Date(2024, 3, 31);
  const int32_t autumn = Date(2024, 10, 27);
  CHECK(StartOf(warsaw, spring + 1) - StartOf(warsaw, spring) == 23 * 3600 * kSecond);
  CHECK(StartOf(warsaw, autumn + 1) - StartOf(warsaw, autumn) == 25 * 3600 * kSecond);
  CHECK(EndOf(warsaw, spring) == At("2024-03-31T21:59:59.999Z"));
  CHECK(EndOf(warsaw, autumn) == At("2024-10-27T22:59:59.999Z"));
}

TEST_CASE("where the clock skips midnight the day starts at the change") {
  const absl::TimeZone sao_paulo = Zone("America/Sao_Paulo");
  const int32_t change = Date(2017, 10, 15);  // 00:00 became 01:00
  CHECK(StartOf(sao_paulo, change) == At("2017-10-15T03:00:00Z"));
  CHECK(EndOf(sao_paulo, change - 1) == At("2017-10-15T02:59:59.999Z"));
  CHECK(DayOf(sao_paulo, At("2017-10-15T02:59:59.999Z")) == change - 1);
  CHECK(DayOf(sao_paulo, At("2017-10-15T03:00:00Z")) == change);
}

TEST_CASE("a day whose last hour happens twice ends after the second") {
  const absl::TimeZone sao_paulo = Zone("America/Sao_Paulo");
  const int32_t change = Date(2018, 2, 17);  // its midnight became 23:00
  CHECK(EndOf(sao_paulo, change) == At("2018-02-18T02:59:59.999Z"));
  CHECK(DayOf(sao_paulo, At("2018-02-18T02:59:59.999Z")) == change);
  CHECK(DayOf(sao_paulo, At("2018-02-18T03:00:00Z")) == change + 1);
}

TEST_CASE("months later is the same day of the month, or its last") {
  CHECK(MonthsLater(Date(2024, 2, 29), 12) == Date(2025, 2, 28));
  CHECK(MonthsLater(Date(2023, 2, 28), 12) == Date(2024, 2, 28));
  CHECK(MonthsLater(Date(2024, 1, 31), 1) == Date(2024, 2, 29));
  CHECK(MonthsLater(Date(2024, 12, 5), 1) == Date(2025, 1, 5));
}

}  // namespace flywheel::naive
