// `flywheel quarantine`: list and show: what was not accepted, and why.
#ifndef FLYWHEEL_APP_QUARANTINE_H_
#define FLYWHEEL_APP_QUARANTINE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "projections/views/quarantine_entries.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct QuarantineListOptions {
  EntrySearch search;
  uint64_t limit = 100;
  std::string after;  // a place; entries up to it are left out
};

// Entries by place; says how to go on where there are more.
absl::StatusOr<ExitCode> QuarantineList(const Context& context,
                                        const QuarantineListOptions& options);

struct QuarantineShowOptions {
  std::string place;
};

// The entry and the event itself, from the log. kNotFound where no entry stands there.
absl::StatusOr<ExitCode> QuarantineShow(const Context& context,
                                        const QuarantineShowOptions& options);

void AddQuarantine(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUARANTINE_H_
