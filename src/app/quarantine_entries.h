// Entries of the quarantine: found by place or by what they have in common, and printed.
#ifndef FLYWHEEL_APP_QUARANTINE_ENTRIES_H_
#define FLYWHEEL_APP_QUARANTINE_ENTRIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "projections/facts/quarantine_row.h"
#include "projections/store/row_store.h"

namespace CLI {
class App;
}

namespace flywheel {

enum class EntryFilter : uint8_t { kOpen, kWaiting, kRefused, kClosed, kAll };

// What entries have in common; empty: anything.
struct EntrySearch {
  std::string seller;
  std::string code;    // e.g. "WRONG_BUYER"
  std::string source;  // the event's source, or the door
  EntryFilter state = EntryFilter::kOpen;

  bool names_something() const { return !seller.empty() || !code.empty() || !source.empty(); }
};
// --seller, --code, --source.
void AddEntrySearch(CLI::App& command, EntrySearch& search);
// InvalidArgument where the code is none.
absl::Status CheckEntrySearch(const EntrySearch& search);

// An entry where it stands.
struct PlacedEntry {
  LogPlace place;
  QuarantineRow row;
};

// The entries after `after` that match, by place; one more than the limit where there are more.
// `rows`: of all partitions.
absl::StatusOr<std::vector<PlacedEntry>> FindEntries(const std::vector<const RowReader*>& rows,
                                                     const EntrySearch& search, uint64_t limit,
                                                     std::optional<LogPlace> after);
// NotFound where no entry stands there.
absl::StatusOr<PlacedEntry> EntryAt(const std::vector<const RowReader*>& rows, LogPlace place);

// The same in the rows of the place's partition.
absl::StatusOr<PlacedEntry> EntryIn(const RowReader& rows, LogPlace place);

// Empty while it waits.
std::string_view CodeText(const QuarantineRow& row);
// The entry's keys and values, within an object.
void WriteEntry(const PlacedEntry& entry, JsonWriter& json);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUARANTINE_ENTRIES_H_
