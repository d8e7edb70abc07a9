#include "projections/views/quarantine_entries.h"

#include <fmt/format.h>

#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/row_keys.h"

namespace flywheel {
namespace {

bool Matches(const QuarantineRow& row, const EntrySearch& search) {
  if (!search.seller.empty() && row.seller_id != search.seller) return false;
  if (!search.source.empty() && row.source != search.source) return false;
  if (!search.code.empty() && CodeText(row) != search.code) return false;
  switch (search.state) {
    case EntryFilter::kOpen:
      return row.open();
    case EntryFilter::kWaiting:
      return row.state == QuarantineRow::State::kWaiting;
    case EntryFilter::kRefused:
      return row.state == QuarantineRow::State::kRefused;
    case EntryFilter::kClosed:
      return !row.open();
    case EntryFilter::kAll:
      return true;
  }
  return false;
}

absl::Status NoEntry(LogPlace place) {
  return absl::NotFoundError(fmt::format("the quarantine has no entry at {}", FormatPlace(place)));
}

}  // namespace

absl::Status CheckRefusalCode(std::string_view code) {
  std::string names;
  for (auto number = static_cast<int>(RefusalCode::kUndecodable);
       number <= static_cast<int>(RefusalCode::kWaitExpired); ++number) {
    const std::string_view name = NameOf(static_cast<RefusalCode>(number));
    if (name == code) return absl::OkStatus();
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return absl::InvalidArgumentError(fmt::format("no such code; they are {}", names));
}

absl::StatusOr<std::vector<PlacedEntry>> FindEntries(const std::vector<const RowReader*>& rows,
                                                     const EntrySearch& search, uint64_t limit,
                                                     std::optional<LogPlace> after) {
  std::vector<PlacedEntry> found;
  for (size_t number = 0; number < rows.size(); ++number) {
    const Partition partition(static_cast<int32_t>(number));
    if (rows[number] == nullptr || (after && partition < after->partition)) continue;
    const std::string first = after && partition == after->partition
                                  ? row_keys::Quarantine(after->offset.Plus(1))
                                  : row_keys::Prefix(RowType::kQuarantine);
    absl::Status status;
    RETURN_IF_ERROR(rows[number]->Scan(
        first, row_keys::AfterPrefix(row_keys::Prefix(RowType::kQuarantine)),
        [&](std::string_view key, std::string_view value) {
          absl::StatusOr<QuarantineRow> row = QuarantineRow::Decode(value);
          status.Update(row.status());
          if (!row.ok()) return false;
          if (Matches(*row, search)) {
            found.push_back({{partition, row_keys::ParseQuarantine(key)}, *std::move(row)});
          }
          return found.size() <= limit;
        }));
    RETURN_IF_ERROR(status);
    if (found.size() > limit) break;
  }
  return found;
}

absl::StatusOr<PlacedEntry> EntryIn(const RowReader& rows, LogPlace place) {
  std::string value;
  ASSIGN_OR_RETURN(const bool found, rows.Get(row_keys::Quarantine(place.offset), &value));
  if (!found) return NoEntry(place);
  ASSIGN_OR_RETURN(QuarantineRow row, QuarantineRow::Decode(value));
  return PlacedEntry{place, std::move(row)};
}

absl::StatusOr<PlacedEntry> EntryAt(const std::vector<const RowReader*>& rows, LogPlace place) {
  const auto partition = static_cast<size_t>(place.partition.number());
  if (partition >= rows.size()) return NoEntry(place);
  return EntryIn(*rows[partition], place);
}

std::string_view CodeText(const QuarantineRow& row) {
  return row.code == RefusalCode::kUnspecified ? std::string_view() : NameOf(row.code);
}

}  // namespace flywheel
