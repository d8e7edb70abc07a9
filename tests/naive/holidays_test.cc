// Public holidays: each change of law at its edge.
#include "naive/holidays.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/time/civil_time.h"

namespace flywheel::naive {
namespace {

int32_t Date(int year, int month, int day) {
  return static_cast<int32_t>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1));
}

bool IsOff(const std::string& country, int year, int month, int day) {
  return IsPublicHoliday(country, Date(year, month, day));
}

}  // namespace

TEST_CASE("Easter falls where the almanacs say") {
  CHECK(EasterSunday(1990) == Date(1990, 4, 15));
  CHECK(EasterSunday(2000) == Date(2000, 4, 23));
  CHECK(EasterSunday(2008) == Date(2008, 3, 23));
  CHECK(EasterSunday(2011) == Date(2011, 4, 24));
  CHECK(EasterSunday(2024) == Date(2024, 3, 31));
  CHECK(EasterSunday(2025) == Date(2025, 4, 20));
  CHECK(EasterSunday(2038) == Date(2038, 4, 25));  // the latest that is possible
  CHECK(EasterSunday(2100) == Date(2100, 3, 28));
}

TEST_CASE("all of Poland's holidays of 2025") {
  CHECK(PublicHolidays("PL", 2025) ==
        std::set<int32_t>{Date(2025, 1, 1), Date(2025, 1, 6), Date(2025, 4, 20), Date(2025, 4, 21),
                          Date(2025, 5, 1), Date(2025, 5, 3), Date(2025, 6, 8), Date(2025, 6, 19),
                          Date(2025, 8, 15), Date(2025, 11, 1), Date(2025, 11, 11),
                          Date(2025, 12, 24), Date(2025, 12, 25), Date(2025, 12, 26)});
}

TEST_CASE("changes of Poland's law") {
  CHECK_FALSE(IsOff("PL", 2010, 1, 6));
  CHECK(IsOff("PL", 2011, 1, 6));
  CHECK(IsOff("PL", 2018, 11, 12));
  CHECK_FALSE(IsOff("PL", 2019, 11, 12));
  CHECK_FALSE(IsOff("PL", 2024, 12, 24));
  CHECK(IsOff("PL", 2025, 12, 24));
}

TEST_CASE("changes of Czech law") {
  CHECK(IsOff("CZ", 1991, 5, 9));
  CHECK_FALSE(IsOff("CZ", 1992, 5, 9));
  CHECK(IsOff("CZ", 1992, 5, 8));
  CHECK_FALSE(IsOff("CZ", 1999, 11, 17));
  CHECK(IsOff("CZ", 2000, 11, 17));
  CHECK_FALSE(IsOff("CZ", 2015, 4, 3));  // Good Friday
  CHECK(IsOff("CZ", 2016, 3, 25));
}

TEST_CASE("changes of Slovak law") {
  CHECK_FALSE(IsOff("SK", 1992, 7, 6));  // in Czechia alone
  CHECK_FALSE(IsOff("SK", 1996, 5, 8));
  CHECK(IsOff("SK", 1997, 5, 8));
  CHECK(IsOff("SK", 2018, 10, 30));
  CHECK_FALSE(IsOff("SK", 2019, 10, 30));
  CHECK(IsOff("SK", 2023, 9, 1));
  CHECK_FALSE(IsOff("SK", 2024, 9, 1));
  CHECK(IsOff("SK", 2024, 11, 17));
  CHECK_FALSE(IsOff("SK", 2025, 11, 17));
  CHECK(IsOff("SK", 2025, 9, 15));
  CHECK_FALSE(IsOff("SK", 2026, 5, 8));
  CHECK_FALSE(IsOff("SK", 2026, 9, 15));
  CHECK(IsOff("SK", 2027, 5, 8));
  CHECK(IsOff("SK", 2027, 9, 15));
}

TEST_CASE("changes of Hungarian law") {
  CHECK_FALSE(IsOff("HU", 1999, 11, 1));
  CHECK(IsOff("HU", 2000, 11, 1));
  CHECK_FALSE(IsOff("HU", 2016, 3, 25));  // Good Friday
  CHECK(IsOff("HU", 2017, 4, 14));
  CHECK(IsOff("HU", 2024, 5, 20));        // Monday of Pentecost
  CHECK_FALSE(IsOff("HU", 2024, 5, 19));  // a Sunday like others
  CHECK_FALSE(IsOff("HU", 2025, 12, 24));
  CHECK(IsOff("HU", 2026, 12, 24));
}

TEST_CASE("changes of Slovenian law") {
  CHECK(IsOff("SI", 2012, 1, 2));
  CHECK_FALSE(IsOff("SI", 2013, 1, 2));
  CHECK_FALSE(IsOff("SI", 2016, 1, 2));
  CHECK(IsOff("SI", 2017, 1, 2));
  CHECK(IsOff("SI", 2023, 8, 14));
  CHECK_FALSE(IsOff("SI", 2024, 8, 14));
}

TEST_CASE("changes of Croatian law") {
  CHECK_FALSE(IsOff("HR", 1995, 8, 5));
  CHECK(IsOff("HR", 1996, 8, 5));
  CHECK(IsOff("HR", 2019, 6, 25));
  CHECK_FALSE(IsOff("HR", 2020, 6, 25));
  CHECK(IsOff("HR", 2019, 10, 8));
  CHECK_FALSE(IsOff("HR", 2020, 10, 8));
  CHECK_FALSE(IsOff("HR", 2019, 5, 30));
  CHECK(IsOff("HR", 2020, 5, 30));
  CHECK_FALSE(IsOff("HR", 2019, 11, 18));
  CHECK(IsOff("HR", 2020, 11, 18));
  CHECK(IsOff("HR", 2024, 5, 30));  // Corpus Christi fell on it
}

TEST_CASE("changes of Brazilian law; carnival and Corpus Christi are no holidays of the nation") {
  CHECK_FALSE(IsOff("BR", 2002, 11, 2));
  CHECK(IsOff("BR", 2003, 11, 2));
  CHECK_FALSE(IsOff("BR", 2023, 11, 20));
  CHECK(IsOff("BR", 2024, 11, 20));
  CHECK(IsOff("BR", 2018, 3, 30));        // Good Friday
  CHECK_FALSE(IsOff("BR", 2018, 2, 13));  // the Tuesday of carnival
  CHECK_FALSE(IsOff("BR", 2018, 5, 31));  // Corpus Christi
}

TEST_CASE("an unknown country has no holidays") {
  CHECK(PublicHolidays("DE", 2025).empty());
  CHECK_FALSE(IsOff("DE", 2025, 12, 25));
}

}  // namespace flywheel::naive
