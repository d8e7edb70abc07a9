// What is summed for a seller in a market by local day, for several days in a row: few orders a day
// would otherwise make nearly every order write rows of its own.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_DAYS_ROW_H_
#define FLYWHEEL_PROJECTIONS_MODELS_DAYS_ROW_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/models/rating.h"
#include "projections/models/sla.h"
#include "projections/models/smart_row.h"

namespace flywheel {

// The sums of one day.
struct DaySums {
  RatingRow rating;    // the steps of the day
  SlaRow sla;          // clocks that opened on it and have stopped
  TrackedDay tracked;  // orders placed on it

  bool empty() const { return rating.empty() && sla.empty() && tracked.empty(); }
};

// Not thread-safe; owned by the cell's cache.
class DaysRow {
 public:
  // nullptr: there is nothing of that day.
  const DaySums* Find(LocalDay day) const;
  // The sums of the day, made where there are none; valid until the next call.
  DaySums& At(LocalDay day);
  // Takes the day away if its sums are empty.
  void DropIfEmpty(LocalDay day);

  bool empty() const { return days_.empty(); }
  size_t heap_bytes() const;

  static absl::StatusOr<DaysRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;

 private:
  using Days = std::vector<std::pair<LocalDay, DaySums>>;
  Days::const_iterator From(LocalDay day) const;

  Days days_;  // rising; none is empty between two changes
};

// The days of a stored row, each with the bytes of its parts: readers decode what they need.
struct DayBytes {
  std::string_view rating;
  std::string_view sla;
  std::string_view tracked;
};
// Calls `visit` with each day, rising, until it returns an error. DataLoss where the bytes are no
// such row.
absl::Status ForEachDay(std::string_view row,
                        absl::FunctionRef<absl::Status(LocalDay, const DayBytes&)> visit);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_DAYS_ROW_H_
