// The versions of the policy that a log holds, and on which of its partitions.
#ifndef FLYWHEEL_APP_KNOWN_POLICIES_H_
#define FLYWHEEL_APP_KNOWN_POLICIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "flywheel/policy/v1/policy.pb.h"
#include "projections/store/row_store.h"

namespace flywheel {

// A version stands on every partition; one that does not was published half.
struct KnownPolicy {
  struct Copy {
    LogPlace place;
    Instant recorded_at;
  };

  uint32_t version = 0;
  Instant effective_from = kEarliestInstant;
  policy::v1::Policy policy;  // as it was published
  std::vector<Copy> copies;   // by partition; none of version 0, which is built in
  std::vector<Partition> missing;
  // Partitions that hold something else under this version: two were published at once.
  std::vector<Partition> different;

  bool complete() const { return missing.empty() && different.empty(); }
  // Whether these are the same.
  bool Says(const policy::v1::Policy& other, Instant other_effective_from) const;
};

// By version, the built-in one first. Where partitions disagree, the first that has the version is
// believed. `rows`: of all partitions.
absl::StatusOr<std::vector<KnownPolicy>> ReadKnownPolicies(
    const std::vector<const RowReader*>& rows);

// The one that holds at an instant. REQUIRES: `known` is what ReadKnownPolicies gave.
const KnownPolicy& EffectiveAt(const std::vector<KnownPolicy>& known, Instant at);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_KNOWN_POLICIES_H_
