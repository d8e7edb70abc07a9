#include "projections/facts/policy_row.h"

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {

void PolicyRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  writer.Signed(effective_from.number());
  writer.Signed(recorded_at.number());
  writer.Signed(offset.number());
  writer.Raw(policy);
}

absl::StatusOr<PolicyRow> PolicyRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  PolicyRow row;
  row.effective_from = Instant(reader.Signed());
  row.recorded_at = Instant(reader.Signed());
  row.offset = Offset(reader.Signed());
  if (!reader.ok()) return absl::DataLossError("a policy row cannot be read");
  row.policy = std::string(reader.rest());
  return row;
}

}  // namespace flywheel
