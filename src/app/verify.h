// `flywheel verify`: every row against a second, naive implementation of the same rules.
#ifndef FLYWHEEL_APP_VERIFY_H_
#define FLYWHEEL_APP_VERIFY_H_

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

struct VerifyCommandOptions {
  std::vector<std::string> as_of;  // RFC 3339; empty: the default points
  std::string known_at;            // RFC 3339; empty: everything in the log
};

// Folds to the end, compares, prints the differences, what was compared, the verdict and the
// digests. kDifferences where there are any.
absl::StatusOr<ExitCode> VerifyFolder(const Context& context, const VerifyCommandOptions& options);

void AddVerify(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_H_
