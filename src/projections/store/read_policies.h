// The policies that a cell's rows hold.
#ifndef FLYWHEEL_PROJECTIONS_STORE_READ_POLICIES_H_
#define FLYWHEEL_PROJECTIONS_STORE_READ_POLICIES_H_

#include <cstdint>
#include <limits>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/policy.h"
#include "projections/store/row_store.h"

namespace flywheel {

// The built-in policy and those of the store that were recorded at or before `known_at`, and before
// the offset `before`.
absl::StatusOr<PolicyBook> ReadPolicies(
    const RowReader& store, Instant known_at,
    Offset before = Offset(std::numeric_limits<int64_t>::max()));

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_READ_POLICIES_H_
