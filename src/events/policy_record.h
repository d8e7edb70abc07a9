// The record of the log by which a policy is published.
#ifndef FLYWHEEL_EVENTS_POLICY_RECORD_H_
#define FLYWHEEL_EVENTS_POLICY_RECORD_H_

#include <cstdint>
#include <string>

#include "base/strong.h"
#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel {

// A PolicyPublished holds from at least this long after its recorded_at (DOMAIN section 2).
inline constexpr int64_t kPolicyLeadMillis = 10 * kMillisPerMinute;

// A flywheel.log.v1.Record with a PolicyPublished that occurred at its stamp. Its event_id is a
// UUIDv8 of what is published, so all copies of a version have the same.
//
// REQUIRES: both instants are within kEarliestInstant and kLatestInstant.
std::string PolicyRecord(const policy::v1::Policy& policy, uint32_t version, Instant effective_from,
                         Instant recorded_at);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_POLICY_RECORD_H_
