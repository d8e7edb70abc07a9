// Public holidays by law of the countries that Flywheel's markets lie in, by year.
#ifndef FLYWHEEL_BASE_HOLIDAYS_H_
#define FLYWHEEL_BASE_HOLIDAYS_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"

namespace flywheel {

// Easter Sunday of the western churches in a year of the Gregorian calendar.
LocalDay EasterSunday(int year);

// The public holidays of a country in a year, rising: days off by the law of the whole country that
// held on that day. A Sunday is one only where the law names it (Easter, Pentecost). Nothing for a
// country other than PL, CZ, SK, HU, SI, HR and BR. Years from 1990 on are as they were; before,
// the rules of 1990 are taken.
std::vector<LocalDay> PublicHolidays(std::string_view country, int year);

// The holidays of one market: the public ones of a country, with days added and taken away.
//
// Concurrency: immutable; any thread.
class HolidayCalendar {
 public:
  // `extra` and `cancelled` rise; a day in both is none. An unknown country has no holidays of its
  // own.
  HolidayCalendar(std::string_view country, std::vector<LocalDay> extra,
                  std::vector<LocalDay> cancelled);

  // A look-up in a table between 1969 and 2200.
  bool Contains(LocalDay day) const;

 private:
  std::string country_;
  const std::vector<bool>* public_days_;  // by day from kFirstDay on; lives for ever
  std::vector<LocalDay> extra_;
  std::vector<LocalDay> cancelled_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_HOLIDAYS_H_
