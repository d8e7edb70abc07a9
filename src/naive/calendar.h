// Local days of a time zone, as numbers: day 0 is 1970-01-01. Instants are milliseconds since
// 1970-01-01T00:00:00Z.
#ifndef FLYWHEEL_NAIVE_CALENDAR_H_
#define FLYWHEEL_NAIVE_CALENDAR_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace flywheel::naive {

// A finer instant is cut down to the millisecond. Instants outside the years 1 to 9999 are taken as
// the nearest inside.
int64_t MillisOf(const google::protobuf::Timestamp& timestamp);

// The calendar day of an instant.
int32_t DayOf(absl::TimeZone zone, int64_t instant);

// The first millisecond of a day: where the clock skips midnight, the instant of the change; where
// midnight happens twice, the first.
int64_t StartOf(absl::TimeZone zone, int32_t day);

// 1 ms before the next day starts.
int64_t EndOf(absl::TimeZone zone, int32_t day);

// The same day of the month, or the month's last day where there is none.
int32_t MonthsLater(int32_t day, int32_t months);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_CALENDAR_H_
