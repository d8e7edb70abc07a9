// The engine's holidays and business time against the naive ones.
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "base/business_clock.h"
#include "base/holidays.h"
#include "base/time_zone.h"
#include "effort.h"
#include "naive/business_clock.h"
#include "naive/holidays.h"

namespace flywheel {
namespace {

constexpr int kFirstYear = 1990;
constexpr int kLastYear = 2199;

struct Clocks {
  BusinessClock engine;
  naive::BusinessClock naive;
};

// The same hours, on the same days of the week, in a zone and a country.
Clocks ClocksOf(const std::string& zone, const std::string& country, std::mt19937& random) {
  WeekHours hours;
  naive::BusinessClock naive;
  for (size_t day = 0; day < hours.size(); ++day) {
    const bool whole_day = random() % 4 == 0;
    const auto opens = static_cast<int32_t>(whole_day ? 0 : random() % 1440);
    const auto closes =
        static_cast<int32_t>(whole_day ? 1440 : opens + 1 + random() % (1440 - opens));
    const bool is_open = random() % 4 != 0;
    hours[day] = is_open ? OpenMinutes{opens, closes} : OpenMinutes{};
    naive.hours[day] = {hours[day].opens, hours[day].closes};
  }
  REQUIRE(absl::LoadTimeZone(zone, &naive.zone));
  naive.holidays.country = country;
  absl::StatusOr<TimeZone> loaded = TimeZone::Load(zone);
  REQUIRE(loaded.ok());
  return {BusinessClock(std::make_shared<const TimeZone>(*std::move(loaded)), hours,
                        std::make_shared<const HolidayCalendar>(country, std::vector<LocalDay>(),
                                                                std::vector<LocalDay>())),
          naive};
}

}  // namespace

TEST_CASE("both know the same public holidays") {
  for (const std::string country : {"PL", "CZ", "SK", "HU", "SI", "HR", "BR", "DE"}) {
    for (int year = kFirstYear; year <= kLastYear; ++year) {
      std::set<int32_t> engine;
      for (const LocalDay day : PublicHolidays(country, year)) engine.insert(day.number());
      CAPTURE(country, year);
      REQUIRE(engine == naive::PublicHolidays(country, year));
    }
  }
}

TEST_CASE("both measure the same business time") {
  constexpr int64_t kHour = 60 * 60 * 1000;
  constexpr int64_t kYear = int64_t{365} * 24 * kHour;
  std::mt19937_64 instants(5);
  std::mt19937 random(3);
  const std::pair<const char*, const char*> places[] = {
      {"Europe/Warsaw", "PL"}, {"Europe/Zagreb", "HR"}, {"America/Sao_Paulo", "BR"}};
  for (int i = 0; i < Effort(300, 60); ++i) {
    const auto& [zone, country] = places[static_cast<size_t>(i) % 3];
    const Clocks clocks = ClocksOf(zone, country, random);
    for (int k = 0; k < 20; ++k) {
      // 2004 to 2033, now and then to the hour, so that bounds coincide.
      int64_t from = 34 * kYear + static_cast<int64_t>(instants() % (30 * kYear));
      if (k % 3 == 0) from -= from % kHour;
      const int64_t open_ms = k % 4 == 0 ? static_cast<int64_t>(instants() % 48) * kHour
                                         : static_cast<int64_t>(instants() % (48 * kHour));
      const int64_t to = from + static_cast<int64_t>(instants() % (20 * 24 * kHour));
      CAPTURE(zone, from, open_ms, to);
      REQUIRE(clocks.engine.Add(Instant(from), open_ms).number() ==
              clocks.naive.After(from, open_ms));
      REQUIRE(clocks.engine.Between(Instant(from), Instant(to)) == clocks.naive.Between(from, to));
    }
  }
}

}  // namespace flywheel
