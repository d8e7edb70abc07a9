#include "base/time_zone.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return quotient - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

}  // namespace

LocalDay DayOfDate(int year, int month, int day) {
  return LocalDay(
      static_cast<int32_t>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1)));
}

CivilTime DateOfDay(LocalDay day) {
  // By eras of 400 years of years that begin in March, so that the leap day is the last one.
  constexpr int64_t kDaysOfEra = 146'097;
  const int64_t days = int64_t{day.number()} + 719'468;
  const int64_t era = (days >= 0 ? days : days - (kDaysOfEra - 1)) / kDaysOfEra;
  const int64_t in_era = days - era * kDaysOfEra;
  const int64_t years = (in_era - in_era / 1460 + in_era / 36'524 - in_era / 146'096) / 365;
  const int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
  const int64_t month_from_march = (5 * in_year + 2) / 153;
  CivilTime date;
  date.day = static_cast<int>(in_year - (153 * month_from_march + 2) / 5 + 1);
  date.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = static_cast<int>(years + era * 400 + (date.month <= 2 ? 1 : 0));
  return date;
}

LocalDay AddMonths(LocalDay day, int months) {
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day.number();
  const absl::CivilMonth month = absl::CivilMonth(civil) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  const int day_of_month = std::min(civil.day(), last.day());
  return DayOfDate(static_cast<int>(month.year()), month.month(), day_of_month);
}

std::string FormatDay(LocalDay day) {
  const CivilTime date = DateOfDay(day);
  if (date.year < 0 || date.year > 9999) {
    return absl::StrFormat("%04d-%02d-%02d", date.year, date.month, date.day);
  }
  // Digit by digit: answers have many of them.
  std::string text = "0000-00-00";
  const auto put = [&text](size_t last, int number) {
    for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  put(3, date.year);
  put(6, date.month);
  put(9, date.day);
  return text;
}

absl::StatusOr<TimeZone> TimeZone::Load(std::string_view name) {
  absl::TimeZone source;
  if (!absl::LoadTimeZone(std::string(name), &source)) {
    return absl::NotFoundError(
        absl::StrCat("the system has no time zone data for '", std::string(name), "'"));
  }
  TimeZone zone;
  zone.name_ = std::string(name);
  const auto offset_ms = [&source](absl::Time at) {
    return int64_t{source.At(at).offset} * kMillisPerSecond;
  };
  absl::Time at = absl::FromUnixMillis(kEarliestInstant.number());
  const absl::Time end = absl::FromUnixMillis(kLatestInstant.number());
  zone.spans_.push_back({INT64_MIN, offset_ms(at)});
  absl::TimeZone::CivilTransition change;
  while (source.NextTransition(at, &change)) {
    // The earlier of the two civil times is the one that is skipped or happens twice, and of such a
    // time the zone knows the instant of the change.
    const absl::Time next = source.At(std::min(change.from, change.to)).trans;
    if (next <= at || next > end) break;
    at = next;
    const int64_t offset = offset_ms(at);
    if (offset != zone.spans_.back().offset_ms)
      zone.spans_.push_back({absl::ToUnixMillis(at), offset});
  }
  zone.IndexSpans();
  return zone;
}

void TimeZone::IndexSpans() {
  static_assert(kEarliestInstant.number() == 0);
  first_of_stretch_.clear();
  uint16_t span = 0;
  for (int64_t from = 0; from <= kLatestInstant.number(); from += int64_t{1} << kStretchBits) {
    while (span + 1U < spans_.size() && spans_[span + 1U].from_ms <= from) ++span;
    first_of_stretch_.push_back(span);
  }
}

std::vector<TimeZone::Span>::const_iterator TimeZone::SpanAt(int64_t utc_ms) const {
  const int64_t last = static_cast<int64_t>(first_of_stretch_.size()) - 1;
  const int64_t stretch = std::clamp<int64_t>(utc_ms >> kStretchBits, 0, last);
  auto span = spans_.begin() + first_of_stretch_[static_cast<size_t>(stretch)];
  for (auto next = std::next(span); next != spans_.end() && next->from_ms <= utc_ms; ++next) {
    span = next;
  }
  return span;
}

LocalDay TimeZone::Day(Instant instant) const {
  const int64_t utc_ms = instant.number();
  return LocalDay(static_cast<int32_t>(FloorDiv(utc_ms + OffsetAt(utc_ms), kMillisPerDay)));
}

Instant TimeZone::FromCivil(const CivilTime& local) const {
  const absl::CivilSecond civil(local.year, local.month, local.day, local.hour, local.minute,
                                local.second);
  return FromLocalMillis((civil - absl::CivilSecond(1970, 1, 1)) * kMillisPerSecond);
}

std::vector<TimeZone::Span>::const_iterator TimeZone::FirstSpanFor(int64_t local_ms) const {
  // The span of a day earlier: a zone is never further from UTC.
  return SpanAt(local_ms - kMillisPerDay);
}

Instant TimeZone::FromLocalMillis(int64_t local_ms) const {
  // The first span whose local time has not yet been left behind: where the clock goes back this is
  // the offset before the change, so the first of two; where it skips, no span holds the time and
  // the offset before the change is taken.
  for (auto span = FirstSpanFor(local_ms);; ++span) {
    const auto next = std::next(span);
    const int64_t utc_ms = local_ms - span->offset_ms;
    if (next == spans_.end() || utc_ms < next->from_ms) return Instant(utc_ms);
    // Skipped by the change into the next span: with the new offset it would lie before the change.
    if (local_ms - next->offset_ms < next->from_ms) return Instant(utc_ms);
  }
}

Instant TimeZone::StartOf(LocalDay day) const {
  const int64_t local_ms = int64_t{day.number()} * kMillisPerDay;
  for (auto span = FirstSpanFor(local_ms);; ++span) {
    const auto next = std::next(span);
    const int64_t utc_ms = local_ms - span->offset_ms;
    if (next == spans_.end() || utc_ms < next->from_ms) return Instant(utc_ms);
    if (local_ms - next->offset_ms < next->from_ms) return Instant(next->from_ms);
  }
}

uint64_t TimeZone::Fingerprint() const {
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  XXH64_update(&state, name_.data(), name_.size());
  for (const Span& span : spans_) {
    XXH64_update(&state, &span.from_ms, sizeof(span.from_ms));
    XXH64_update(&state, &span.offset_ms, sizeof(span.offset_ms));
  }
  return XXH64_digest(&state);
}

}  // namespace flywheel
