#include "naive/holidays.h"

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

namespace flywheel::naive {
namespace {

constexpr absl::CivilDay kDayZero(1970, 1, 1);
constexpr int64_t kAlways = 0;
constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

// Days after Easter Sunday.
constexpr int32_t kGoodFriday = -2;
constexpr int32_t kEaster = 0;
constexpr int32_t kEasterMonday = 1;
constexpr int32_t kPentecost = 49;
constexpr int32_t kPentecostMonday = 50;
constexpr int32_t kCorpusChristi = 60;

// A day of each year from `first` to `last`: a date, or as many days after Easter where the month
// is 0.
struct Holiday {
  int month = 0;
  int32_t day = 0;
  int64_t first = kAlways;
  int64_t last = kForEver;
};
using Table = std::vector<Holiday>;

Holiday Easter(int32_t days_after, int64_t first = kAlways, int64_t last = kForEver) {
  return {0, days_after, first, last};
}

// Act of 18 January 1951 on days free from work. It names Easter Sunday and Pentecost.
Table Poland() {
  return {
      {1, 1},
      {1, 6, 2011},  // Epiphany: act of 24 September 2010
      Easter(kEaster),
      Easter(kEasterMonday),
      {5, 1},
      {5, 3},  // act of 6 April 1990, which also ended 22 July
      Easter(kPentecost),
      Easter(kCorpusChristi),
      {8, 15},  // act of 17 May 1989
      {11, 1},
      {11, 11},              // act of 15 February 1989
      {11, 12, 2018, 2018},  // once, for the centenary: act of 7 November 2018
      {12, 24, 2025},        // act of 6 December 2024, in force from 1 February 2025
      {12, 25},
      {12, 26},
  };
}

// Act 93/1951; from 9 August 2000 Act 245/2000.
Table Czechia() {
  return {
      {1, 1},
      Easter(kGoodFriday, 2016),  // Act 359/2015
      Easter(kEasterMonday),
      {5, 1},
      {5, 9, kAlways, 1991},
      {5, 8, 1992},  // instead of the 9th: Act 218/1991
      {7, 5},        // Act 167/1990
      {7, 6},        // Act 204/1990 of the Czech National Council
      {9, 28, 2000},
      {10, 28},
      {11, 17, 2000},  // before that a memorial day, on which people worked
      {12, 24},        // Act 167/1990
      {12, 25},
      {12, 26},
  };
}

// Until 1993 the Czechoslovak Act 93/1951; from 1994 Act 241/1993.
Table Slovakia() {
  return {
      {1, 1},
      {1, 6, 1994},
      Easter(kGoodFriday, 1994),
      Easter(kEasterMonday),
      {5, 1},
      {5, 9, kAlways, 1991},
      {5, 8, 1992, 1993},  // Act 218/1991
      {5, 8, 1997, 2025},  // Act 201/1996
      {5, 8, 2027},        // a working day in 2026 alone: Act 261/2025
      {7, 5},
      {8, 29, 1994},
      {9, 1, 1994, 2023},  // still a state holiday, no longer a day off: Act 530/2023
      {9, 15, 1994, 2025},
      {9, 15, 2027},  // a working day in 2026 alone: Act 261/2025
      {10, 28, kAlways, 1993},
      {10, 30, 2018, 2018},  // once, for the centenary of the Martin Declaration
      {11, 1, 1994},
      {11, 17, 2001, 2024},  // added by Act 442/2001; no longer a day off: Act 261/2025
      {12, 24},
      {12, 25},
      {12, 26},
  };
}

// The Labour Code: Act II of 1967, Act XXII of 1992, Act I of 2012. It names no Sundays: Easter and
// Pentecost Sunday only count like holidays for pay. Days that a decree swaps with Saturdays are no
// holidays; a policy can add them.
Table Hungary() {
  return {
      {1, 1},
      {3, 15},
      Easter(kGoodFriday, 2017),  // Act XIII of 2017
      Easter(kEasterMonday),
      {5, 1},
      Easter(kPentecostMonday, 1992),  // Act XXII of 1992
      {8, 20},
      {10, 23, 1991},  // Act VIII of 1991
      {11, 1, 2000},   // Act CXXIII of 1999, in force from 2000
      {12, 24, 2026},  // Act LXXII of 2026
      {12, 25},
      {12, 26},
  };
}

// The act on holidays and work-free days of 1991 (Official Gazette 26/91), which names Easter
// Sunday and Pentecost. Before it: Yugoslav and republican holidays.
Table Slovenia() {
  return {
      {1, 1},
      {1, 2, kAlways, 2012},  // ended by the Fiscal Balance Act of 2012 ...
      {1, 2, 2017},           // ... and given back by the amendment of 2016
      {2, 8, 1991},
      Easter(kEaster, 1992),
      Easter(kEasterMonday, 1992),
      {4, 27},
      {5, 1},
      {5, 2},
      Easter(kPentecost, 1992),
      {6, 25, 1992},
      {7, 4, kAlways, 1990},
      {7, 22, kAlways, 1990},
      {8, 14, 2023, 2023},  // once, after the floods: solidarity day
      {8, 15, 1992},
      {10, 31, 1992},
      {11, 1},
      {11, 29, kAlways, 1990},
      {11, 30, kAlways, 1990},
      {12, 25, 1991},
      {12, 26, 1991},
  };
}

// The acts on holidays of 1991 (Official Gazette 14/91), 1996 (33/96) and 2019 (110/19). Before
// them: Yugoslav and republican holidays.
Table Croatia() {
  return {
      {1, 1},
      {1, 2, kAlways, 1990},
      {1, 6, 1991, 2001},     // left out by the amendment 96/01 ...
      {1, 6, 2003},           // ... and given back in 2002, after the day itself
      Easter(kEaster, 2009),  // amendment of 2008
      Easter(kEasterMonday, 1991),
      {5, 1},
      {5, 2, kAlways, 1990},
      {5, 30, 1991, 2001},
      {5, 30, 2020},                 // statehood day again: 110/19
      Easter(kCorpusChristi, 2002),  // amendment 96/01
      {6, 22, 1991},
      {6, 25, 2002, 2019},  // amendment 96/01; a memorial day since 110/19
      {7, 4, kAlways, 1990},
      {7, 27, kAlways, 1990},
      {8, 5, 1996},  // act 33/96
      {8, 15, 1991},
      {10, 8, 2002, 2019},  // amendment 96/01; a memorial day since 110/19
      {11, 1, 1991},
      {11, 18, 2020},  // 110/19
      {11, 29, kAlways, 1990},
      {11, 30, kAlways, 1990},
      {12, 25, 1991},
      {12, 26, 1991},
  };
}

// Acts 662/1949 and 1266/1950, with 12 October by act 6802/1980, 2 November by act 10607/2002 and
// 20 November by act 14759/2023. Carnival and Corpus Christi are no holidays of the nation. Good
// Friday is the one religious holiday that the federal law names (9093/1995).
Table Brazil() {
  return {{1, 1},   Easter(kGoodFriday), {4, 21},  {5, 1},         {9, 7},
          {10, 12}, {11, 2, 2003},       {11, 15}, {11, 20, 2024}, {12, 25}};
}

const Table& TableOf(std::string_view country) {
  static const auto& tables = *new std::map<std::string, Table, std::less<>>{
      {"PL", Poland()},   {"CZ", Czechia()}, {"SK", Slovakia()}, {"HU", Hungary()},
      {"SI", Slovenia()}, {"HR", Croatia()}, {"BR", Brazil()}};
  static const Table& none = *new Table();
  const auto found = tables.find(country);
  return found == tables.end() ? none : found->second;
}

int32_t DayNumber(absl::CivilDay day) { return static_cast<int32_t>(day - kDayZero); }

}  // namespace

// The anonymous Gregorian computus.
int32_t EasterSunday(int64_t year) {
  const int64_t a = year % 19;
  const int64_t b = year / 100;
  const int64_t c = year % 100;
  const int64_t d = b / 4;
  const int64_t e = b % 4;
  const int64_t f = (b + 8) / 25;
  const int64_t g = (b - f + 1) / 3;
  const int64_t h = (19 * a + b - d - g + 15) % 30;
  const int64_t i = c / 4;
  const int64_t k = c % 4;
  const int64_t l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int64_t m = (a + 11 * h + 22 * l) / 451;
  const int64_t n = h + l - 7 * m + 114;
  return DayNumber(absl::CivilDay(year, static_cast<int>(n / 31), static_cast<int>(n % 31 + 1)));
}

std::set<int32_t> PublicHolidays(std::string_view country, int64_t year) {
  std::set<int32_t> days;
  for (const Holiday& holiday : TableOf(country)) {
    if (year < holiday.first || year > holiday.last) continue;
    days.insert(holiday.month == 0 ? EasterSunday(year) + holiday.day
                                   : DayNumber(absl::CivilDay(year, holiday.month, holiday.day)));
  }
  return days;
}

bool IsPublicHoliday(std::string_view country, int32_t day) {
  return PublicHolidays(country, (kDayZero + day).year()).contains(day);
}

}  // namespace flywheel::naive
