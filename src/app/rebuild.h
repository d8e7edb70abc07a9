// `flywheel rebuild`: all rows anew from the log.
#ifndef FLYWHEEL_APP_REBUILD_H_
#define FLYWHEEL_APP_REBUILD_H_

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct RebuildOptions {};

// Folds to the end, digests the rows, drops them, folds the whole log and digests again.
// kDifferences where the digests differ. Rows that cannot be opened (damaged, or of another fold
// version) are dropped without a digest.
absl::StatusOr<ExitCode> Rebuild(const Context& context, const RebuildOptions& options);

void AddRebuild(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_REBUILD_H_
