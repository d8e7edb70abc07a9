// `flywheel serve`: a node that runs until it is told to stop.
#ifndef FLYWHEEL_APP_SERVE_SERVE_H_
#define FLYWHEEL_APP_SERVE_SERVE_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace flywheel {

struct ServeOptions {
  std::string listen = "127.0.0.1:8080";
  int32_t partitions = 0;  // of an embedded log that is made now; 0: 4, or what there is
};

// Prints a line once every door is open; ends on SIGINT or SIGTERM with 0, after what was begun is
// finished.
absl::StatusOr<ExitCode> Serve(const Context& context, const ServeOptions& options);

void AddServe(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_SERVE_H_
