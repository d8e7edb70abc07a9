#include "projections/facts/place_row.h"

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {

void PlaceRow::Encode(std::string* out) const { ByteWriter(out).Signed(offset.number()); }

absl::StatusOr<PlaceRow> PlaceRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const PlaceRow row{Offset(reader.Signed())};
  if (!reader.ok() || !reader.done())
    return absl::DataLossError("a row that points at a record cannot be read");
  return row;
}

}  // namespace flywheel
