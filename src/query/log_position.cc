#include "query/log_position.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/instant_text.h"

namespace flywheel {

absl::StatusOr<LogPosition> LogPosition::Parse(std::string_view text, int32_t partitions) {
  LogPosition position;
  while (true) {
    const size_t end = text.find(',');
    const std::string_view part = text.substr(0, end);
    const absl::StatusOr<LogPlace> place = ParsePlace(part);
    if (!place.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no PARTITION@OFFSET; a position is one or several by commas", part));
    }
    if (place->partition >= Partition(partitions)) {
      return absl::InvalidArgumentError(
          fmt::format("'{}': the log has {} partitions", part, partitions));
    }
    if (!position.empty() && position.places_.rbegin()->first >= place->partition) {
      return absl::InvalidArgumentError(
          fmt::format("'{}': partitions come in rising order, each once", part));
    }
    position.places_.emplace(place->partition, place->offset);
    if (end == std::string_view::npos) return position;
    text.remove_prefix(end + 1);
  }
}

std::string LogPosition::Format() const {
  std::string text;
  for (const auto& [partition, next] : places_) {
    if (!text.empty()) text += ',';
    text += FormatPlace({partition, next});
  }
  return text;
}

std::optional<Offset> LogPosition::Of(Partition partition) const {
  const auto found = places_.find(partition);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

void LogPosition::RaiseTo(Partition partition, Offset next) {
  Offset& place = places_.try_emplace(partition, next).first->second;
  place = std::max(place, next);
}

}  // namespace flywheel
