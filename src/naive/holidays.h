// Public holidays by law, without a policy.
#ifndef FLYWHEEL_NAIVE_HOLIDAYS_H_
#define FLYWHEEL_NAIVE_HOLIDAYS_H_

#include <cstdint>
#include <set>
#include <string_view>

namespace flywheel::naive {

// Easter Sunday of a year as a day (0 is 1970-01-01). REQUIRES: 1583 <= year.
int32_t EasterSunday(int64_t year);

// The days of a year that are public holidays without work by the law of PL, CZ, SK, HU, SI, HR or
// BR (ISO 3166), of years from 1990 on. Law that is in force holds for the years to come. A Sunday
// is among them only where the law names the day itself. Nothing for other countries.
std::set<int32_t> PublicHolidays(std::string_view country, int64_t year);

bool IsPublicHoliday(std::string_view country, int32_t day);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_HOLIDAYS_H_
