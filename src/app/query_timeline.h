// `flywheel query timeline`: everything that happened to one order.
#ifndef FLYWHEEL_APP_QUERY_TIMELINE_H_
#define FLYWHEEL_APP_QUERY_TIMELINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/rating_question.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct QueryTimelineOptions {
  std::string id;      // of an order, a parcel or a return
  std::string seller;  // empty: whoever has it
  InstantOptions instants;
};

// NotFound where nobody has such an id, or nothing had happened by the instant. InvalidArgument
// where several orders fit: they are listed, and --seller or the order's own id tells them apart.
absl::StatusOr<ExitCode> QueryTimeline(const Context& context, const QueryTimelineOptions& options);

void AddQueryTimeline(CLI::App& query, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUERY_TIMELINE_H_
