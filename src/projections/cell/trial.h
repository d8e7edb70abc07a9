// What the fold would make of records that are not in the log: for a dry run.
#ifndef FLYWHEEL_PROJECTIONS_CELL_TRIAL_H_
#define FLYWHEEL_PROJECTIONS_CELL_TRIAL_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/fold.h"

namespace flywheel {

// Operation: folds records over a view's rows by the fold itself; what changes stays in memory and
// goes with the trial.
//
// Concurrency: one thread.
//
// Limits: holds the rows that the records change, and everything that waits in the partition.
class Trial {
 public:
  // Errors: those of the rows.
  static absl::StatusOr<std::unique_ptr<Trial>> Over(std::shared_ptr<const CellView> view);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // Folds the record as the next one of the log; where it would stand, if nobody else appends.
  absl::StatusOr<Offset> Apply(std::string_view record_bytes);
  // The rows with what was applied.
  absl::StatusOr<CellView> After();

 private:
  class Rows;

  explicit Trial(std::shared_ptr<const CellView> view);

  std::shared_ptr<const CellView> view_;
  std::shared_ptr<Rows> rows_;
  Fold fold_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_TRIAL_H_
