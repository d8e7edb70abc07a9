#include "query/question_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/instant_text.h"
#include "base/status.h"

namespace flywheel {

ParameterReader::ParameterReader(const std::vector<HttpParameter>& parameters)
    : parameters_(parameters), taken_(parameters.size()) {}

void ParameterReader::Take(std::string_view name,
                           absl::FunctionRef<absl::Status(std::string_view value)> read) {
  names_.push_back(name);
  bool given = false;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name != name) continue;
    taken_[i] = true;
    if (given) {
      first_.Update(absl::InvalidArgumentError(fmt::format("{} is given more than once", name)));
      return;
    }
    given = true;
    const absl::Status status = read(parameters_[i].value);
    if (!status.ok()) {
      first_.Update(absl::InvalidArgumentError(fmt::format("{}: {}", name, MessageOf(status))));
    }
  }
}

absl::Status ParameterReader::NoneOf(std::string_view value, std::string_view names) {
  return absl::InvalidArgumentError(fmt::format("'{}' is none of {}", value, names));
}

void ParameterReader::Text(std::string_view name, std::string* into) {
  Take(name, [into](std::string_view value) {
    *into = value;
    return absl::OkStatus();
  });
}

void ParameterReader::Time(std::string_view name, std::optional<Instant>* into) {
  Take(name, [into](std::string_view value) -> absl::Status {
    ASSIGN_OR_RETURN(*into, ParseInstant(value));
    return absl::OkStatus();
  });
}

void ParameterReader::Flag(std::string_view name, bool* into) {
  Take(name, [into](std::string_view value) {
    if (!value.empty() && value != "true" && value != "false") return NoneOf(value, "true, false");
    *into = value != "false";
    return absl::OkStatus();
  });
}

void ParameterReader::Number(std::string_view name, int64_t least, int64_t most,
                             std::optional<int64_t>* into) {
  Take(name, [&](std::string_view value) {
    int64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || rest != end || number < least || number > most) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no whole number from {} to {}", value, least, most));
    }
    *into = number;
    return absl::OkStatus();
  });
}

void ParameterReader::Position(std::string_view name, int32_t partitions,
                               std::optional<LogPosition>* into) {
  Take(name, [&](std::string_view value) -> absl::Status {
    ASSIGN_OR_RETURN(*into, LogPosition::Parse(value, partitions));
    return absl::OkStatus();
  });
}

absl::Status ParameterReader::Finish() {
  RETURN_IF_ERROR(first_);
  const auto unknown = std::find(taken_.begin(), taken_.end(), false);
  if (unknown == taken_.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "there is no parameter '{}'; there are {}",
      parameters_[static_cast<size_t>(unknown - taken_.begin())].name, fmt::join(names_, ", ")));
}

std::optional<Offset> QuestionTime::MustHold(Partition partition) const {
  const auto of = [partition](const std::optional<LogPosition>& position) {
    return position ? position->Of(partition) : std::nullopt;
  };
  return std::max(of(min_position), of(at_position));
}

absl::Status QuestionTime::Check(const std::vector<Partition>& needed) const {
  if (as_of && clock != QueryClock::kDefault) {
    return absl::InvalidArgumentError("as_of and clock name the same thing: give one of them");
  }
  if (!at_position) return absl::OkStatus();
  if (!as_of) {
    return absl::InvalidArgumentError("at_position needs as_of: that of the answer it is from");
  }
  for (const Partition partition : needed) {
    if (!at_position->Of(partition)) {
      return absl::InvalidArgumentError(
          fmt::format("at_position names no place of partition {}", partition.number()));
    }
  }
  return absl::OkStatus();
}

void ReadTime(ParameterReader& parameters, int32_t partitions, QuestionTime* time,
              const TimeNames& names) {
  static constexpr std::array<std::pair<std::string_view, QueryClock>, 2> kClocks = {
      {{"log", QueryClock::kLog}, {"wall", QueryClock::kWall}}};
  parameters.Time(names.as_of, &time->as_of);
  parameters.Time(names.known_at, &time->known_at);
  parameters.OneOf<QueryClock>(names.clock, kClocks, &time->clock);
  parameters.Position(names.min_position, partitions, &time->min_position);
  parameters.Position(names.at_position, partitions, &time->at_position);
}

absl::StatusOr<FigureAsked> ReadFigure(const HttpRequest& request, int32_t partitions) {
  FigureAsked asked;
  asked.seller = request.path_values[0];
  ParameterReader parameters(request.parameters);
  parameters.Text("market", &asked.market);
  ReadTime(parameters, partitions, &asked.time);
  parameters.Flag("history", &asked.history);
  RETURN_IF_ERROR(parameters.Finish());
  return asked;
}

}  // namespace flywheel
