// What verify compares of read model 5.2.
#ifndef FLYWHEEL_APP_VERIFY_SMART_H_
#define FLYWHEEL_APP_VERIFY_SMART_H_

#include <vector>

#include "absl/status/status.h"
#include "app/verify_report.h"
#include "naive/replay.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Compares every row with its announced history at the point: the stored figures with the evaluated
// rows, and both with the naive implementation. `replay` has read what is known at it.
absl::Status CompareSmart(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                          const VerifyPoint& point, VerifyReport* report);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_SMART_H_
