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
  std::string listen = "127.0.0.1:8080";  // of the HTTP door; port 0: a free one
  std::string advertise;                  // how others reach it; empty: http://<listen>
  std::string node_id;                    // empty: <host>-<port>
  bool no_inbox = false;                  // leave the inbox to others
  // A folder that all nodes share; empty: with the embedded log the data folder's own, else none.
  std::string checkpoints;
  int32_t checkpoint_seconds = 60;  // 0: at the end, and when somebody asks
  size_t checkpoint_keep = 2;
  int32_t session_seconds = 10;
  int32_t cache_mib = 384;
  int32_t http_threads = 2;
  int32_t queue_delay_millis = 20;
  int32_t partitions = 0;  // of an embedded log that is made now; 0: 4, or what there is
};

// Prints `serving on http://...` once its doors are open; ends on SIGINT or SIGTERM with 0, after
// what was begun is finished. Errors: those of the log's opening, of the door (a port that is
// taken), of another process that holds the data folder; FailedPrecondition where another node
// joins with the same id.
absl::StatusOr<ExitCode> Serve(const Context& context, const ServeOptions& options);

void AddServe(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_SERVE_H_
