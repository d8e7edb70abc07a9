// `flywheel publish`: events from a file or a pipe into the log.
#ifndef FLYWHEEL_APP_PUBLISH_H_
#define FLYWHEEL_APP_PUBLISH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/event_input.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct PublishOptions {
  std::string file = "-";  // "-": standard input
  EventFormat format = EventFormat::kJsonLines;
  bool dry_run = false;    // validate by the built-in policy, publish nothing, open no folder
  int32_t partitions = 0;  // of a new folder; 0: the default
};

// Acknowledges each batch once it is durable: with --json a line for each event. kRefused where
// some were refused; kEnvironment where the log took no more, with nothing claimed about what it
// did not take; the interrupt's code where that ended it.
absl::StatusOr<ExitCode> Publish(const Context& context, const PublishOptions& options);

void AddPublish(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_PUBLISH_H_
