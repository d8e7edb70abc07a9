// Telling damage of the rows, which the log gives again, from damage of the log, which nothing
// does.
#ifndef FLYWHEEL_PROJECTIONS_STORE_ROWS_DAMAGE_H_
#define FLYWHEEL_PROJECTIONS_STORE_ROWS_DAMAGE_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace flywheel {

inline constexpr const char* kRowsDamageUrl = "flywheel/rows";

// A file in a database's folder that says that, and how, its rows are damaged: it opens well all
// the same where one block is bad. Whoever opens the rows next makes them anew.
inline constexpr const char* kDamagedMark = "DAMAGED";

// Marks a DataLoss as one of the rows; other statuses are given as they are.
inline absl::Status OfRows(absl::Status status) {
  if (absl::IsDataLoss(status)) status.SetPayload(kRowsDamageUrl, absl::Cord());
  return status;
}

inline bool IsRowsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) && status.GetPayload(kRowsDamageUrl).has_value();
}

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_ROWS_DAMAGE_H_
