// `flywheel checkpoint create|list|drop`: the rows of a position, kept for when they are lost.
#ifndef FLYWHEEL_APP_CHECKPOINT_H_
#define FLYWHEEL_APP_CHECKPOINT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct CheckpointCreateOptions {
  std::string folder;  // --checkpoints; empty: the server's, or the data folder's own
  size_t keep = 2;     // of a server it is what the server was started with
};

// One of each partition that is held and of which something is folded.
absl::StatusOr<ExitCode> CheckpointCreate(const Context& context,
                                          const CheckpointCreateOptions& options);

struct CheckpointListOptions {
  std::string folder;
  bool verify = false;  // read every file; kDamage where one is not as it was
};
absl::StatusOr<ExitCode> CheckpointList(const Context& context,
                                        const CheckpointListOptions& options);

struct CheckpointDropOptions {
  std::string folder;
  std::vector<std::string> places;
  bool all = false;
};
// NotFound where one of the places is none of a checkpoint; nothing is dropped then.
absl::StatusOr<ExitCode> CheckpointDrop(const Context& context,
                                        const CheckpointDropOptions& options);

void AddCheckpoint(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_CHECKPOINT_H_
