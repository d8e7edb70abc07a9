// `flywheel import olist`: the public Olist files as events.
#ifndef FLYWHEEL_APP_IMPORT_H_
#define FLYWHEEL_APP_IMPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/event_target.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct ImportOlistOptions {
  std::string directory;
  EventTargetOptions target;
};

// Prints what became of every row of every file; with the events on standard output, as a message.
absl::StatusOr<ExitCode> ImportOlistFiles(const Context& context,
                                          const ImportOlistOptions& options);

void AddImport(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_IMPORT_H_
