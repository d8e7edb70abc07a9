#include "base/instant_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "base/time_zone.h"

namespace flywheel {
namespace {

// Reads a text from the left; every step gives false or nullopt where it does not fit.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  bool Take(char wanted) {
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly so many digits.
  std::optional<int> Digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  // A decimal fraction of a second, at least one digit, as whole milliseconds.
  std::optional<int> Millis() {
    size_t digits = 0;
    int millis = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1), ++digits) {
      if (digits < 3) millis = millis * 10 + (rest_[0] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) millis *= 10;
    return millis;
  }

 private:
  std::string_view rest_;
};

struct DateTime {
  CivilTime civil;
  int millis = 0;
  int offset_minutes = 0;
};

bool ReadDate(TextReader& in, CivilTime& civil) {
  const std::optional<int> year = in.Digits(4);
  if (!year || !in.Take('-')) return false;
  const std::optional<int> month = in.Digits(2);
  if (!month || !in.Take('-')) return false;
  const std::optional<int> day = in.Digits(2);
  if (!day) return false;
  civil.year = *year;
  civil.month = *month;
  civil.day = *day;
  return true;
}

bool ReadTime(TextReader& in, DateTime& read) {
  const std::optional<int> hour = in.Digits(2);
  if (!hour || !in.Take(':')) return false;
  const std::optional<int> minute = in.Digits(2);
  if (!minute || !in.Take(':')) return false;
  const std::optional<int> second = in.Digits(2);
  if (!second) return false;
  if (in.Take('.')) {
    const std::optional<int> millis = in.Millis();
    if (!millis) return false;
    read.millis = *millis;
  }
  read.civil.hour = *hour;
  read.civil.minute = *minute;
  read.civil.second = *second;
  return true;
}

bool ReadOffset(TextReader& in, int& offset_minutes) {
  if (in.Take('Z') || in.Take('z')) return true;
  const bool east = in.Take('+');
  if (!east && !in.Take('-')) return false;
  const std::optional<int> hours = in.Digits(2);
  if (!hours || !in.Take(':')) return false;
  const std::optional<int> minutes = in.Digits(2);
  if (!minutes || *hours > 23 || *minutes > 59) return false;
  offset_minutes = (*hours * 60 + *minutes) * (east ? 1 : -1);
  return true;
}

std::optional<DateTime> ReadDateTime(std::string_view text) {
  TextReader in(text);
  DateTime read;
  if (!ReadDate(in, read.civil) || !(in.Take('T') || in.Take('t')) || !ReadTime(in, read) ||
      !ReadOffset(in, read.offset_minutes) || !in.AtEnd()) {
    return std::nullopt;
  }
  return read;
}

bool Exists(const CivilTime& civil) {
  if (civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > 31 || civil.hour > 23 ||
      civil.minute > 59 || civil.second > 59) {
    return false;
  }
  return DateOfDay(DayOfDate(civil.year, civil.month, civil.day)).day == civil.day;
}

}  // namespace

absl::StatusOr<Instant> ParseInstant(std::string_view text) {
  const std::optional<DateTime> read = ReadDateTime(text);
  if (!read) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is no instant like 2018-10-17T17:30:18Z or 2018-10-17T19:30:18.5+02:00", text));
  }
  if (!Exists(read->civil)) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' names a day or a time that does not exist", text));
  }
  const int64_t day = DayOfDate(read->civil.year, read->civil.month, read->civil.day).number();
  const int64_t minutes =
      int64_t{read->civil.hour} * 60 + read->civil.minute - read->offset_minutes;
  const Instant instant(day * kMillisPerDay + minutes * kMillisPerMinute +
                        read->civil.second * kMillisPerSecond + read->millis);
  if (instant < kEarliestInstant || instant > kLatestInstant) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is not between 1970-01-01T00:00:00Z and 2199-12-31T23:59:59.999Z", text));
  }
  return instant;
}

// Digit by digit: every answer has several of them.
std::string FormatInstant(Instant instant) {
  const int64_t day = instant.number() / kMillisPerDay;
  const int64_t millis = instant.number() % kMillisPerDay;
  std::string text = FormatDay(LocalDay(static_cast<int32_t>(day)));
  const auto append = [&text](char before, int64_t number, int digits) {
    text.push_back(before);
    for (int64_t unit = digits == 3 ? 100 : 10; unit > 0; unit /= 10) {
      text.push_back(static_cast<char>('0' + number / unit % 10));
    }
  };
  text.reserve(text.size() + 14);
  append('T', millis / kMillisPerHour, 2);
  append(':', millis / kMillisPerMinute % 60, 2);
  append(':', millis / kMillisPerSecond % 60, 2);
  append('.', millis % kMillisPerSecond, 3);
  text.push_back('Z');
  return text;
}

absl::StatusOr<LogPlace> ParsePlace(std::string_view text) {
  int32_t partition = -1;
  int64_t offset = -1;
  const char* end = text.data() + text.size();
  const auto [at, partition_error] = std::from_chars(text.data(), end, partition);
  if (partition_error == std::errc() && at != end && *at == '@') {
    const auto [after, offset_error] = std::from_chars(at + 1, end, offset);
    if (offset_error == std::errc() && after == end && partition >= 0 && offset >= 0) {
      return LogPlace{Partition(partition), Offset(offset)};
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no place like 3@1278 (partition@offset)", text));
}

std::string FormatPlace(LogPlace place) {
  return fmt::format("{}@{}", place.partition.number(), place.offset.number());
}

}  // namespace flywheel
