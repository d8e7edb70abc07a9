// What verify compares of read model 5.1.
#ifndef FLYWHEEL_APP_VERIFY_RATING_H_
#define FLYWHEEL_APP_VERIFY_RATING_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "app/verify_report.h"
#include "naive/replay.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Compares every row at the point. `replay` has read what is known at it. `with_history`: the daily
// history too, of up to `sellers_with_history` sellers and the total.
absl::Status CompareRatings(const std::vector<const RowReader*>& stores,
                            const naive::Replay& replay, const VerifyPoint& point,
                            bool with_history, size_t sellers_with_history, VerifyReport* report);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_VERIFY_RATING_H_
