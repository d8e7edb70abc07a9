// The instants that a question about ratings is asked for, as query, explain and export take them.
#ifndef FLYWHEEL_APP_RATING_QUESTION_H_
#define FLYWHEEL_APP_RATING_QUESTION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "projections/views/rating_reader.h"
#include "query/query_clock.h"

namespace CLI {
class App;
}

namespace flywheel {

struct InstantOptions {
  std::string as_of;     // RFC 3339; empty: as the clock says
  std::string known_at;  // RFC 3339; empty: everything in the log
  // Default: the later of the wall clock and the log clock.
  QueryClock clock = QueryClock::kDefault;
};
void AddInstants(CLI::App& command, InstantOptions& options);

// InvalidArgument names the option that makes no sense.
absl::Status CheckInstants(const InstantOptions& options);
absl::StatusOr<RatingQuery> RatingQueryFor(const Context& context, const InstantOptions& options,
                                           const RatingReader& reader);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_RATING_QUESTION_H_
