// Checks a published policy: every value of the whole message, those of later read models too, so
// that a wrong one is found when it is published and not when it first counts.
#ifndef FLYWHEEL_EVENTS_POLICY_CHECK_H_
#define FLYWHEEL_EVENTS_POLICY_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel {

// One reason for each wrong field, "path: sentence", in the order of the fields; empty: the policy
// can be taken. What depends on other versions (a market's time zone never changes; a new market
// needs one) is not looked at.
//
// The bounds: windows, horizons and days 1 to 3,660; months 1 to 120, years 1 to 10; shares 0 to
// 1,000,000 ppm; lengths of time more than 0 and at most 3,660 days; lists without repetitions,
// rising, at most 16 values; texts as the schema says.
std::vector<std::string> WrongFields(const policy::v1::Policy& policy);

// Length of a protobuf duration of a checked policy, cut down to milliseconds.
int64_t MillisOf(const google::protobuf::Duration& duration);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_POLICY_CHECK_H_
