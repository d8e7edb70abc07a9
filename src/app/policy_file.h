// A policy in a file, and how what is wrong with it and what differs is printed.
#ifndef FLYWHEEL_APP_POLICY_FILE_H_
#define FLYWHEEL_APP_POLICY_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "events/effective_policy.h"
#include "events/policy_text.h"

namespace flywheel {

// The policy in a file ("-": standard input), with every fault of it by itself. Errors: those of
// reading the file.
absl::StatusOr<PolicyReading> ReadPolicyFile(const Context& context, const std::string& path);

// The faults that a policy has beside the versions that stand in the books: none where it can be
// published. REQUIRES: it has none by itself.
std::vector<PolicyFault> FaultsBeside(const policy::v1::Policy& policy,
                                      const std::vector<const PolicyBook*>& books);

// Says every fault, a line each; with --json prints {"status":"refused","faults":[...]}.
absl::Status SayFaults(const Context& context, const std::string& path,
                       const std::vector<PolicyFault>& faults);

// A table; values that differ alike in several markets stand in one row. One line says so where
// nothing differs.
std::string DifferencesTable(const std::vector<PolicyDifference>& differences);
// A line for each: {"market","path","before","after"}; the defaults have no market.
std::string DifferencesJson(const std::vector<PolicyDifference>& differences);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_POLICY_FILE_H_
