// The two tables of public holidays, and the two business clocks, agree.
#include "base/holidays.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/business_clock.h"
#include "base/time_zone.h"
#include "effort.h"
#include "naive/business_clock.h"
#include "naive/holidays.h"

namespace flywheel {
namespace {

TEST_CASE("both tables have the same public holidays in every year") {
  for (const std::string_view country : {"PL", "CZ", "SK", "HU", "SI", "HR", "BR", "DE"}) {
    for (int year = 1990; year <= 2199; ++year) {
      std::set<int32_t> days;
      for (const LocalDay day : PublicHolidays(country, year)) days.insert(day.number());
      INFO(fmt::format("{} {}", country, year));
      CHECK(days == naive::PublicHolidays(country, year));
    }
  }
}

// Hours of a week as the dice fall: closed, a minute, the whole day, or anything.
OpenMinutes AnyHours(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return {};
    case 1:
      return {0, 1440};
    default: {
      const auto opens = static_cast<int32_t>(random() % 1440);
      return {opens, opens + 1 + static_cast<int32_t>(random() % (1440 - opens))};
    }
  }
}

TEST_CASE("both business clocks give the same due instants and durations") {
  const std::pair<const char*, const char*> markets[] = {
      {"PL", "Europe/Warsaw"}, {"BR", "America/Sao_Paulo"}, {"HR", "Europe/Zagreb"}};
  std::mt19937_64 random(11);
  for (int i = 0; i < Effort(1500, 150); ++i) {
    const auto& [country, name] = markets[random() % 3];
    WeekHours week{};
    naive::BusinessClock other;
    REQUIRE(absl::LoadTimeZone(name, &other.zone));
    other.holidays.country = country;
    for (size_t day = 0; day < week.size(); ++day) {
      week[day] = AnyHours(random);
      other.hours[day] = {week[day].opens, week[day].closes};
    }
    const BusinessClock clock(std::make_shared<const TimeZone>(TimeZone::Load(name).value()), week,
                              std::make_shared<const HolidayCalendar>(
                                  country, std::vector<LocalDay>{}, std::vector<LocalDay>{}));
    const auto from =
        static_cast<int64_t>((20 + random() % 40) * 365 * static_cast<uint64_t>(kMillisPerDay) +
                             random() % kMillisPerDay);
    const auto open = static_cast<int64_t>(1 + random() % (100 * kMillisPerHour));
    const auto to = from + static_cast<int64_t>(random() % (20 * kMillisPerDay));
    INFO(fmt::format("{} from {} for {}, to {}", name, from, open, to));
    CHECK(clock.Between(Instant(from), Instant(to)) == other.Between(from, to));
    // Which of the last days of ten years counts is nobody's business.
    const int64_t due = clock.Add(Instant(from), open).number();
    if (due < from + 9 * 365 * kMillisPerDay) CHECK(due == other.After(from, open));
  }
}

}  // namespace
}  // namespace flywheel
