// The versions of the policy that one partition has read, and what they say about acceptance and
// the read models.
#ifndef FLYWHEEL_NAIVE_POLICIES_H_
#define FLYWHEEL_NAIVE_POLICIES_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "flywheel/events/v1/payloads.pb.h"
#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel::naive {

// Smart! eligibility (5.2). Shares are in parts per million.
struct SmartRules {
  int32_t rating_window_days = 365;
  int32_t rating_share_ppm = 980'000;
  int32_t rates_count = 5;
  int32_t tracked_window_days = 30;
  int32_t tracked_share_ppm = 500'000;
  int32_t tracked_from_orders = 10;
  int32_t withdrawal_days = 14;
};

// When a weekday is open, in minutes after local midnight; closed where both are equal.
struct OpeningMinutes {
  int32_t opens = 0;
  int32_t closes = 0;  // 1440: the start of the next day
};

// The SLA clocks (5.3).
struct SlaRules {
  std::vector<int32_t> window_days = {1, 7, 30, 90};
  int64_t first_response_ms = int64_t{24} * 60 * 60 * 1000;
  bool business_clock = false;
  std::array<OpeningMinutes, 7> hours = {
      {{540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {540, 1020}, {0, 0}, {0, 0}}};  // Monday
                                                                                           // first
  int64_t resolution_ms = int64_t{14} * 24 * 60 * 60 * 1000;
  int32_t decision_days = 14;
  int32_t refund_days = 14;
};

struct HolidayRules {
  std::string country;  // whose public holidays hold
  std::set<int32_t> extra;
  std::set<int32_t> cancelled;

  bool IsHoliday(int32_t day) const;
};

// The built-in policy's values.
struct Rules {
  int32_t review_months = 12;
  int32_t facts_per_order = 2000;
  int32_t waiting_per_order = 1000;
  int32_t waiting_per_seller = 100000;
  int64_t waiting_limit_ms = int64_t{90} * 24 * 60 * 60 * 1000;
  int32_t window_days = 365;
  int32_t rates_for_average = 10;
  SmartRules smart;
  SlaRules sla;
  HolidayRules holidays;
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

  // The rules of a market under the version that is effective at an instant. A built-in market that
  // this version does not mention (or "*") has the version's defaults; another keeps the rules of
  // the latest version before that has it, or else of the latest of all.
  Rules At(std::string_view market, int64_t instant) const;

  // The version that is effective at an instant.
  uint32_t VersionAt(int64_t instant) const;

  // The first instant after another at which a known version becomes effective.
  std::optional<int64_t> NextEffectiveAfter(int64_t instant) const;

 private:
  const policy::v1::Policy& PolicyFor(std::string_view market, int64_t instant) const;

  std::map<std::string, absl::TimeZone, std::less<>> zones_;
  // By effective_from, then version: the last one at or before an instant is the one in force.
  std::map<std::pair<int64_t, uint32_t>, policy::v1::Policy> versions_;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_POLICIES_H_
