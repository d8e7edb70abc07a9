// What the program's exit says; documented in docs/cli.md and in --help.
#ifndef FLYWHEEL_APP_EXIT_CODE_H_
#define FLYWHEEL_APP_EXIT_CODE_H_

#include "absl/status/status.h"

namespace flywheel {

enum class ExitCode : int {
  kOk = 0,
  kRefused = 1,      // some of the input was refused at intake
  kUsage = 2,        // the command line makes no sense
  kNotFound = 3,     // what was asked for is not there
  kEnvironment = 4,  // disk, lock, I/O: something outside is in the way
  kDamage = 5,       // the log or the rows are damaged
  kDifferences = 6,  // verify or rebuild found differences
  kInterrupted = 130,
  kTerminated = 143,
};

// The exit for an error that ends a command.
inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kDamage;
    default:
      return ExitCode::kEnvironment;
  }
}

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EXIT_CODE_H_
