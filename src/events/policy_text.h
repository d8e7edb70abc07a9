// A policy as people write it, a file of JSON or of the message's bytes, and what is wrong with it.
#ifndef FLYWHEEL_EVENTS_POLICY_TEXT_H_
#define FLYWHEEL_EVENTS_POLICY_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel {

// A text over this many bytes is refused unread; a policy over kMaxPolicyBytes in its bytes is too.
inline constexpr size_t kMaxPolicyTextBytes = size_t{1} << 20;

// Why a policy cannot be taken.
struct PolicyFault {
  std::string path;      // in the schema's names, e.g. "markets[0].code"; empty: the whole
  std::string sentence;  // continues the path: "is no field of Market"

  friend bool operator==(const PolicyFault&, const PolicyFault&) = default;
};
// "path: sentence".
std::string TextOf(const PolicyFault& fault);
// The fault that a reason of WrongFields or PolicyBook::Faults states.
PolicyFault FaultOf(const std::string& reason);

// What was read, and every reason why it cannot be taken; none: it can, as far as it alone can say
// (PolicyBook::Faults looks at the other versions).
struct PolicyReading {
  policy::v1::Policy policy;
  std::vector<PolicyFault> faults;
};

// JSON (protobuf's own mapping) where the first byte that is not white space is { or [, else the
// bytes of a flywheel.policy.v1.Policy. Everything that is wrong is found at once: unknown names,
// names given twice, values of another type or out of range, and then what WrongFields finds in
// values that could be read. Text that is no JSON gives the line and column. Empty input is
// refused; {} is the built-in policy.
PolicyReading ReadPolicy(std::string_view bytes);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_POLICY_TEXT_H_
