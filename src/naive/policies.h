// The versions of the policy that one partition has read, and what they say about acceptance and
// the seller rating.
#ifndef FLYWHEEL_NAIVE_POLICIES_H_
#define FLYWHEEL_NAIVE_POLICIES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "flywheel/events/v1/payloads.pb.h"
#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel::naive {

// The built-in policy's values.
struct Rules {
  int32_t review_months = 12;
  int32_t facts_per_order = 2000;
  int32_t waiting_per_order = 1000;
  int32_t waiting_per_seller = 100000;
  int64_t waiting_limit_ms = int64_t{90} * 24 * 60 * 60 * 1000;
  int32_t window_days = 365;
  int32_t rates_for_average = 10;
};

class Policies {
 public:
  // Knows the built-in markets.
  Policies();

  bool Knows(uint32_t version) const;

  // What forbids the policy, as a sentence; nullopt when nothing does.
  std::optional<std::string> FaultOf(const events::v1::PolicyPublished& published,
                                     int64_t recorded_at) const;

  // REQUIRES: FaultOf gave nullopt.
  void Publish(const events::v1::PolicyPublished& published);

  // The zone of a market in any version so far; nullopt for an unknown market.
  std::optional<absl::TimeZone> ZoneOf(std::string_view market) const;

  // The rules of a market under the version that is effective at an instant. A market that this
  // version does not mention (or "*") has the version's defaults.
  Rules At(std::string_view market, int64_t instant) const;

 private:
  std::map<std::string, absl::TimeZone, std::less<>> zones_;
  // By effective_from, then version: the last one at or before an instant is the one in force.
  std::map<std::pair<int64_t, uint32_t>, policy::v1::Policy> versions_;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_POLICIES_H_
