// What verify compares of read model 5.3.
#ifndef FLYWHEEL_APP_VERIFY_SLA_H_
#define FLYWHEEL_APP_VERIFY_SLA_H_

#include <vector>

#include "absl/status/status.h"
#include "app/verify_report.h"
#include "naive/replay.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Compares every row and the whole queue at the point: the stored sums with the evaluated rows, and
// both with the naive implementation; quantiles to 1 %. `replay` has read what is known at it.
absl::Status CompareSla(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                        const VerifyPoint& point, VerifyReport* report);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_SLA_H_
