// The instants that a question is asked for, as query, explain and export take them.
#ifndef FLYWHEEL_APP_RATING_QUESTION_H_
#define FLYWHEEL_APP_RATING_QUESTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/data_folder.h"
#include "base/strong.h"
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

// The instant that is asked for; `log_clock` gives that of the log, where it is needed.
absl::StatusOr<Instant> AsOfFor(const Context& context, const InstantOptions& options,
                                absl::FunctionRef<absl::StatusOr<Instant>()> log_clock);
absl::StatusOr<std::optional<Instant>> KnownAtFor(const InstantOptions& options);
absl::StatusOr<RatingQuery> RatingQueryFor(const Context& context, const InstantOptions& options,
                                           const RatingReader& reader);

// --at-position, beside the instants.
void AddAtPosition(CLI::App& command, std::string& at_position);
// Where it says that the log is taken to end, for a question about a seller or "*"; empty: nowhere.
// Errors: InvalidArgument, what is none, lacks a partition or has no --as-of beside it;
// FailedPrecondition, what the rows do not reach.
absl::StatusOr<PlacesBefore> PlacesFor(const std::string& at_position,
                                       const InstantOptions& instants, const std::string& seller,
                                       const Folded& folded);

// NotFound: the seller and market have no row at the instant.
absl::Status NoRow(const std::string& seller, const std::string& market, Instant as_of);

// The part of a list that was asked for.
template <class Thing>
std::vector<Thing> PageOf(std::vector<Thing> all, uint64_t offset, uint64_t limit) {
  const auto begin = static_cast<ptrdiff_t>(std::min<uint64_t>(offset, all.size()));
  const auto count =
      static_cast<ptrdiff_t>(std::min<uint64_t>(limit, all.size() - static_cast<size_t>(begin)));
  return {std::make_move_iterator(all.begin() + begin),
          std::make_move_iterator(all.begin() + begin + count)};
}

}  // namespace flywheel

#endif  // FLYWHEEL_APP_RATING_QUESTION_H_
