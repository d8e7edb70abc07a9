// A row that only points at a record: a refused event, what intake refused, an erased buyer.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_PLACE_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_PLACE_ROW_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/strong.h"

namespace flywheel {

struct PlaceRow {
  Offset offset;

  size_t heap_bytes() const { return 0; }
  // DataLoss when the bytes are no such row.
  static absl::StatusOr<PlaceRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_PLACE_ROW_H_
