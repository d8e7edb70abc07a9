// A published policy, as accepted; the key has the version.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_POLICY_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_POLICY_ROW_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/strong.h"

namespace flywheel {

struct PolicyRow {
  Instant effective_from;
  Instant recorded_at;
  Offset offset;
  std::string policy;  // bytes of flywheel.policy.v1.Policy

  static absl::StatusOr<PolicyRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_POLICY_ROW_H_
