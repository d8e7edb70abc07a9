#include "app/rating_question.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "app/command.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "events/intake.h"
#include "query/log_position.h"

namespace flywheel {

void AddInstants(CLI::App& command, InstantOptions& options) {
  command
      .add_option("--as-of", options.as_of,
                  "the instant that is asked for, e.g. 2018-10-17T17:30:18Z; default: --clock")
      ->type_name("T");
  command
      .add_option("--known-at", options.known_at,
                  "only what was recorded at or before this instant")
      ->type_name("T");
  const std::map<std::string, QueryClock> clocks = {{"log", QueryClock::kLog},
                                                    {"wall", QueryClock::kWall}};
  command
      .add_option("--clock", options.clock,
                  "log: as of the latest instant in the log; wall: as of now; default: the later "
                  "of both")
      ->transform(OneOf(clocks))
      ->type_name("log|wall");
}

absl::Status CheckInstants(const InstantOptions& options) {
  if (!options.as_of.empty()) {
    RETURN_IF_ERROR(ParseInstant(options.as_of).status());
    if (options.clock != QueryClock::kDefault) {
      return absl::InvalidArgumentError(
          "--as-of and --clock name the same thing: give one of them");
    }
  }
  if (!options.known_at.empty()) RETURN_IF_ERROR(ParseInstant(options.known_at).status());
  return absl::OkStatus();
}

absl::StatusOr<Instant> AsOfFor(const Context& context, const InstantOptions& options,
                                absl::FunctionRef<absl::StatusOr<Instant>()> log_clock) {
  if (!options.as_of.empty()) return ParseInstant(options.as_of);
  ASSIGN_OR_RETURN(const Instant clock, log_clock());
  return AsOf(options.clock, context.wall_clock(), clock);
}

absl::StatusOr<std::optional<Instant>> KnownAtFor(const InstantOptions& options) {
  if (options.known_at.empty()) return std::optional<Instant>();
  ASSIGN_OR_RETURN(const Instant known_at, ParseInstant(options.known_at));
  return std::optional<Instant>(known_at);
}

absl::StatusOr<RatingQuery> RatingQueryFor(const Context& context, const InstantOptions& options,
                                           const RatingReader& reader) {
  RatingQuery query;
  ASSIGN_OR_RETURN(query.known_at, KnownAtFor(options));
  ASSIGN_OR_RETURN(query.as_of, AsOfFor(context, options, [&reader] { return reader.LogClock(); }));
  return query;
}

void AddAtPosition(CLI::App& command, std::string& at_position) {
  command
      .add_option("--at-position", at_position,
                  "as if the log ended there: the Flywheel-Position of an earlier answer, whose "
                  "asOf is --as-of")
      ->type_name("POSITION");
}

absl::StatusOr<PlacesBefore> PlacesFor(const std::string& at_position,
                                       const InstantOptions& instants, const std::string& seller,
                                       const Folded& folded) {
  if (at_position.empty()) return PlacesBefore();
  const CellViews& views = folded.views();
  const auto partitions = static_cast<int32_t>(views.size());
  const auto wrong = [](std::string_view sentence) {
    return absl::InvalidArgumentError(fmt::format("--at-position: {}", sentence));
  };
  if (instants.as_of.empty()) return wrong("needs --as-of, that of the answer it is from");
  const absl::StatusOr<LogPosition> position = LogPosition::Parse(at_position, partitions);
  if (!position.ok()) return wrong(MessageOf(position.status()));
  for (int32_t number = 0; number < partitions; ++number) {
    const Partition partition(number);
    if (seller != kAll && PartitionOf(seller, partitions) != partition) continue;
    const std::optional<Offset> end = position->Of(partition);
    if (!end) return wrong(fmt::format("names no place of partition {}", number));
    if (*end > views[static_cast<size_t>(number)]->position.next) {
      return absl::FailedPreconditionError(fmt::format("--at-position: the rows do not reach to {}",
                                                       FormatPlace({partition, *end})));
    }
  }
  return position->places();
}

absl::Status NoRow(const std::string& seller, const std::string& market, Instant as_of) {
  return absl::NotFoundError(fmt::format("no accepted event names seller {} and market {} as of {}",
                                         seller, market, FormatInstant(as_of)));
}

}  // namespace flywheel
