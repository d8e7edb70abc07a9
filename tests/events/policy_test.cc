#include "events/policy.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "events/policy_check.h"
#include "events/sample_events.h"
#include "flywheel/policy/v1/policy.pb.h"

namespace flywheel {
namespace {

namespace pb = flywheel::policy::v1;

constexpr Instant kDay1{1'700'000'000'000};
constexpr Instant kDay2{1'800'000'000'000};

absl::Status Publish(PolicyBook& book, const pb::Policy& policy, uint32_t version, Instant from) {
  return book.Publish(policy.SerializeAsString(), version, from);
}

pb::Market& AddMarket(pb::Policy& policy, const char* code, const char* zone = "",
                      const char* currency = "") {
  pb::Market& market = *policy.add_markets();
  market.set_code(code);
  market.set_time_zone(zone);
  market.set_currency(currency);
  return market;
}

TEST_CASE("the built-in policy knows the seven markets at every instant") {
  const PolicyBook book = PolicyBook::BuiltIn();
  const std::vector<std::vector<std::string>> markets = {
      {"BR", "America/Sao_Paulo", "BRL"}, {"CZ", "Europe/Prague", "CZK"},
      {"HR", "Europe/Zagreb", "EUR"},     {"HU", "Europe/Budapest", "HUF"},
      {"PL", "Europe/Warsaw", "PLN"},     {"SI", "Europe/Ljubljana", "EUR"},
      {"SK", "Europe/Bratislava", "EUR"},
  };
  std::vector<std::string> codes;
  for (const auto& market : markets) {
    codes.push_back(market[0]);
    for (const Instant at : {kEarliestInstant, kDay1, kLatestInstant}) {
      const MarketPolicy* found = book.Find(market[0], at);
      REQUIRE(found != nullptr);
      CHECK(found->code == market[0]);
      CHECK(found->zone->name() == market[1]);
      CHECK(found->currency == market[2]);
      CHECK(found->acceptance == AcceptanceRules());
      CHECK(found->rating == RatingRules());
    }
    CHECK(book.FindInAnyVersion(market[0]) == book.Find(market[0], kDay1));
  }
  CHECK(book.Markets() == codes);
  CHECK(book.VersionAt(kDay1) == 0);
  for (const char* unknown : {"", "P", "PLX", "pl", "DE", "*"}) {
    CHECK(book.Find(unknown, kDay1) == nullptr);
    CHECK(book.FindInAnyVersion(unknown) == nullptr);
  }
}

TEST_CASE("a market's rules go over the defaults, and these over the built-in ones") {
  PolicyBook book = PolicyBook::BuiltIn();
  pb::Policy policy;
  policy.mutable_defaults()->mutable_rating()->set_window_days(100);
  policy.mutable_defaults()->mutable_acceptance()->set_review_months(6);
  pb::Market& poland = AddMarket(policy, "PL");
  poland.mutable_rules()->mutable_rating()->set_window_days(50);
  poland.mutable_rules()->mutable_acceptance()->mutable_waiting_limit()->set_seconds(3600);
  REQUIRE(Publish(book, policy, 1, kDay1).ok());

  const MarketPolicy& polish = *book.Find("PL", kDay1);
  CHECK(polish.rating.window_days == 50);
  CHECK(polish.rating.rates_for_average == 10);
  CHECK(polish.acceptance.review_months == 6);
  CHECK(polish.acceptance.waiting_limit_ms == kMillisPerHour);
  CHECK(polish.currency == "PLN");
  CHECK(polish.zone->name() == "Europe/Warsaw");
  const MarketPolicy& czech = *book.Find("CZ", kDay1);
  CHECK(czech.rating.window_days == 100);
  CHECK(czech.acceptance.review_months == 6);
  CHECK(czech.acceptance.waiting_limit_ms == AcceptanceRules().waiting_limit_ms);
}

TEST_CASE("a version holds from its instant on, whatever the order of publishing") {
  PolicyBook book = PolicyBook::BuiltIn();
  const auto with_window = [](int days) {
    pb::Policy policy;
    policy.mutable_defaults()->mutable_rating()->set_window_days(days);
    return policy;
  };
  REQUIRE(Publish(book, with_window(20), 2, kDay2).ok());
  REQUIRE(Publish(book, with_window(10), 1, kDay1).ok());
  const auto window_at = [&book](Instant at) { return book.Find("PL", at)->rating.window_days; };
  CHECK(window_at(kDay1.Plus(-1)) == 365);
  CHECK(window_at(kDay1) == 10);
  CHECK(window_at(kDay2.Plus(-1)) == 10);
  CHECK(window_at(kDay2) == 20);
  CHECK(book.VersionAt(kDay1.Plus(-1)) == 0);
  CHECK(book.VersionAt(kDay1) == 1);
  CHECK(book.VersionAt(kLatestInstant) == 2);
  // Of equal instants the greatest version stands; unset values are built-in, not the last
  // version's.
  REQUIRE(Publish(book, pb::Policy(), 4, kDay2).ok());
  REQUIRE(Publish(book, with_window(30), 3, kDay2).ok());
  CHECK(window_at(kDay2) == 365);
  CHECK(book.VersionAt(kDay2) == 4);
}

TEST_CASE("a new market is known from its version on and stays known") {
  PolicyBook book = PolicyBook::BuiltIn();
  pb::Policy policy;
  AddMarket(policy, "RO", "Europe/Bucharest", "RON")
      .mutable_rules()
      ->mutable_rating()
      ->set_window_days(77);
  REQUIRE(Publish(book, policy, 1, kDay1).ok());
  CHECK(book.Find("RO", kDay1.Plus(-1)) == nullptr);
  REQUIRE(book.Find("RO", kDay1) != nullptr);
  CHECK(book.Find("RO", kDay1)->currency == "RON");
  CHECK(book.Find("RO", kDay1)->rating.window_days == 77);
  CHECK(book.FindInAnyVersion("RO")->zone->name() == "Europe/Bucharest");
  // A fact of a market may have occurred before the version that brought it.
  const MarketPolicy* const brought = book.Find("RO", kDay1);
  CHECK(book.FindOrAny("RO", kDay1.Plus(-1)) == brought);
  CHECK(&book.Of(MarketCode("RO"), kDay1.Plus(-1)) == brought);
  CHECK(book.FindOrAny("XX", kDay1) == nullptr);
  REQUIRE(Publish(book, pb::Policy(), 2, kDay2).ok());
  REQUIRE(book.Find("RO", kDay2) != nullptr);
  CHECK(book.Find("RO", kDay2)->rating.window_days == 77);
  CHECK(&book.Of(MarketCode("RO"), kDay2) == book.Find("RO", kDay2));
  CHECK(book.Markets() == std::vector<std::string>{"BR", "CZ", "HR", "HU", "PL", "RO", "SI", "SK"});
}

TEST_CASE("a market's time zone never changes, its currency may") {
  PolicyBook book = PolicyBook::BuiltIn();
  pb::Policy policy;
  AddMarket(policy, "RO", "Europe/Bucharest", "RON");
  REQUIRE(Publish(book, policy, 1, kDay1).ok());

  pb::Policy moved;
  AddMarket(moved, "RO", "Europe/Chisinau", "RON");
  AddMarket(moved, "PL", "Europe/Berlin", "PLN");
  const absl::Status status = Publish(book, moved, 2, kDay2);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(std::string(status.message()) ==
        "markets[0].time_zone: is Europe/Bucharest for ever, not Europe/Chisinau; "
        "markets[1].time_zone: is Europe/Warsaw for ever, not Europe/Berlin");

  pb::Policy euro;
  AddMarket(euro, "RO", "Europe/Bucharest", "EUR");
  AddMarket(euro, "PL", "Europe/Warsaw", "EUR");
  REQUIRE(Publish(book, euro, 2, kDay2).ok());
  CHECK(book.Find("PL", kDay2.Plus(-1))->currency == "PLN");
  CHECK(book.Find("PL", kDay2)->currency == "EUR");
  CHECK(book.FindInAnyVersion("RO")->currency == "EUR");
}

TEST_CASE("a known version is refused, and nothing changes on an error") {
  PolicyBook book = PolicyBook::BuiltIn();
  CHECK(absl::IsAlreadyExists(Publish(book, pb::Policy(), 0, kDay1)));
  REQUIRE(Publish(book, pb::Policy(), 1, kDay1).ok());
  CHECK(absl::IsAlreadyExists(Publish(book, pb::Policy(), 1, kDay2)));
  CHECK(absl::IsInvalidArgument(book.Publish("\xff", 2, kDay1)));
  CHECK(absl::IsInvalidArgument(book.Publish(std::string(kMaxPolicyBytes + 1, '\0'), 2, kDay1)));
  CHECK(absl::IsInvalidArgument(Publish(book, pb::Policy(), 2, Instant(-1))));
  CHECK(absl::IsInvalidArgument(Publish(book, pb::Policy(), 2, kLatestInstant.Plus(1))));
  pb::Policy bad;
  bad.mutable_defaults()->mutable_rating()->set_window_days(0);
  CHECK(absl::IsInvalidArgument(Publish(book, bad, 2, kDay2)));
  CHECK(book.VersionAt(kLatestInstant) == 1);
}

TEST_CASE("a copy of the book is a book of its own") {
  PolicyBook book = PolicyBook::BuiltIn();
  const PolicyBook before = book;
  REQUIRE(Publish(book, pb::Policy(), 1, kDay1).ok());
  CHECK(before.VersionAt(kDay1) == 0);
  CHECK(book.BuiltInFingerprint() == before.BuiltInFingerprint());
  CHECK(book.BuiltInFingerprint() == PolicyBook::BuiltIn().BuiltInFingerprint());
}

// One wrong value and how its field is named.
struct WrongValue {
  std::string path;
  std::function<void(pb::Policy&)> make;
};

std::vector<WrongValue> WrongValues() {
  const auto rules = [](auto change) {
    return [change](pb::Policy& policy) { change(*policy.mutable_defaults()); };
  };
  const auto market = [](auto change) {
    return [change](pb::Policy& policy) {
      pb::Market& added = AddMarket(policy, "RO", "Europe/Bucharest", "RON");
      change(added);
    };
  };
  return {
      {"defaults.acceptance.review_months",
       rules([](auto& r) { r.mutable_acceptance()->set_review_months(0); })},
      {"defaults.acceptance.facts_per_order",
       rules([](auto& r) { r.mutable_acceptance()->set_facts_per_order(5001); })},
      {"defaults.acceptance.waiting_per_order",
       rules([](auto& r) { r.mutable_acceptance()->set_waiting_per_order(-1); })},
      {"defaults.acceptance.waiting_per_seller",
       rules([](auto& r) { r.mutable_acceptance()->set_waiting_per_seller(0); })},
      {"defaults.acceptance.waiting_limit",
       rules([](auto& r) { r.mutable_acceptance()->mutable_waiting_limit(); })},
      {"defaults.acceptance.waiting_limit", rules([](auto& r) {
         r.mutable_acceptance()->mutable_waiting_limit()->set_seconds(INT64_MAX);
       })},
      {"defaults.rating.window_days",
       rules([](auto& r) { r.mutable_rating()->set_window_days(-5); })},
      {"defaults.rating.window_days",
       rules([](auto& r) { r.mutable_rating()->set_window_days(3661); })},
      {"defaults.rating.rates_for_average",
       rules([](auto& r) { r.mutable_rating()->set_rates_for_average(0); })},
      {"defaults.smart.rating_window_days",
       rules([](auto& r) { r.mutable_smart()->set_rating_window_days(0); })},
      {"defaults.smart.rating_share_ppm",
       rules([](auto& r) { r.mutable_smart()->set_rating_share_ppm(1'000'001); })},
      {"defaults.smart.rates_count",
       rules([](auto& r) { r.mutable_smart()->set_rates_count(-1); })},
      {"defaults.smart.tracked_window_days",
       rules([](auto& r) { r.mutable_smart()->set_tracked_window_days(0); })},
      {"defaults.smart.tracked_share_ppm",
       rules([](auto& r) { r.mutable_smart()->set_tracked_share_ppm(-1); })},
      {"defaults.smart.tracked_from_orders",
       rules([](auto& r) { r.mutable_smart()->set_tracked_from_orders(-1); })},
      {"defaults.smart.withdrawal_days",
       rules([](auto& r) { r.mutable_smart()->set_withdrawal_days(-1); })},
      {"defaults.sla.window_days[1]", rules([](auto& r) {
         r.mutable_sla()->add_window_days(7);
         r.mutable_sla()->add_window_days(7);
       })},
      {"defaults.sla.window_days[0]", rules([](auto& r) { r.mutable_sla()->add_window_days(0); })},
      {"defaults.sla.window_days", rules([](auto& r) {
         for (int i = 1; i < 18; ++i) r.mutable_sla()->add_window_days(i);
       })},
      {"defaults.sla.first_response",
       rules([](auto& r) { r.mutable_sla()->mutable_first_response()->set_seconds(-1); })},
      {"defaults.sla.business_hours[0].weekday", rules([](auto& r) {
         auto& hours = *r.mutable_sla()->add_business_hours();
         hours.set_weekday(8);
         hours.set_closes_minute(60);
       })},
      {"defaults.sla.business_hours[0].closes_minute", rules([](auto& r) {
         auto& hours = *r.mutable_sla()->add_business_hours();
         hours.set_weekday(1);
         hours.set_opens_minute(600);
         hours.set_closes_minute(600);
       })},
      {"defaults.sla.business_hours[1].weekday", rules([](auto& r) {
         for (int i = 0; i < 2; ++i) {
           auto& hours = *r.mutable_sla()->add_business_hours();
           hours.set_weekday(1);
           hours.set_closes_minute(60);
         }
       })},
      {"defaults.sla.resolution",
       rules([](auto& r) { r.mutable_sla()->mutable_resolution()->set_nanos(999'999); })},
      {"defaults.sla.decision_days", rules([](auto& r) { r.mutable_sla()->set_decision_days(0); })},
      {"defaults.sla.refund_days", rules([](auto& r) { r.mutable_sla()->set_refund_days(0); })},
      {"defaults.sla.first_response_promise_ppm",
       rules([](auto& r) { r.mutable_sla()->set_first_response_promise_ppm(2'000'000); })},
      {"defaults.delivery.window_days[0]",
       rules([](auto& r) { r.mutable_delivery()->add_window_days(-1); })},
      {"defaults.delivery.lost_after",
       rules([](auto& r) { r.mutable_delivery()->mutable_lost_after(); })},
      {"defaults.returns.window_days[0]",
       rules([](auto& r) { r.mutable_returns()->add_window_days(4000); })},
      {"defaults.returns.withdrawal_days",
       rules([](auto& r) { r.mutable_returns()->set_withdrawal_days(0); })},
      {"defaults.sales_quality.satisfaction.all_at_ppm",
       rules([](auto& r) { r.mutable_sales_quality()->mutable_satisfaction(); })},
      {"defaults.sales_quality.defects.points", rules([](auto& r) {
         auto& points = *r.mutable_sales_quality()->mutable_defects();
         points.set_none_at_ppm(50'000);
         points.set_all_at_ppm(5'000);
         points.set_points(-1);
       })},
      {"defaults.sales_quality.denominator_from",
       rules([](auto& r) { r.mutable_sales_quality()->set_denominator_from(0); })},
      {"defaults.sales_quality.score",
       rules([](auto& r) { r.mutable_sales_quality()->set_score(0); })},
      {"defaults.sales_quality.grade_from_maximum",
       rules([](auto& r) { r.mutable_sales_quality()->set_grade_from_maximum(-1); })},
      {"defaults.sales_quality.grade_bounds",
       rules([](auto& r) { r.mutable_sales_quality()->add_grade_bounds(250); })},
      {"defaults.sales_quality.window_days",
       rules([](auto& r) { r.mutable_sales_quality()->set_window_days(0); })},
      {"defaults.sales_quality.defects_delay_days",
       rules([](auto& r) { r.mutable_sales_quality()->set_defects_delay_days(-1); })},
      {"defaults.sales_quality.history_days",
       rules([](auto& r) { r.mutable_sales_quality()->set_history_days(0); })},
      {"defaults.savings.window_days[0]",
       rules([](auto& r) { r.mutable_savings()->add_window_days(0); })},
      {"defaults.experience.not_arrived_days",
       rules([](auto& r) { r.mutable_experience()->set_not_arrived_days(0); })},
      {"defaults.experience.horizon_days[0]",
       rules([](auto& r) { r.mutable_experience()->add_horizon_days(0); })},
      {"defaults.visibility.satisfaction",
       rules([](auto& r) { r.mutable_visibility()->set_satisfaction(101); })},
      {"defaults.visibility.quality",
       rules([](auto& r) { r.mutable_visibility()->set_quality(-1); })},
      {"defaults.visibility.smart", rules([](auto& r) { r.mutable_visibility()->set_smart(-1); })},
      {"defaults.signals.response_due_soon",
       rules([](auto& r) { r.mutable_signals()->mutable_response_due_soon(); })},
      {"defaults.signals.at_risk_below",
       rules([](auto& r) { r.mutable_signals()->set_at_risk_below(-1); })},
      {"defaults.signals.review_invitation",
       rules([](auto& r) { r.mutable_signals()->mutable_review_invitation(); })},
      {"defaults.signals.silent_after",
       rules([](auto& r) { r.mutable_signals()->mutable_silent_after(); })},
      {"defaults.commands.review_comment_characters",
       rules([](auto& r) { r.mutable_commands()->set_review_comment_characters(-1); })},
      {"defaults.commands.message_characters",
       rules([](auto& r) { r.mutable_commands()->set_message_characters(0); })},
      {"defaults.commands.complaint_years",
       rules([](auto& r) { r.mutable_commands()->set_complaint_years(0); })},
      {"defaults.commands.idempotency_key_kept",
       rules([](auto& r) { r.mutable_commands()->mutable_idempotency_key_kept(); })},
      {"markets[0].code", market([](auto& m) { m.set_code("ROU"); })},
      {"markets[0].code", market([](auto& m) { m.set_code("*"); })},
      {"markets[0].time_zone", market([](auto& m) { m.set_time_zone("Europe/Atlantis"); })},
      {"markets[0].time_zone", market([](auto& m) { m.clear_time_zone(); })},
      {"markets[0].currency", market([](auto& m) { m.set_currency("ron"); })},
      {"markets[0].currency", market([](auto& m) { m.clear_currency(); })},
      {"markets[0].holiday_calendar", market([](auto& m) { m.set_holiday_calendar("Romania"); })},
      {"markets[0].extra_holidays[0]", market([](auto& m) { m.add_extra_holidays("2023-02-29"); })},
      {"markets[0].cancelled_holidays[1]", market([](auto& m) {
         m.add_cancelled_holidays("2024-02-29");
         m.add_cancelled_holidays("1 May");
       })},
      {"markets[0].rules.rating.window_days",
       market([](auto& m) { m.mutable_rules()->mutable_rating()->set_window_days(0); })},
      {"markets[1].code",
       [](pb::Policy& p) {
         AddMarket(p, "PL");
         AddMarket(p, "PL");
       }},
  };
}

TEST_CASE("a wrong value of a policy is named, whichever it is") {
  for (const WrongValue& wrong : WrongValues()) {
    pb::Policy policy;
    wrong.make(policy);
    PolicyBook book = PolicyBook::BuiltIn();
    const absl::Status status = Publish(book, policy, 1, kDay1);
    CAPTURE(wrong.path, status.ToString());
    REQUIRE(absl::IsInvalidArgument(status));
    const std::string message(status.message());
    CHECK(message.rfind(wrong.path + ": ", 0) == 0);
    CHECK(message.find("; ") == std::string::npos);
    CHECK(book.VersionAt(kDay1) == 0);
  }
}

TEST_CASE("all wrong values are named at once") {
  pb::Policy policy;
  policy.mutable_defaults()->mutable_rating()->set_window_days(0);
  policy.mutable_defaults()->mutable_signals()->set_at_risk_below(-1);
  AddMarket(policy, "XX");
  AddMarket(policy, "xx", "Nowhere/Land", "x");
  PolicyBook book = PolicyBook::BuiltIn();
  const std::string message(Publish(book, policy, 1, kDay1).message());
  for (const char* path :
       {"defaults.rating.window_days", "defaults.signals.at_risk_below", "markets[0].time_zone",
        "markets[0].currency", "markets[1].code", "markets[1].time_zone", "markets[1].currency"}) {
    CAPTURE(path, message);
    CHECK(message.find(std::string(path) + ": ") != std::string::npos);
  }
}

TEST_CASE("every number of the policy has a bound that is checked") {
  // Sets one number or length of time after the other to a value that no rule takes.
  std::function<int(google::protobuf::Message&, pb::Policy&)> spoil_each =
      [&spoil_each](google::protobuf::Message& message, pb::Policy& policy) {
        int fields = 0;
        const auto* reflection = message.GetReflection();
        for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
          const auto* field = message.GetDescriptor()->field(i);
          const bool is_length = field->message_type() == google::protobuf::Duration::descriptor();
          if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32) {
            field->is_repeated() ? reflection->AddInt32(&message, field, INT32_MIN)
                                 : reflection->SetInt32(&message, field, INT32_MIN);
          } else if (is_length) {
            reflection->MutableMessage(&message, field);
          } else if (field->message_type() != nullptr) {
            fields +=
                spoil_each(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                                : *reflection->MutableMessage(&message, field),
                           policy);
            reflection->ClearField(&message, field);
            continue;
          } else {
            continue;
          }
          CAPTURE(field->full_name());
          bool named = false;
          for (const std::string& wrong : WrongFields(policy)) {
            named |= wrong.find(field->name()) != std::string::npos;
          }
          CHECK(named);
          ++fields;
          reflection->ClearField(&message, field);
        }
        return fields;
      };
  pb::Policy policy;
  CHECK(spoil_each(*policy.mutable_defaults(), policy) > 50);
}

}  // namespace
}  // namespace flywheel
