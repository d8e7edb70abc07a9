// A policy with every value filled in, and what differs between two of them.
//
// The policy that is published says what it changes; what holds is that over its own defaults over
// the built-in values. PolicyBook keeps the values that are computed with; here is the whole of
// them, those of rules that nothing computes with yet too, as the message that people read.
#ifndef FLYWHEEL_EVENTS_EFFECTIVE_POLICY_H_
#define FLYWHEEL_EVENTS_EFFECTIVE_POLICY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel {

// The values of the built-in policy (version 0), all of them set.
policy::v1::Rules BuiltInRules();

// The policy with all values: `defaults` has every rule; every market stands there by code, the
// built-in ones too, with its time zone, currency and holiday calendar, and of the rules those that
// differ from the defaults. So it can be changed and published again: a changed default holds in
// every market that does not say otherwise. A policy that is empty gives the built-in one.
//
// REQUIRES: WrongFields(published) is empty.
policy::v1::Policy FilledIn(const policy::v1::Policy& published);

// The market with all its rules; nullopt where the policy does not have it. REQUIRES: `filled` is
// what FilledIn gave.
std::optional<policy::v1::Market> MarketOf(const policy::v1::Policy& filled, std::string_view code);

// One value that two policies have different in a market.
struct PolicyDifference {
  struct Value {
    std::string text;  // for a person: "86400s", "Mon-Fri 09:00-17:00"; "-" where there is none
    std::string json;  // protobuf's mapping; empty where there is none
  };
  std::string market;  // a code; empty: the defaults
  std::string path;    // of the schema's names, e.g. "rules.rating.window_days"
  Value before;
  Value after;
};

// Every value that differs: first of the defaults, then market by market, by code; within, in the
// order of the schema. A market that only one of them has is compared with the other's defaults.
// REQUIRES: both are what FilledIn gave.
std::vector<PolicyDifference> DifferencesOf(const policy::v1::Policy& before,
                                            const policy::v1::Policy& after);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EFFECTIVE_POLICY_H_
