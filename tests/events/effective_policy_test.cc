#include "events/effective_policy.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "events/policy.h"
#include "events/policy_check.h"
#include "events/policy_text.h"

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;

constexpr Instant kFrom{1'700'000'000'000};

pb::Policy PolicyOf(std::string_view json) {
  const PolicyReading reading = ReadPolicy(json);
  REQUIRE(reading.faults.empty());
  return reading.policy;
}

constexpr std::string_view kChanged =
    R"({"defaults":{"rating":{"windowDays":300},"sla":{"windowDays":[7,14]}},
        "markets":[{"code":"PL","rules":{"rating":{"windowDays":200},
                                         "acceptance":{"reviewMonths":6},
                                         "sla":{"businessHours":[
                                           {"weekday":1,"opensMinute":480,"closesMinute":960},
                                           {"weekday":2,"opensMinute":480,"closesMinute":960},
                                           {"weekday":6,"closesMinute":60}]}}},
                   {"code":"DE","timeZone":"Europe/Berlin","currency":"EUR",
                    "extraHolidays":["2026-10-03"],
                    "rules":{"smart":{"ratesCount":3}}}]})";

// What a book computes with under the policy.
std::vector<MarketPolicy> MarketsOf(const pb::Policy& policy) {
  PolicyBook book = PolicyBook::BuiltIn();
  REQUIRE(book.Publish(policy.SerializeAsString(), 1, kFrom).ok());
  std::vector<MarketPolicy> markets;
  for (const std::string& code : book.Markets()) markets.push_back(*book.Find(code, kFrom));
  return markets;
}

void CheckSame(const std::vector<MarketPolicy>& left, const std::vector<MarketPolicy>& right) {
  REQUIRE(left.size() == right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    CHECK(left[i].code == right[i].code);
    CHECK(left[i].currency == right[i].currency);
    CHECK(left[i].zone->name() == right[i].zone->name());
    CHECK(left[i].acceptance == right[i].acceptance);
    CHECK(left[i].rating == right[i].rating);
    CHECK(left[i].smart == right[i].smart);
    CHECK(left[i].sla == right[i].sla);
    CHECK(left[i].holidays == right[i].holidays);
  }
}

TEST_CASE("a policy filled in says what it said, when it is published again") {
  for (const std::string_view json : {std::string_view("{}"), kChanged}) {
    const pb::Policy published = PolicyOf(json);
    const pb::Policy filled = FilledIn(published);
    CHECK(WrongFields(filled).empty());
    CheckSame(MarketsOf(published), MarketsOf(filled));
    CHECK(FilledIn(filled).SerializeAsString() == filled.SerializeAsString());
    // Each market with all its rules, on defaults of its own making, is the same too.
    pb::Policy whole;
    for (const pb::Market& market : filled.markets()) {
      *whole.add_markets() = *MarketOf(filled, market.code());
    }
    CheckSame(MarketsOf(published), MarketsOf(whole));
  }
}

// Whether every field of the rules that has a presence or is a list is there.
void CheckAllThere(const google::protobuf::Message& message) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto* field = message.GetDescriptor()->field(i);
    INFO(field->full_name());
    if (field->is_repeated()) {
      CHECK(message.GetReflection()->FieldSize(message, field) > 0);
    } else if (field->has_presence()) {
      CHECK(message.GetReflection()->HasField(message, field));
      if (field->message_type() != nullptr && field->message_type()->name() != "Duration") {
        CheckAllThere(message.GetReflection()->GetMessage(message, field));
      }
    }
  }
}

TEST_CASE("every rule has a built-in value") {
  CheckAllThere(BuiltInRules());
  const pb::Policy filled = FilledIn(pb::Policy());
  REQUIRE(filled.markets_size() == 7);
  CHECK(filled.markets(4).code() == "PL");
  CHECK(filled.markets(4).time_zone() == "Europe/Warsaw");
  CHECK(filled.markets(4).currency() == "PLN");
  CHECK(filled.markets(4).holiday_calendar() == "PL");
  CHECK_FALSE(filled.markets(4).has_rules());
  CheckAllThere(MarketOf(filled, "PL")->rules());
  CHECK_FALSE(MarketOf(filled, "DE"));
}

TEST_CASE("a market shows what differs from the defaults alone") {
  const pb::Policy filled = FilledIn(PolicyOf(
      R"({"markets":[{"code":"PL","rules":{"rating":{"windowDays":365,"ratesForAverage":5}}}]})"));
  const pb::Rules& rules = filled.markets(4).rules();
  CHECK_FALSE(rules.rating().has_window_days());
  CHECK(rules.rating().rates_for_average() == 5);
}

std::vector<std::string> Lines(const pb::Policy& before, const pb::Policy& after) {
  std::vector<std::string> lines;
  for (const PolicyDifference& difference : DifferencesOf(FilledIn(before), FilledIn(after))) {
    lines.push_back(difference.market + " " + difference.path + " " + difference.before.text +
                    " -> " + difference.after.text);
  }
  return lines;
}

TEST_CASE("every value that differs is listed, of the defaults and of each market") {
  CHECK(Lines(PolicyOf("{}"), PolicyOf("{}")).empty());
  const pb::Policy polish =
      PolicyOf(R"({"markets":[{"code":"PL","currency":"EUR","extraHolidays":["2026-01-02"],
                   "rules":{"sla":{"firstResponse":"3600s","firstResponseBusinessClock":true}}}]})");
  CHECK(Lines(PolicyOf("{}"), polish) ==
        std::vector<std::string>{"PL currency PLN -> EUR",
                                 "PL extra_holidays - -> [\"2026-01-02\"]",
                                 "PL rules.sla.first_response 86400s -> 3600s",
                                 "PL rules.sla.first_response_business_clock false -> true"});
  CHECK(Lines(polish, PolicyOf("{}")).front() == "PL currency EUR -> PLN");
  // A changed default counts in the markets that do not say otherwise.
  const std::vector<std::string> changed = Lines(PolicyOf("{}"), PolicyOf(kChanged));
  CHECK(changed.front() == " rules.rating.window_days 365 -> 300");
  const auto has = [&](std::string_view line) {
    return std::count(changed.begin(), changed.end(), line) == 1;
  };
  CHECK(has("CZ rules.rating.window_days 365 -> 300"));
  CHECK(has("PL rules.rating.window_days 365 -> 200"));
  CHECK(has("PL rules.acceptance.review_months 12 -> 6"));
  CHECK(
      has("PL rules.sla.business_hours Mon-Fri 09:00-17:00 -> "
          "Mon-Tue 08:00-16:00, Sat 00:00-01:00"));
  CHECK(has("DE code - -> DE"));
  CHECK(has("DE time_zone - -> Europe/Berlin"));
  CHECK(has("DE rules.smart.rates_count 5 -> 3"));
  CHECK(has("DE rules.rating.window_days 365 -> 300"));
}

TEST_CASE("a range of points is replaced as a whole and compared value by value") {
  CHECK(Lines(PolicyOf("{}"),
              PolicyOf(R"({"defaults":{"salesQuality":{"defects":{"noneAtPpm":40000}}}})"))
            .at(2) == " rules.sales_quality.defects.points 50 -> 0");
}

}  // namespace
}  // namespace flywheel
