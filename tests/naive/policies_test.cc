#include "naive/policies.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

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

TEST_CASE("the built-in rules of Smart!, of the clocks and of holidays") {
  const Rules rules = Policies().At("PL", kRecorded);
  CHECK(rules.smart.rating_window_days == 365);
  CHECK(rules.smart.rating_share_ppm == 980'000);
  CHECK(rules.smart.rates_count == 5);
  CHECK(rules.smart.tracked_window_days == 30);
  CHECK(rules.smart.tracked_share_ppm == 500'000);
  CHECK(rules.smart.tracked_from_orders == 10);
  CHECK(rules.smart.withdrawal_days == 14);
  CHECK(rules.sla.window_days == std::vector<int32_t>{1, 7, 30, 90});
  CHECK(rules.sla.first_response_ms == kDay);
  CHECK_FALSE(rules.sla.business_clock);
  CHECK(rules.sla.hours[0].opens == 9 * 60);
  CHECK(rules.sla.hours[4].closes == 17 * 60);
  CHECK(rules.sla.hours[5].opens == rules.sla.hours[5].closes);
  CHECK(rules.sla.resolution_ms == 14 * kDay);
  CHECK(rules.sla.decision_days == 14);
  CHECK(rules.sla.refund_days == 14);
  CHECK(rules.holidays.country == "PL");
}

TEST_CASE("hours are replaced as a whole: a weekday that they leave out is closed") {
  policy::v1::Policy policy;
  auto* hours = policy.mutable_defaults()->mutable_sla()->add_business_hours();
  hours->set_weekday(7);
  hours->set_opens_minute(600);
  hours->set_closes_minute(1440);
  CHECK_FALSE(IsFaulty(policy));
  Policies policies;
  policies.Publish(Published(1, kEffective, policy));
  const SlaRules rules = policies.At("PL", kEffective).sla;
  CHECK(rules.hours[6].opens == 600);
  CHECK(rules.hours[6].closes == 1440);
  CHECK(rules.hours[0].opens == rules.hours[0].closes);
  hours->set_weekday(8);
  CHECK(IsFaulty(policy));
  hours->set_weekday(7);
  hours->set_closes_minute(600);
  CHECK(IsFaulty(policy));
}

TEST_CASE("a market takes another country's holidays, with more and with less") {
  policy::v1::Policy policy;
  policy::v1::Market* market = policy.add_markets();
  market->set_code("SK");
  market->set_holiday_calendar("CZ");
  market->add_extra_holidays("2024-05-02");
  market->add_cancelled_holidays("2024-05-08");
  CHECK_FALSE(IsFaulty(policy));
  Policies policies;
  policies.Publish(Published(1, kEffective, policy));
  const HolidayRules holidays = policies.At("SK", kEffective).holidays;
  const auto day = [](const std::string& date) {
    return static_cast<int32_t>(At(date + "T00:00:00Z") / kDay);
  };
  CHECK(holidays.IsHoliday(day("2024-07-06")));        // of Jan Hus, in Czechia alone
  CHECK_FALSE(holidays.IsHoliday(day("2024-08-29")));  // of the uprising, in Slovakia alone
  CHECK(holidays.IsHoliday(day("2024-05-02")));
  CHECK_FALSE(holidays.IsHoliday(day("2024-05-08")));
  CHECK(policies.At("SK", kEffective - 1).holidays.IsHoliday(day("2024-08-29")));
  market->add_extra_holidays("2024-02-30");
  CHECK(IsFaulty(policy));
}

TEST_CASE("an added market keeps its rules under a later version that leaves it out") {
  policy::v1::Policy policy = WindowOfDays(30);
  policy::v1::Market* market = policy.add_markets();
  market->set_code("RO");
  market->set_time_zone("Europe/Bucharest");
  market->set_currency("RON");
  market->mutable_rules()->mutable_smart()->set_rates_count(7);
  Policies policies;
  policies.Publish(Published(1, kEffective, policy));
  policies.Publish(Published(2, kEffective + kDay, WindowOfDays(20)));
  CHECK(policies.At("RO", kEffective + kDay).window_days == 30);
  CHECK(policies.At("RO", kEffective + kDay).smart.rates_count == 7);
  CHECK(policies.At("RO", kEffective - 1).smart.rates_count == 7);
  CHECK(policies.At("PL", kEffective + kDay).window_days == 20);
}

TEST_CASE("the versions and the instants at which they become effective") {
  Policies policies;
  CHECK_FALSE(policies.NextEffectiveAfter(kRecorded).has_value());
  policies.Publish(Published(7, kEffective, {}));
  policies.Publish(Published(2, kEffective + kDay, {}));
  CHECK(policies.VersionAt(kEffective - 1) == 0);
  CHECK(policies.VersionAt(kEffective) == 7);
  CHECK(policies.VersionAt(kEffective + kDay) == 2);
  CHECK(policies.NextEffectiveAfter(kEffective - 1) == kEffective);
  CHECK(policies.NextEffectiveAfter(kEffective) == kEffective + kDay);
  CHECK_FALSE(policies.NextEffectiveAfter(kEffective + kDay).has_value());
}

TEST_CASE("rules of Smart! and of the clocks that are out of range are faulty") {
  const auto faulty = [](const auto& change) {
    policy::v1::Policy policy;
    change(*policy.mutable_defaults());
    return IsFaulty(policy);
  };
  using R = policy::v1::Rules;
  CHECK_FALSE(faulty([](R& r) { r.mutable_smart()->set_rating_share_ppm(1'000'000); }));
  CHECK(faulty([](R& r) { r.mutable_smart()->set_rating_share_ppm(1'000'001); }));
  CHECK(faulty([](R& r) { r.mutable_smart()->set_rates_count(-1); }));
  CHECK(faulty([](R& r) { r.mutable_smart()->set_tracked_window_days(0); }));
  CHECK(faulty([](R& r) { r.mutable_sla()->mutable_first_response(); }));
  CHECK(faulty([](R& r) { r.mutable_sla()->mutable_resolution()->set_seconds(-1); }));
  CHECK(faulty([](R& r) { r.mutable_sla()->set_refund_days(0); }));
  CHECK(faulty([](R& r) {
    r.mutable_sla()->add_window_days(7);
    r.mutable_sla()->add_window_days(7);
  }));
}

}  // namespace flywheel::naive
