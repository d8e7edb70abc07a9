#include "naive/calendar.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace flywheel::naive {
namespace {

constexpr int64_t kFirstSecondOfYear1 = -62135596800;
constexpr int64_t kLastSecondOfYear9999 = 253402300799;
constexpr absl::CivilDay kDayZero(1970, 1, 1);

}  // namespace

int64_t MillisOf(const google::protobuf::Timestamp& timestamp) {
  const int64_t seconds =
      std::clamp<int64_t>(timestamp.seconds(), kFirstSecondOfYear1, kLastSecondOfYear9999);
  return seconds * 1000 + timestamp.nanos() / 1'000'000;
}

int32_t DayOf(absl::TimeZone zone, int64_t instant) {
  const absl::CivilDay day(zone.At(absl::FromUnixMillis(instant)).cs);
  return static_cast<int32_t>(day - kDayZero);
}

int64_t StartOf(absl::TimeZone zone, int32_t day) {
  const absl::TimeZone::TimeInfo midnight = zone.At(absl::CivilSecond(kDayZero + day));
  const bool skipped = midnight.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixMillis(skipped ? midnight.trans : midnight.pre);
}

int64_t EndOf(absl::TimeZone zone, int32_t day) { return StartOf(zone, day + 1) - 1; }

int32_t MonthsLater(int32_t day, int32_t months) {
  const absl::CivilDay from = kDayZero + day;
  const absl::CivilMonth month = absl::CivilMonth(from) + months;
  const absl::CivilDay last_of_month = absl::CivilDay(month + 1) - 1;
  const absl::CivilDay same_number = absl::CivilDay(month) + (from.day() - 1);
  return static_cast<int32_t>(std::min(same_number, last_of_month) - kDayZero);
}

}  // namespace flywheel::naive
