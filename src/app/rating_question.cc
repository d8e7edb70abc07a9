#include "app/rating_question.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "app/command.h"
#include "base/instant_text.h"
#include "base/status.h"

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

absl::StatusOr<RatingQuery> RatingQueryFor(const Context& context, const InstantOptions& options,
                                           const RatingReader& reader) {
  RatingQuery query;
  if (!options.known_at.empty()) {
    ASSIGN_OR_RETURN(query.known_at, ParseInstant(options.known_at));
  }
  if (!options.as_of.empty()) {
    ASSIGN_OR_RETURN(query.as_of, ParseInstant(options.as_of));
    return query;
  }
  ASSIGN_OR_RETURN(const Instant log_clock, reader.LogClock());
  query.as_of = AsOf(options.clock, context.wall_clock(), log_clock);
  return query;
}

}  // namespace flywheel
