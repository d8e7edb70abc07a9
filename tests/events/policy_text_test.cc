#include "events/policy_text.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "events/effective_policy.h"
#include "events/policy.h"

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;

std::vector<std::string> FaultsOf(std::string_view text) {
  std::vector<std::string> faults;
  for (const PolicyFault& fault : ReadPolicy(text).faults) faults.push_back(TextOf(fault));
  return faults;
}

using Faults = std::vector<std::string>;

TEST_CASE("a policy is read from JSON and from its bytes alike") {
  const PolicyReading json = ReadPolicy(R"(
    {"defaults": {"rating": {"windowDays": 300, "rates_for_average": "12"},
                  "sla": {"firstResponse": "43200s", "firstResponseBusinessClock": true,
                          "windowDays": [1, 5.0]}},
     "markets": [{"code": "DE", "timeZone": "Europe/Berlin", "currency": "EUR", "rules": null}]})");
  CHECK(json.faults.empty());
  CHECK(json.policy.defaults().rating().window_days() == 300);
  CHECK(json.policy.defaults().rating().rates_for_average() == 12);
  CHECK(json.policy.defaults().sla().first_response().seconds() == 43200);
  CHECK(json.policy.defaults().sla().window_days(1) == 5);
  CHECK(json.policy.markets(0).time_zone() == "Europe/Berlin");
  const PolicyReading bytes = ReadPolicy(json.policy.SerializeAsString());
  CHECK(bytes.faults.empty());
  CHECK(bytes.policy.SerializeAsString() == json.policy.SerializeAsString());
  CHECK(ReadPolicy("{}").faults.empty());
  CHECK(ReadPolicy("\n {}").faults.empty());
}

TEST_CASE("every reason against a policy is given at once, by its path") {
  CHECK(FaultsOf(R"({"defaults":{"rating":{"windowDays":0,"windowDay":3},
                     "smart":{"ratingSharePpm":1000001,"rates_count":"many"},
                     "acceptance":{"reviewMonths":12.5,"reviewMonths":6,"waitingLimit":90}},
                     "markets":[{"code":"pl"},{"code":7,"extraHolidays":["2026-02-30",1]}]})") ==
        Faults{"defaults.rating.windowDay: is no field of Rating",
               "defaults.smart.rates_count: is not a whole number within its range",
               "defaults.acceptance.review_months: is not a whole number within its range",
               "defaults.acceptance.review_months: is given twice",
               "defaults.acceptance.waiting_limit: is not a length of time like 3600s",
               "markets[1].code: is not a text", "markets[1].extra_holidays[1]: is not a text",
               "defaults.rating.window_days: 0 is not between 1 and 3660",
               "defaults.smart.rating_share_ppm: 1000001 is not between 0 and 1000000",
               "markets[0].code: is not two capital letters",
               "markets[1].extra_holidays[0]: '2026-02-30' is not a date of the form 2026-05-01"});
}

TEST_CASE("a name that is given twice in its two spellings is given twice") {
  CHECK(FaultsOf(R"({"defaults":{"rating":{"windowDays":300,"window_days":300}}})") ==
        Faults{"defaults.rating.window_days: is given twice"});
}

TEST_CASE("what is no policy at all is refused with one reason") {
  CHECK(FaultsOf("") == Faults{"there is nothing in it; {} is the built-in policy"});
  CHECK(FaultsOf("[]") == Faults{"the text is JSON, but no object"});
  CHECK(FaultsOf("{\"defaults\":\n  {\"rating\" 3}}") ==
        Faults{"the text is no JSON from line 2, column 13 on"});
  CHECK(FaultsOf("{\"defaults\":") == Faults{"the text is no JSON from line 1, column 13 on"});
  CHECK(FaultsOf("{} {}").size() == 1);
  CHECK(FaultsOf("hello") ==
        Faults{"the bytes are neither a JSON object nor a flywheel.policy.v1.Policy"});
  CHECK(FaultsOf(std::string(100, '\xff')).size() == 1);
  std::string deep = "{\"defaults\":";
  for (int i = 0; i < 100; ++i) deep += "[";
  CHECK(FaultsOf(deep) == Faults{"the JSON is nested deeper than any policy"});
}

TEST_CASE("a policy that is too large is refused") {
  CHECK(FaultsOf(std::string(kMaxPolicyTextBytes + 1, ' ')).size() == 1);
  pb::Policy policy;
  pb::Market& market = *policy.add_markets();
  market.set_code("PL");
  while (policy.ByteSizeLong() <= kMaxPolicyBytes) market.add_extra_holidays("2026-05-01");
  const Faults faults = FaultsOf(policy.SerializeAsString());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("more than 131072") != std::string::npos);
}

TEST_CASE("bytes with a field that the schema does not have are refused with its number") {
  pb::Policy policy;
  policy.mutable_defaults()->mutable_rating()->set_window_days(300);
  policy.mutable_defaults()
      ->GetReflection()
      ->MutableUnknownFields(policy.mutable_defaults())
      ->AddVarint(99, 1);
  CHECK(FaultsOf(policy.SerializeAsString()) == Faults{"defaults.99: is no field of Rules"});
}

}  // namespace
}  // namespace flywheel
