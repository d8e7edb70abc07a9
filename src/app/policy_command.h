// `flywheel policy show`, `diff` and `validate`: what holds, from when, and what would be
// different.
#ifndef FLYWHEEL_APP_POLICY_COMMAND_H_
#define FLYWHEEL_APP_POLICY_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct PolicyShowOptions {
  std::optional<uint32_t> version;  // none: the one that holds at `at`
  std::string at;                   // an instant; empty: now
  std::string market;               // its rules alone, all of them; empty: the whole policy
};

// The policy as JSON, every value filled in, which `policy publish` takes back; the versions that
// are known, as a message (with --json, in one object). Without a log, the built-in policy.
absl::StatusOr<ExitCode> PolicyShow(const Context& context, const PolicyShowOptions& options);

struct PolicyDiffOptions {
  std::string before;  // a version, or a file
  std::string after;
};

// Every value that differs.
absl::StatusOr<ExitCode> PolicyDiff(const Context& context, const PolicyDiffOptions& options);

struct PolicyValidateOptions {
  std::string file = "-";
};

// Whether the file could be published: every reason against it. Opens no folder.
absl::StatusOr<ExitCode> PolicyValidate(const Context& context,
                                        const PolicyValidateOptions& options);

void AddPolicy(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_POLICY_COMMAND_H_
