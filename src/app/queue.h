// `flywheel queue`: the clocks that run, what is due first in front.
#ifndef FLYWHEEL_APP_QUEUE_H_
#define FLYWHEEL_APP_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/rating_question.h"
#include "projections/models/sla.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct QueueOptions {
  std::string seller = "*";
  std::string market = "*";
  std::optional<SlaClock> kind;
  std::optional<int64_t> within_hours;  // due by then, with what is overdue
  size_t limit = 100;
  std::string after;  // the token that a page ended with
  InstantOptions instants;
  std::string at_position;  // empty: the log's end
};

// A page of the queue; says how to go on.
absl::StatusOr<ExitCode> Queue(const Context& context, const QueueOptions& options);

void AddQueue(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUEUE_H_
