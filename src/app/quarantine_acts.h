// `flywheel quarantine resubmit` and `discard`: an operator closes entries of the quarantine.
#ifndef FLYWHEEL_APP_QUARANTINE_ACTS_H_
#define FLYWHEEL_APP_QUARANTINE_ACTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "projections/views/quarantine_entries.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

// A reason over this many bytes is a usage error.
inline constexpr size_t kMaxReasonBytes = 2000;

// Which entries, and who acts.
struct QuarantineActOptions {
  std::vector<std::string> places;  // these entries; none: those of the search
  EntrySearch search;               // open refusals alone
  uint64_t limit = 1000;            // entries of a search that are acted on
  std::string actor;                // empty: the user that runs the process
  bool dry_run = false;
};

struct QuarantineResubmitOptions {
  QuarantineActOptions act;
  std::string payload;  // a file with the mended event as JSON; empty: the event as it was refused
};

struct QuarantineDiscardOptions {
  QuarantineActOptions act;
  std::string reason;
};

// Operation: each act is a record of the log, and closes its entry; what is resubmitted is judged
// there like an event that arrives. What cannot be done (no such entry, closed, waiting, an event
// that intake refuses or of another partition) is said for each entry, and the others are done. A
// dry run folds the same records in memory and writes nothing.
//
// Result: kOk; kNotFound where entries are not there; kRefused where something else was not done.
//
// Limits: a search acts on `limit` entries, and says so where there are more.
absl::StatusOr<ExitCode> QuarantineResubmit(const Context& context,
                                            const QuarantineResubmitOptions& options);
absl::StatusOr<ExitCode> QuarantineDiscard(const Context& context,
                                           const QuarantineDiscardOptions& options);

void AddQuarantineActs(CLI::App& quarantine, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUARANTINE_ACTS_H_
