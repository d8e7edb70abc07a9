// `flywheel schemas export`: what a publisher needs, as files.
#ifndef FLYWHEEL_APP_SCHEMAS_H_
#define FLYWHEEL_APP_SCHEMAS_H_

#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct SchemasExportOptions {
  std::string folder = "flywheel-schemas";
  // Of the log on Kafka: <name>.inbox is the topic. Empty: that of --log, or "flywheel".
  std::string name;
  bool force = false;  // replace files that differ
};

// Writes the bundle; each file is put in place as a whole. Files that are there and equal stay as
// they are. InvalidArgument: the name is none for topics, or something else than a folder or file
// stands in the way. FailedPrecondition: a file differs and `force` is not given; nothing is
// written then.
absl::StatusOr<ExitCode> SchemasExport(const Context& context, const SchemasExportOptions& options);

void AddSchemas(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SCHEMAS_H_
