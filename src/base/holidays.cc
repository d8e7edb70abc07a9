#include "base/holidays.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "base/time_zone.h"

namespace flywheel {
namespace {

// A day that is a holiday in the years first..last: of a month, or so many days after Easter.
struct HolidayRule {
  int month;  // kEaster: `day` counts from Easter Sunday
  int day;
  int first = 0;
  int last = 9999;
};
constexpr int kEaster = 0;
constexpr int kGoodFriday = -2;
constexpr int kEasterSunday = 0;
constexpr int kEasterMonday = 1;
constexpr int kPentecost = 49;
constexpr int kWhitMonday = 50;
constexpr int kCorpusChristi = 60;

// Act of 18 January 1951 on days free from work (Dz.U. 1951 nr 4 poz. 28), with its changes.
constexpr HolidayRule kPoland[] = {
    {1, 1},
    {1, 6, 2011},  // Act of 24 September 2010
    {kEaster, kEasterSunday},
    {kEaster, kEasterMonday},
    {5, 1},
    {5, 3},  // Act of 6 April 1990
    {kEaster, kPentecost},
    {kEaster, kCorpusChristi},
    {8, 15},  // 1989
    {11, 1},
    {11, 11},              // 1989
    {11, 12, 2018, 2018},  // Act of 7 November 2018: a hundred years of independence, once
    {12, 24, 2025},        // Act of 6 December 2024
    {12, 25},
    {12, 26},
};

// Act 93/1951 Sb. until 2000, then Act 245/2000 Sb. on holidays, in force from 9 August 2000.
constexpr HolidayRule kCzechia[] = {
    {1, 1},
    {kEaster, kGoodFriday, 2016},  // Act 359/2015 Sb.
    {kEaster, kEasterMonday},
    {5, 1},
    {5, 8, 1992},  // the end of the war moved from the 9th to the 8th
    {5, 9, 0, 1991},
    {7, 5},
    {7, 6},  // Act 204/1990 Sb.
    {9, 28, 2000},
    {10, 28},
    {11, 17, 2000},
    {12, 24},
    {12, 25},
    {12, 26},
};

// Act 93/1951 Sb. of Czechoslovakia until 1993, then Act 241/1993 Z.z. on holidays and days of
// rest, in force from 1 January 1994.
constexpr HolidayRule kSlovakia[] = {
    {1, 1},
    {1, 6, 1994},
    {kEaster, kGoodFriday, 1994},
    {kEaster, kEasterMonday},
    {5, 1},
    {5, 8, 1992, 1993},
    {5, 8, 1997, 2025},  // Act 201/1996 Z.z.
    {5, 8, 2027},        // consolidation of 2025: no day of rest in 2026 alone
    {5, 9, 0, 1991},
    {7, 5},
    {8, 29, 1994},
    {9, 1, 1994, 2023},  // consolidation of 2023: a holiday, but no day of rest from 2024 on
    {9, 15, 1994, 2025},
    {9, 15, 2027},  // consolidation of 2025: no day of rest in 2026 alone
    {10, 28, 0, 1993},
    {10, 30, 2018, 2018},  // a hundred years of the Martin Declaration, once
    {11, 1, 1994},
    {11, 17, 2001, 2024},  // Act 442/2001 Z.z.; consolidation of 2025: no day of rest since
    {12, 24},
    {12, 25},
    {12, 26},
};

// Labour Code: Act II of 1967, Act XXII of 1992 section 125, Act I of 2012 section 102. Days off
// that a ministry swaps for Saturdays are no holidays.
constexpr HolidayRule kHungary[] = {
    {1, 1},
    {3, 15},
    {kEaster, kGoodFriday, 2017},  // Act XIII of 2017
    {kEaster, kEasterMonday},
    {5, 1},
    {kEaster, kWhitMonday, 1992},  // Act XXII of 1992
    {8, 20},
    {10, 23, 1991},  // Act VIII of 1991
    {11, 1, 2000},   // Act CXXIII of 1999, in force from 1 January 2000
    {12, 24, 2026},  // Act LXXII of 2026
    {12, 25},
    {12, 26},
};

// Holidays and Days Off Act (Uradni list RS 26/1991), with its changes; the days of Yugoslavia
// before.
constexpr HolidayRule kSlovenia[] = {
    {1, 1},
    {1, 2, 0, 2012},  // Fiscal Balance Act of 2012
    {1, 2, 2017},     // Uradni list RS 83/2016
    {2, 8, 1991},
    {kEaster, kEasterSunday, 1992},
    {kEaster, kEasterMonday, 1992},
    {4, 27},
    {5, 1},
    {5, 2},
    {kEaster, kPentecost, 1992},
    {6, 25, 1992},
    {7, 4, 0, 1990},
    {7, 22, 0, 1990},
    {8, 14, 2023, 2023},  // a day of solidarity after the floods, once
    {8, 15, 1992},
    {10, 31, 1992},
    {11, 1},
    {11, 29, 0, 1990},
    {11, 30, 0, 1990},
    {12, 25, 1991},
    {12, 26, 1991},
};

// Acts on holidays NN 14/1991, NN 33/1996 with its changes, and NN 110/2019 from 2020 on; the days
// of Yugoslavia before.
constexpr HolidayRule kCroatia[] = {
    {1, 1},
    {1, 2, 0, 1990},
    {1, 6, 1991, 2001},
    {1, 6, 2003},                    // NN 96/2001 left it out, NN 13/2002 brought it back
    {kEaster, kEasterSunday, 2009},  // NN 55/2008
    {kEaster, kEasterMonday, 1991},
    {5, 1},
    {5, 2, 0, 1990},
    {5, 30, 1991, 2001},  // Statehood Day, to 25 June and back again
    {5, 30, 2020},
    {kEaster, kCorpusChristi, 2002},  // NN 96/2001
    {6, 22, 1991},
    {6, 25, 2002, 2019},
    {7, 4, 0, 1990},
    {7, 27, 0, 1990},
    {8, 5, 1996},  // NN 33/1996
    {8, 15, 1991},
    {10, 8, 2002, 2019},
    {11, 1, 1991},
    {11, 18, 2020},  // NN 110/2019
    {11, 29, 0, 1990},
    {11, 30, 0, 1990},
    {12, 25, 1991},
    {12, 26, 1991},
};

// Laws 662/1949, 1266/1950 and 6802/1980. Carnival and Corpus Christi are no holidays by federal
// law; Good Friday is one everywhere by Law 9093/1995, before by Decree-Law 86/1966.
constexpr HolidayRule kBrazil[] = {
    {1, 1},   {kEaster, kGoodFriday}, {4, 21}, {5, 1}, {9, 7},
    {10, 12}, {11, 2, 2003},   // Law 10607 of 19 December 2002
    {11, 15}, {11, 20, 2024},  // Law 14759 of 21 December 2023
    {12, 25},
};

struct Country {
  std::string_view code;
  const HolidayRule* begin;
  const HolidayRule* end;
};
constexpr std::array kCountries = {
    Country{"BR", std::begin(kBrazil), std::end(kBrazil)},
    Country{"CZ", std::begin(kCzechia), std::end(kCzechia)},
    Country{"HR", std::begin(kCroatia), std::end(kCroatia)},
    Country{"HU", std::begin(kHungary), std::end(kHungary)},
    Country{"PL", std::begin(kPoland), std::end(kPoland)},
    Country{"SI", std::begin(kSlovenia), std::end(kSlovenia)},
    Country{"SK", std::begin(kSlovakia), std::end(kSlovakia)},
};

// The years of the table of days: every local day of an instant that Flywheel takes.
constexpr int kFirstYear = 1969;
constexpr int kLastYear = 2200;

LocalDay FirstDay() {
  static const LocalDay day = DayOfDate(kFirstYear, 1, 1);
  return day;
}

using DayTables = std::map<std::string, std::vector<bool>, std::less<>>;

DayTables MakeTables() {
  DayTables tables;
  const LocalDay first = FirstDay();
  const auto days = static_cast<size_t>(DayOfDate(kLastYear + 1, 1, 1).number() - first.number());
  for (const Country& country : kCountries) {
    std::vector<bool>& table = tables[std::string(country.code)];
    table.resize(days);
    for (int year = kFirstYear; year <= kLastYear; ++year) {
      for (const LocalDay day : PublicHolidays(country.code, year)) {
        table[static_cast<size_t>(day.number() - first.number())] = true;
      }
    }
  }
  return tables;
}

const std::vector<bool>& TableOf(std::string_view country) {
  static const DayTables tables = MakeTables();
  static const std::vector<bool> none;
  const auto found = tables.find(country);
  return found == tables.end() ? none : found->second;
}

bool Holds(const std::vector<LocalDay>& days, LocalDay day) {
  return std::binary_search(days.begin(), days.end(), day);
}

}  // namespace

LocalDay EasterSunday(int year) {
  // The rule of the Gregorian calendar, as Butcher's algorithm computes it.
  const int golden = year % 19;
  const int century = year / 100;
  const int of_century = year % 100;
  const int skipped_moons = (8 * century + 13) / 25;
  const int epact = (19 * golden + century - century / 4 - skipped_moons + 15) % 30;
  const int to_sunday =
      (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
  const int late = (golden + 11 * epact + 22 * to_sunday) / 451;
  const int days = epact + to_sunday - 7 * late + 114;
  return DayOfDate(year, days / 31, days % 31 + 1);
}

std::vector<LocalDay> PublicHolidays(std::string_view country, int year) {
  std::vector<LocalDay> days;
  const LocalDay easter = EasterSunday(year);
  for (const Country& known : kCountries) {
    if (known.code != country) continue;
    for (const HolidayRule* rule = known.begin; rule != known.end; ++rule) {
      if (year < rule->first || year > rule->last) continue;
      days.push_back(rule->month == kEaster ? easter.Plus(rule->day)
                                            : DayOfDate(year, rule->month, rule->day));
    }
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  return days;
}

HolidayCalendar::HolidayCalendar(std::string_view country, std::vector<LocalDay> extra,
                                 std::vector<LocalDay> cancelled)
    : country_(country),
      public_days_(&TableOf(country)),
      extra_(std::move(extra)),
      cancelled_(std::move(cancelled)) {}

bool HolidayCalendar::Contains(LocalDay day) const {
  if (Holds(cancelled_, day)) return false;
  if (Holds(extra_, day)) return true;
  const int64_t at = int64_t{day.number()} - FirstDay().number();
  if (at >= 0 && at < static_cast<int64_t>(public_days_->size())) {
    return (*public_days_)[static_cast<size_t>(at)];
  }
  return Holds(PublicHolidays(country_, DateOfDay(day).year), day);
}

}  // namespace flywheel
