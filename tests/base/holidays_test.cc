#include "base/holidays.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/time_zone.h"

namespace flywheel {
namespace {

// "01-01 01-06 ...": the holidays of a year, as calendars print them.
std::string Holidays(std::string_view country, int year) {
  std::string text;
  for (const LocalDay day : PublicHolidays(country, year)) {
    text += (text.empty() ? "" : " ") + FormatDay(day).substr(5);
  }
  return text;
}

TEST_CASE("Easter is where the calendars have it") {
  CHECK(FormatDay(EasterSunday(1990)) == "1990-04-15");
  CHECK(FormatDay(EasterSunday(2000)) == "2000-04-23");
  CHECK(FormatDay(EasterSunday(2008)) == "2008-03-23");
  CHECK(FormatDay(EasterSunday(2011)) == "2011-04-24");
  CHECK(FormatDay(EasterSunday(2024)) == "2024-03-31");
  CHECK(FormatDay(EasterSunday(2025)) == "2025-04-20");
  CHECK(FormatDay(EasterSunday(2026)) == "2026-04-05");
  CHECK(FormatDay(EasterSunday(2038)) == "2038-04-25");  // the latest possible day
  CHECK(FormatDay(EasterSunday(2199)) == "2199-04-14");
}

TEST_CASE("a whole year of each country") {
  CHECK(Holidays("PL", 2025) ==
        "01-01 01-06 04-20 04-21 05-01 05-03 06-08 06-19 08-15 11-01 11-11 12-24 12-25 12-26");
  CHECK(Holidays("CZ", 2025) ==
        "01-01 04-18 04-21 05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 12-25 12-26");
  CHECK(Holidays("SK", 2023) ==
        "01-01 01-06 04-07 04-10 05-01 05-08 07-05 08-29 09-01 09-15 11-01 11-17 12-24 12-25 "
        "12-26");
  CHECK(Holidays("HU", 2025) ==
        "01-01 03-15 04-18 04-21 05-01 06-09 08-20 10-23 11-01 12-25 12-26");
  CHECK(Holidays("SI", 2025) ==
        "01-01 01-02 02-08 04-20 04-21 04-27 05-01 05-02 06-08 06-25 08-15 10-31 11-01 12-25 "
        "12-26");
  CHECK(Holidays("HR", 2025) ==
        "01-01 01-06 04-20 04-21 05-01 05-30 06-19 06-22 08-05 08-15 11-01 11-18 12-25 12-26");
  CHECK(Holidays("BR", 2025) == "01-01 04-18 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25");
  CHECK(Holidays("DE", 2025).empty());
}

TEST_CASE("a law holds from its year on") {
  const auto has = [](std::string_view country, int year, int month, int day) {
    for (const LocalDay holiday : PublicHolidays(country, year)) {
      if (holiday == DayOfDate(year, month, day)) return true;
    }
    return false;
  };
  struct Change {
    std::string_view country;
    int month;
    int day;
    int last_without;
    int first_with;
  };
  const Change from[] = {
      {"PL", 1, 6, 2010, 2011},   {"PL", 12, 24, 2024, 2025}, {"CZ", 9, 28, 1999, 2000},
      {"CZ", 11, 17, 1999, 2000}, {"SK", 5, 8, 1996, 1997},   {"SK", 11, 17, 2000, 2001},
      {"HU", 11, 1, 1999, 2000},  {"SI", 1, 2, 2016, 2017},   {"HR", 11, 18, 2019, 2020},
      {"HR", 5, 30, 2019, 2020},  {"BR", 11, 2, 2002, 2003},  {"BR", 11, 20, 2023, 2024}};
  for (const Change& change : from) {
    INFO(change.country << " " << change.month << "-" << change.day);
    CHECK_FALSE(has(change.country, change.last_without, change.month, change.day));
    CHECK(has(change.country, change.first_with, change.month, change.day));
    CHECK(has(change.country, 2199, change.month, change.day) ==
          (change.country != "SK" || change.day != 17));
  }
  const Change until[] = {{"SI", 1, 2, 2013, 2012},
                          {"HR", 6, 25, 2020, 2019},
                          {"HR", 10, 8, 2020, 2019},
                          {"SK", 9, 1, 2024, 2023},
                          {"SK", 11, 17, 2025, 2024}};
  for (const Change& change : until) {
    INFO(change.country << " " << change.month << "-" << change.day);
    CHECK(has(change.country, change.first_with, change.month, change.day));
    CHECK_FALSE(has(change.country, change.last_without, change.month, change.day));
  }
  // Good Friday: 25 March 2016 in Czechia, 14 April 2017 in Hungary.
  CHECK_FALSE(has("CZ", 2015, 4, 3));
  CHECK(has("CZ", 2016, 3, 25));
  CHECK_FALSE(has("HU", 2016, 3, 25));
  CHECK(has("HU", 2017, 4, 14));
}

TEST_CASE("some days are off once, or on once") {
  CHECK(Holidays("PL", 2018).find("11-12") != std::string::npos);
  CHECK(Holidays("PL", 2019).find("11-12") == std::string::npos);
  CHECK(Holidays("SK", 2018).find("10-30") != std::string::npos);
  CHECK(Holidays("SK", 2017).find("10-30") == std::string::npos);
  CHECK(Holidays("SK", 2019).find("10-30") == std::string::npos);
  CHECK(Holidays("SI", 2023).find("08-14 08-15") != std::string::npos);
  CHECK(Holidays("SI", 2024).find("08-14") == std::string::npos);
  // Slovakia works on 8 May and 15 September 2026, and not in the years around it.
  for (const int year : {2025, 2027}) {
    CHECK(Holidays("SK", year).find("05-08") != std::string::npos);
    CHECK(Holidays("SK", year).find("09-15") != std::string::npos);
  }
  CHECK(Holidays("SK", 2026) ==
        "01-01 01-06 04-03 04-06 05-01 07-05 08-29 11-01 12-24 12-25 12-26");
}

TEST_CASE("a market's calendar adds days and takes days away") {
  const LocalDay extra = DayOfDate(2026, 3, 3);
  const LocalDay epiphany = DayOfDate(2026, 1, 6);
  const HolidayCalendar plain("PL", {}, {});
  CHECK(plain.Contains(epiphany));
  CHECK_FALSE(plain.Contains(extra));
  CHECK_FALSE(plain.Contains(DayOfDate(2026, 1, 4)));  // a Sunday, no holiday for that

  const HolidayCalendar changed("PL", {extra, extra.Plus(1)}, {epiphany, extra.Plus(1)});
  CHECK(changed.Contains(extra));
  CHECK_FALSE(changed.Contains(epiphany));
  CHECK_FALSE(changed.Contains(extra.Plus(1)));

  const HolidayCalendar unknown("XX", {extra}, {});
  CHECK(unknown.Contains(extra));
  CHECK_FALSE(unknown.Contains(DayOfDate(2026, 1, 1)));
}

TEST_CASE("the table of days agrees with the rules, to its ends and beyond") {
  for (const std::string_view country : {"PL", "CZ", "SK", "HU", "SI", "HR", "BR"}) {
    const HolidayCalendar calendar(country, {}, {});
    for (const int year : {1968, 1969, 1990, 2018, 2026, 2199, 2200, 2201}) {
      std::vector<LocalDay> held;
      for (LocalDay day = DayOfDate(year, 1, 1); day < DayOfDate(year + 1, 1, 1);
           day = day.Plus(1)) {
        if (calendar.Contains(day)) held.push_back(day);
      }
      CHECK(held == PublicHolidays(country, year));
    }
  }
}

}  // namespace
}  // namespace flywheel
