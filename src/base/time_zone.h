// Local days of a market: which calendar day an instant falls on, and when a day starts and ends.
#ifndef FLYWHEEL_BASE_TIME_ZONE_H_
#define FLYWHEEL_BASE_TIME_ZONE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"

namespace flywheel {

// A wall-clock time of no particular zone.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// Calendar arithmetic on days alone (proleptic Gregorian).
LocalDay DayOfDate(int year, int month, int day);
CivilTime DateOfDay(LocalDay day);
// The same day of the month `months` later, or that month's last day: 12 months after 29 February
// is 28 February.
LocalDay AddMonths(LocalDay day, int months);
// "2018-02-28".
std::string FormatDay(LocalDay day);

// The rules of one IANA time zone, between kEarliestInstant and kLatestInstant (beyond, the last
// offset goes on).
//
// Concurrency: immutable after Load; any thread may call it.
class TimeZone {
 public:
  // Reads the system's zone `name`, e.g. "Europe/Warsaw". NotFound when the system does not know
  // it.
  static absl::StatusOr<TimeZone> Load(std::string_view name);

  const std::string& name() const { return name_; }

  // The calendar day of the instant here.
  LocalDay Day(Instant instant) const;

  // First and last millisecond of a day. Where the clock skips midnight the day starts at the
  // change; EndOf is 1 ms before the next day starts.
  Instant StartOf(LocalDay day) const;
  Instant EndOf(LocalDay day) const { return StartOf(day.Plus(1)).Plus(-1); }

  // The instant of a local time. One that the clock skips is taken with the offset before the
  // change; one that happens twice is the first.
  Instant FromCivil(const CivilTime& local) const;
  // The same of a day and the minutes of the clock after its midnight.
  Instant At(LocalDay day, int32_t minute) const {
    return FromLocalMillis(int64_t{day.number()} * kMillisPerDay + minute * kMillisPerMinute);
  }

  // A hash of all changes of the clock: a part of the fold version, since the same log under other
  // time zone data may give other rows.
  uint64_t Fingerprint() const;

 private:
  static constexpr int kStretchBits = 32;

  // From `from` on (inclusive) local time is UTC + offset.
  struct Span {
    int64_t from_ms;
    int64_t offset_ms;
  };

  // Fills `first_of_stretch_`.
  void IndexSpans();
  // The span that holds an instant.
  std::vector<Span>::const_iterator SpanAt(int64_t utc_ms) const;
  int64_t OffsetAt(int64_t utc_ms) const { return SpanAt(utc_ms)->offset_ms; }
  // The first span that can hold a local time.
  std::vector<Span>::const_iterator FirstSpanFor(int64_t local_ms) const;
  Instant FromLocalMillis(int64_t local_ms) const;

  std::string name_;
  std::vector<Span> spans_;  // by from_ms; never empty
  // Of each stretch of 2^kStretchBits ms (50 days) from kEarliestInstant on, the span that holds
  // its beginning: clocks change a few times a year, so the span of an instant is that one or the
  // next.
  std::vector<uint16_t> first_of_stretch_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_TIME_ZONE_H_
