// Entries of the quarantine, found by place or by what they have in common.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_QUARANTINE_ENTRIES_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_QUARANTINE_ENTRIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/facts/quarantine_row.h"
#include "projections/store/row_store.h"

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
// InvalidArgument lists the codes where this is none.
absl::Status CheckRefusalCode(std::string_view code);

// An entry where it stands.
struct PlacedEntry {
  LogPlace place;
  QuarantineRow row;
};

// The entries after `after` that match, by place; one more than the limit where there are more.
// `rows`: by partition; nullptr: left out.
absl::StatusOr<std::vector<PlacedEntry>> FindEntries(const std::vector<const RowReader*>& rows,
                                                     const EntrySearch& search, uint64_t limit,
                                                     std::optional<LogPlace> after);
// NotFound where no entry stands there.
absl::StatusOr<PlacedEntry> EntryAt(const std::vector<const RowReader*>& rows, LogPlace place);

// The same in the rows of the place's partition.
absl::StatusOr<PlacedEntry> EntryIn(const RowReader& rows, LogPlace place);

// Empty while it waits.
std::string_view CodeText(const QuarantineRow& row);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_QUARANTINE_ENTRIES_H_
