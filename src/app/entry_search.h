// The options by which commands pick entries of the quarantine.
#ifndef FLYWHEEL_APP_ENTRY_SEARCH_H_
#define FLYWHEEL_APP_ENTRY_SEARCH_H_

#include "absl/status/status.h"
#include "projections/views/quarantine_entries.h"

namespace CLI {
class App;
}

namespace flywheel {

// --seller, --code, --source.
void AddEntrySearch(CLI::App& command, EntrySearch& search);
// InvalidArgument where the code is none.
absl::Status CheckEntrySearch(const EntrySearch& search);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_ENTRY_SEARCH_H_
