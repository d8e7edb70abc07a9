#include "naive/policies.h"

#include <catch2/catch.hpp>

#include "naive/history.h"

namespace flywheel::naive {
namespace {

const int64_t kRecorded = At("2024-01-01T00:00:00Z");
const int64_t kEffective = At("2024-02-01T00:00:00Z");

events::v1::PolicyPublished Published(uint32_t version, int64_t effective_from,
                                      const policy::v1::Policy& policy) {
  return PolicyOf(version, effective_from, policy).policy_published();
}

policy::v1::Policy WindowOfDays(int32_t days) {
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_rating()->set_window_days(days);
  return policy;
}

bool IsFaulty(const policy::v1::Policy& policy) {
  return Policies().FaultOf(Published(1, kEffective, policy), kRecorded).has_value();
}

}  // namespace

TEST_CASE("the built-in policy knows its markets and values") {
  const Policies policies;
  for (const char* market : {"PL", "CZ", "SK", "HU", "SI", "HR", "BR"}) {
    REQUIRE(policies.ZoneOf(market).has_value());
    CHECK(*policies.ZoneOf(market) != absl::UTCTimeZone());
  }
  CHECK_FALSE(policies.ZoneOf("DE").has_value());
  CHECK(policies.At("PL", kRecorded).window_days == 365);
  CHECK(policies.At("PL", kRecorded).waiting_limit_ms == 90 * kDay);
}

TEST_CASE("a policy holds from its instant on; what it leaves unset is built in") {
  Policies policies;
  policies.Publish(Published(1, kEffective, WindowOfDays(30)));
  CHECK(policies.At("PL", kEffective - 1).window_days == 365);
  CHECK(policies.At("PL", kEffective).window_days == 30);
  CHECK(policies.At("PL", kEffective).review_months == 12);
}

TEST_CASE("of two policies that start together the greater version holds") {
  Policies policies;
  policies.Publish(Published(7, kEffective, WindowOfDays(7)));
  policies.Publish(Published(2, kEffective, WindowOfDays(2)));
  CHECK(policies.At("PL", kEffective).window_days == 7);
  CHECK(policies.Knows(2));
  CHECK_FALSE(policies.Knows(3));
}

TEST_CASE("a market's own value goes before the defaults") {
  policy::v1::Policy policy = WindowOfDays(30);
  policy::v1::Market* market = policy.add_markets();
  market->set_code("CZ");
  market->mutable_rules()->mutable_rating()->set_window_days(60);
  Policies policies;
  policies.Publish(Published(1, kEffective, policy));
  CHECK(policies.At("CZ", kEffective).window_days == 60);
  CHECK(policies.At("PL", kEffective).window_days == 30);
  CHECK(policies.At("*", kEffective).window_days == 30);
}

TEST_CASE("a policy adds a market with its zone") {
  policy::v1::Policy policy;
  policy::v1::Market* market = policy.add_markets();
  market->set_code("RO");
  market->set_time_zone("Europe/Bucharest");
  market->set_currency("RON");
  CHECK_FALSE(IsFaulty(policy));
  Policies policies;
  policies.Publish(Published(1, kEffective, policy));
  absl::TimeZone bucharest;
  REQUIRE(absl::LoadTimeZone("Europe/Bucharest", &bucharest));
  CHECK(policies.ZoneOf("RO") == bucharest);
}

TEST_CASE("a policy takes effect ten minutes after its record at the earliest") {
  const Policies policies;
  const int64_t ten_minutes = 600 * kSecond;
  CHECK(policies.FaultOf(Published(1, kRecorded + ten_minutes - 1, {}), kRecorded).has_value());
  CHECK_FALSE(policies.FaultOf(Published(1, kRecorded + ten_minutes, {}), kRecorded).has_value());
  CHECK(policies.FaultOf(events::v1::PolicyPublished(), kRecorded).has_value());
}

TEST_CASE("a policy with a window of nothing, a bad code or another zone is faulty") {
  CHECK_FALSE(IsFaulty(WindowOfDays(1)));
  CHECK(IsFaulty(WindowOfDays(0)));
  policy::v1::Policy policy;
  policy::v1::Market* market = policy.add_markets();
  market->set_code("PL");
  CHECK_FALSE(IsFaulty(policy));
  market->set_time_zone("Europe/Warsaw");
  CHECK_FALSE(IsFaulty(policy));
  market->set_time_zone("Europe/Prague");
  CHECK(IsFaulty(policy));
  market->clear_time_zone();
  market->set_code("pl");
  CHECK(IsFaulty(policy));
  market->set_code("XX");  // new, and without a zone
  CHECK(IsFaulty(policy));
}

}  // namespace flywheel::naive
