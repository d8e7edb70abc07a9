// `flywheel rebuild`: all rows anew from the log.
#ifndef FLYWHEEL_APP_REBUILD_H_
#define FLYWHEEL_APP_REBUILD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct RebuildOptions {
  bool beside = false;     // in a process of its own, beside whoever serves
  bool swap = false;       // only put what is ready beside in place
  std::string of_version;  // with swap: the fold version that is meant, hexadecimal; empty: any
  bool dry_run = false;    // with swap: only whether it can be done
  int32_t cache_mib = 384;
};

// Folds to the end, digests the rows, drops them, folds the whole log and digests again.
// kDifferences where the digests differ. Rows that cannot be opened (damaged, or of another fold
// version) are dropped without a digest. Checkpoints of rows that differ are dropped too.
//
// With `beside` the rows are made in a folder of their own while others serve, then compared and
// put in place (rebuild_beside.h).
absl::StatusOr<ExitCode> Rebuild(const Context& context, const RebuildOptions& options);

void AddRebuild(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_REBUILD_H_
