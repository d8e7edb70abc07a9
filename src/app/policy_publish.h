// `flywheel policy publish`: puts a version of the policy on every partition.
#ifndef FLYWHEEL_APP_POLICY_PUBLISH_H_
#define FLYWHEEL_APP_POLICY_PUBLISH_H_

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

// A policy must hold from so far ahead at least: longer than the ten minutes that the fold asks
// for, so that there is time to write to every partition, and to complete what was interrupted.
inline constexpr int64_t kPolicyPublishLeadMinutes = 20;

struct PolicyPublishOptions {
  std::string file = "-";
  std::string effective_from;       // an instant
  std::optional<uint32_t> version;  // none: the next
  bool dry_run = false;
};

// Operation: writes to partition 0 first, since intake goes by its policies, then to the others.
// Where the same content from the same instant stands on some partitions already (the command was
// interrupted), the missing copies are written, under the version that it has; on all of them:
// nothing is.
//
// Errors: InvalidArgument (an instant that is too near, a version that is something else),
// FailedPrecondition (a copy that can no longer be completed in time, or was not taken).
absl::StatusOr<ExitCode> PolicyPublish(const Context& context, const PolicyPublishOptions& options);

void AddPolicyPublish(CLI::App& policy, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_POLICY_PUBLISH_H_
