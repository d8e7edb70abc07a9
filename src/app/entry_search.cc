#include "app/entry_search.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/status.h"

namespace flywheel {

void AddEntrySearch(CLI::App& command, EntrySearch& search) {
  command.add_option("--seller", search.seller, "only this seller's");
  command.add_option("--code", search.code, "only those of this code, e.g. WRONG_BUYER");
  command.add_option("--source", search.source,
                     "only those of this source: the event's, or the door that refused it");
}

absl::Status CheckEntrySearch(const EntrySearch& search) {
  if (search.code.empty()) return absl::OkStatus();
  absl::Status status = CheckRefusalCode(search.code);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(fmt::format("--code {}: {}", search.code, MessageOf(status)));
}

}  // namespace flywheel
