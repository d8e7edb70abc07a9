#include "projections/store/read_policies.h"

#include "base/status.h"
#include "projections/facts/policy_row.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

absl::StatusOr<PolicyBook> ReadPolicies(const RowReader& store, Instant known_at, Offset before) {
  PolicyBook book = PolicyBook::BuiltIn();
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(
      store, row_keys::Prefix(RowType::kPolicy), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<PolicyRow> row = PolicyRow::Decode(value);
        status.Update(row.status());
        if (row.ok() && row->recorded_at <= known_at && row->offset < before) {
          status.Update(book.Publish(row->policy, row_keys::ParsePolicy(key), row->effective_from));
        }
        return status.ok();
      }));
  RETURN_IF_ERROR(status);
  return book;
}

}  // namespace flywheel
