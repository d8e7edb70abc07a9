#include "projections/models/days_row.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"

namespace flywheel {

DaysRow::Days::const_iterator DaysRow::From(LocalDay day) const {
  return std::lower_bound(days_.begin(), days_.end(), day,
                          [](const auto& of, LocalDay wanted) { return of.first < wanted; });
}

const DaySums* DaysRow::Find(LocalDay day) const {
  const auto at = From(day);
  return at == days_.end() || at->first != day ? nullptr : &at->second;
}

DaySums& DaysRow::At(LocalDay day) {
  const auto at = days_.begin() + (From(day) - days_.cbegin());
  if (at != days_.end() && at->first == day) return at->second;
  return days_.emplace(at, day, DaySums())->second;
}

void DaysRow::DropIfEmpty(LocalDay day) {
  const auto at = From(day);
  if (at != days_.end() && at->first == day && at->second.empty()) days_.erase(at);
}

size_t DaysRow::heap_bytes() const {
  size_t bytes = days_.capacity() * sizeof(Days::value_type);
  for (const auto& [day, sums] : days_) {
    bytes += sums.rating.heap_bytes() + sums.sla.heap_bytes() + sums.tracked.heap_bytes();
  }
  return bytes;
}

void DaysRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  std::string part;
  const auto write = [&](const auto& of_day) {
    part.clear();
    if (!of_day.empty()) of_day.Encode(&part);
    writer.String(part);
  };
  int32_t before = 0;
  for (const auto& [day, sums] : days_) {
    writer.Signed(day.number() - before);
    before = day.number();
    write(sums.rating);
    write(sums.sla);
    write(sums.tracked);
  }
}

absl::StatusOr<DaysRow> DaysRow::Decode(std::string_view bytes) {
  DaysRow row;
  RETURN_IF_ERROR(ForEachDay(bytes, [&](LocalDay day, const DayBytes& of_day) -> absl::Status {
    DaySums& sums = row.days_.emplace_back(day, DaySums()).second;
    ASSIGN_OR_RETURN(sums.rating, RatingRow::Decode(of_day.rating));
    ASSIGN_OR_RETURN(sums.sla, SlaRow::Decode(of_day.sla));
    if (!of_day.tracked.empty()) {
      ASSIGN_OR_RETURN(sums.tracked, TrackedDay::Decode(of_day.tracked));
    }
    return absl::OkStatus();
  }));
  return row;
}

absl::Status ForEachDay(std::string_view row,
                        absl::FunctionRef<absl::Status(LocalDay, const DayBytes&)> visit) {
  ByteReader reader(row);
  int64_t day = 0;
  for (bool first = true; !reader.done(); first = false) {
    const int64_t step = reader.Signed();
    const bool overflows = __builtin_add_overflow(day, step, &day);
    const bool no_day = overflows || day != static_cast<int32_t>(day);
    DayBytes of_day;
    of_day.rating = reader.String();
    of_day.sla = reader.String();
    of_day.tracked = reader.String();
    if (!reader.ok() || (step <= 0 && !first) || no_day)
      return absl::DataLossError("a row of days cannot be read");
    RETURN_IF_ERROR(visit(LocalDay(static_cast<int32_t>(day)), of_day));
  }
  return absl::OkStatus();
}

}  // namespace flywheel
