// Runs a command in the server that holds the data folder, if there is one.
#ifndef FLYWHEEL_APP_SERVE_COMMAND_CLIENT_H_
#define FLYWHEEL_APP_SERVE_COMMAND_CLIENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace flywheel {

// nullopt: no server holds context.folder; the command opens it itself. So does one whose
// streams have no descriptors to hand over. An interrupt is handed on to the server, and its
// exit code is waited for. Unavailable where the server went away before it answered.
absl::StatusOr<std::optional<ExitCode>> RunInServer(const Context& context,
                                                    const std::vector<std::string>& arguments);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_COMMAND_CLIENT_H_
