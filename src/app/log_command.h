// `flywheel log info`, `cat` and `check`: the log itself.
#ifndef FLYWHEEL_APP_LOG_COMMAND_H_
#define FLYWHEEL_APP_LOG_COMMAND_H_

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

struct LogInfoOptions {};

// What each partition holds, how far it is folded and what became of its records. While another
// process holds the folder, the log's part alone.
absl::StatusOr<ExitCode> LogInfo(const Context& context, const LogInfoOptions& options);

struct LogCatOptions {
  int32_t partition = -1;  // -1: all, one after the other
  int64_t from = 0;        // an offset
  uint64_t limit = 0;      // records in all; 0: no limit
};

// Records as JSON lines with their places; beside a process that appends, too.
absl::StatusOr<ExitCode> LogCat(const Context& context, const LogCatOptions& options);

struct LogCheckOptions {};

// Verifies every record. kDamage with the first damage of each partition; beside a process that
// appends, too.
absl::StatusOr<ExitCode> LogCheck(const Context& context, const LogCheckOptions& options);

void AddLog(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_LOG_COMMAND_H_
