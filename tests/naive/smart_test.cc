// Read model 5.2: conditions, headroom and outlook. Its history: smart_history_test.cc.
#include "naive/smart.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "naive/smart_sellers.h"

namespace flywheel::naive {
namespace {

Smart SmartIn(const History& history, int64_t as_of, const std::string& market = "PL") {
  const std::optional<Smart> smart = SmartOf(history.replay(), "s", market, as_of);
  REQUIRE(smart.has_value());
  return *smart;
}

SmartCondition Of(const History& history, std::string_view code, int64_t as_of) {
  for (const SmartCondition& condition : SmartIn(history, as_of).conditions) {
    if (condition.code == code) return condition;
  }
  FAIL("no such condition");
  return {};
}

bool IsFulfilledIn(const History& history, int64_t as_of) {
  return SmartIn(history, as_of).fulfilled;
}

}  // namespace

TEST_CASE("a seller of whom nothing is known: all conditions, in the order of the table") {
  History history;
  history.Add(Placed("o", kStart));
  const Smart smart = SmartIn(history, kStart);
  const std::vector<SmartCondition> expected = {
      {"ratingPercentage", "Positive feedback", std::nullopt, 0.98, true, false},
      {"ratesCount", "Unique positive ratings", 0.0, 5.0, true, false},
      {"superSeller", "Super Seller", 0.0, std::nullopt, false, false},
      {"goodStanding", "Account in good standing", 0.0, std::nullopt, true, false},
      {"trackedShipments", "Tracked shipments", std::nullopt, 0.5, false, false},
      {"returnPolicy", "Return policy", 0.0, std::nullopt, true, false},
  };
  CHECK(smart.conditions == expected);
  CHECK_FALSE(smart.fulfilled);
  CHECK_FALSE(smart.last_changed.has_value());
  CHECK(smart.history.empty());
  CHECK_FALSE(smart.negatives_until_lost.has_value());
  CHECK_FALSE(smart.positives_until_won.has_value());
  CHECK_FALSE(smart.outlook.has_value());
  CHECK(smart.complete);
}

TEST_CASE("there is an answer where there is a rating's row, and none before") {
  History history;
  history.Add(Registered(kStart));
  CHECK_FALSE(SmartOf(history.replay(), "s", "PL", kStart - 1).has_value());
  CHECK(SmartOf(history.replay(), "s", "PL", kStart).has_value());
  CHECK_FALSE(SmartOf(history.replay(), "s", "CZ", kStart).has_value());
  CHECK_FALSE(SmartOf(history.replay(), "nobody", "PL", kStart).has_value());
  history.Add(GoodStanding(kStart + kDay, "CZ"));
  std::vector<std::string> markets;
  AllSmart(history.replay(), kStart + kDay,
           [&](const Smart& smart) { markets.push_back(smart.market); });
  CHECK(markets == std::vector<std::string>{"CZ", "PL"});
}

TEST_CASE("five buyers who recommend are enough, four are not") {
  History history = StandingSeller();
  Rate(history, 4, 0);
  CHECK(Of(history, "ratesCount", kRated).value == 4.0);
  CHECK_FALSE(Of(history, "ratesCount", kRated).fulfilled);
  CHECK(Of(history, "ratingPercentage", kRated).fulfilled);
  CHECK_FALSE(IsFulfilledIn(history, kRated));
  Rate(history, 1, 0);
  CHECK(Of(history, "ratesCount", kRated).fulfilled);
  CHECK(IsFulfilledIn(history, kRated));
  CHECK_FALSE(IsFulfilledIn(history, kRated - 1));
}

TEST_CASE("98 of 100 are enough, 97 of 99 are not") {
  History history = StandingSeller();
  Rate(history, 97, 2);
  CHECK(Of(history, "ratingPercentage", kRated).value == 97.0 / 99.0);
  CHECK_FALSE(Of(history, "ratingPercentage", kRated).fulfilled);
  Rate(history, 1, 0);
  CHECK(Of(history, "ratingPercentage", kRated).value == 0.98);
  CHECK(Of(history, "ratingPercentage", kRated).fulfilled);
  CHECK(IsFulfilledIn(history, kRated));
  Rate(history, 0, 1);
  CHECK_FALSE(IsFulfilledIn(history, kRated));
}

TEST_CASE("a buyer counts once, by the latest review, as it is edited and while it stands") {
  History history = StandingSeller();
  Rate(history, 5, 0);
  const int64_t later = kRated + kDay;
  history.Add(Placed("again", kRated, "buyer 0"));
  history.Add(Reviewed("again", later, false, "buyer 0"));
  CHECK(Of(history, "ratesCount", later - 1).value == 5.0);
  CHECK(Of(history, "ratesCount", later).value == 4.0);
  CHECK(Of(history, "ratingPercentage", later).value == 0.8);
  history.Add(Edited("again", later + kHour, true));
  CHECK(Of(history, "ratesCount", later + kHour - 1).value == 4.0);
  CHECK(Of(history, "ratesCount", later + kHour).value == 5.0);
  history.Add(Edited("again", later + 2 * kHour, false));
  history.Add(Removed("again", later + 3 * kHour));
  CHECK(Of(history, "ratesCount", later + 3 * kHour - 1).value == 4.0);
  CHECK(Of(history, "ratesCount", later + 3 * kHour).value == 5.0);  // the earlier review speaks
}

TEST_CASE("an edit at the posting's own instant stands, an earlier one says nothing") {
  History history = StandingSeller();
  Rate(history, 1, 0);
  history.Add(Edited("r0", kRated - 1, false));
  CHECK(Of(history, "ratesCount", kRated).value == 1.0);
  history.Add(Edited("r0", kRated, false));
  CHECK(Of(history, "ratesCount", kRated).value == 0.0);
}

TEST_CASE("a review leaves at the local midnight 365 days after its day began") {
  History history = StandingSeller();
  Rate(history, 5, 0);  // on 2024-03-02
  const int64_t leaves = At("2025-03-01T23:00:00Z");
  CHECK(IsFulfilledIn(history, leaves - 1));
  CHECK(Of(history, "ratesCount", leaves - 1).value == 5.0);
  CHECK(Of(history, "ratesCount", leaves).value == 0.0);
  CHECK_FALSE(Of(history, "ratingPercentage", leaves).value.has_value());
  CHECK_FALSE(IsFulfilledIn(history, leaves));
}

TEST_CASE("a super seller needs no ratings and has no headroom") {
  History history = StandingSeller();
  history.Add(SuperStanding(kStart + kHour));
  const Smart smart = SmartIn(history, kStart + kHour);
  CHECK(smart.fulfilled);
  CHECK_FALSE(smart.conditions[0].required);
  CHECK_FALSE(smart.conditions[1].required);
  CHECK(smart.conditions[2].fulfilled);
  CHECK_FALSE(smart.conditions[2].required);
  CHECK_FALSE(smart.negatives_until_lost.has_value());
  CHECK_FALSE(IsFulfilledIn(history, kStart + kHour - 1));
}

TEST_CASE("a good standing is fees paid, no breach, a business, no pharmacy, and all known") {
  const auto is_good = [](bool business, bool pharmacy, bool fees_paid, bool breach) {
    History history;
    Event registered = Registered(kStart);
    registered.mutable_seller_registered()->set_business(business);
    registered.mutable_seller_registered()->set_pharmacy(pharmacy);
    history.Add(registered);
    Event standing = GoodStanding(kStart);
    standing.mutable_seller_standing_changed()->set_fees_paid(fees_paid);
    standing.mutable_seller_standing_changed()->set_regulation_breach(breach);
    history.Add(standing);
    return Of(history, "goodStanding", kStart).fulfilled;
  };
  CHECK(is_good(true, false, true, false));
  CHECK_FALSE(is_good(false, false, true, false));
  CHECK_FALSE(is_good(true, true, true, false));
  CHECK_FALSE(is_good(true, false, false, false));
  CHECK_FALSE(is_good(true, false, true, true));

  History unregistered;
  unregistered.Add(GoodStanding(kStart));
  CHECK_FALSE(Of(unregistered, "goodStanding", kStart).fulfilled);
  unregistered.Add(Registered(kStart + 1));
  CHECK_FALSE(Of(unregistered, "goodStanding", kStart).fulfilled);
  CHECK(Of(unregistered, "goodStanding", kStart + 1).fulfilled);
}

TEST_CASE("the latest standing of the market holds, wherever it stands in the log") {
  History history;
  history.Add(Registered(kStart));
  Event unpaid = GoodStanding(kStart + 2 * kHour);
  unpaid.mutable_seller_standing_changed()->set_fees_paid(false);
  history.Add(unpaid);
  history.Add(GoodStanding(kStart + kHour));
  history.Add(GoodStanding(kStart + 3 * kHour, "CZ"));
  CHECK_FALSE(Of(history, "goodStanding", kStart + kHour - 1).fulfilled);
  CHECK(Of(history, "goodStanding", kStart + 2 * kHour - 1).fulfilled);
  CHECK_FALSE(Of(history, "goodStanding", kStart + 2 * kHour).fulfilled);
  CHECK_FALSE(Of(history, "goodStanding", kStart + 3 * kHour).fulfilled);
}

TEST_CASE("returns must be free for 14 days") {
  const auto is_enough = [](bool free, int32_t days) {
    History history;
    Event standing = GoodStanding(kStart);
    auto* returns = standing.mutable_seller_standing_changed()->mutable_return_policy();
    returns->set_free_returns(free);
    returns->set_withdrawal_days(days);
    history.Add(standing);
    return Of(history, "returnPolicy", kStart).fulfilled;
  };
  CHECK(is_enough(true, 14));
  CHECK(is_enough(true, 30));
  CHECK_FALSE(is_enough(true, 13));
  CHECK_FALSE(is_enough(false, 14));
}

TEST_CASE("shipments count once their dispatch was promised for the past") {
  History history;
  const int64_t promised = kStart + kDay;
  history.Add(PromisedBy(promised, Placed("o", kStart)));
  CHECK_FALSE(Of(history, "trackedShipments", promised).value.has_value());
  CHECK(Of(history, "trackedShipments", promised + 1).value == 0.0);
  history.Add(Placed("unpromised", kStart));
  history.Add(Parcel("o", promised));
  history.Add(Scanned("o", promised + kHour, ScanCode::PENDING));
  history.Add(Parcel("o", promised, Direction::RETURN, "", "back"));
  history.Add(ScannedParcel("o", "back", promised + kHour));
  CHECK(Of(history, "trackedShipments", promised + kHour).value == 0.0);
  history.Add(Scanned("o", promised + 2 * kHour));
  CHECK(Of(history, "trackedShipments", promised + 2 * kHour - 1).value == 0.0);
  CHECK(Of(history, "trackedShipments", promised + 2 * kHour).value == 1.0);
}

TEST_CASE("an order cancelled before dispatch is no shipment") {
  History history;
  history.Add(PromisedBy(kStart, Placed("o", kStart)));
  history.Add(Cancelled("o", kStart + 2 * kHour));
  CHECK(Of(history, "trackedShipments", kStart + 2 * kHour - 1).value == 0.0);
  CHECK_FALSE(Of(history, "trackedShipments", kStart + 2 * kHour).value.has_value());
  history.Add(Parcel("o", kStart));
  history.Add(Scanned("o", kStart + 2 * kHour));  // cancelled at the instant of the dispatch
  CHECK(Of(history, "trackedShipments", kStart + 2 * kHour).value == 1.0);
}

TEST_CASE("half of ten shipments must be tracked; nine need not be") {
  History history = StandingSeller();
  Rate(history, 5, 0);
  for (int i = 0; i < 10; ++i) {
    const std::string order = "t" + std::to_string(i);
    history.Add(PromisedBy(kRated + i, Placed(order, kStart)));
    history.Add(Parcel(order, kRated));
  }
  const int64_t nine = kRated + 9;  // the deadlines kRated .. kRated + 8 have passed
  CHECK_FALSE(Of(history, "trackedShipments", nine).required);
  CHECK(IsFulfilledIn(history, nine));
  CHECK(Of(history, "trackedShipments", nine + 1).required);
  CHECK_FALSE(IsFulfilledIn(history, nine + 1));
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(IsFulfilledIn(history, nine + 10));
    history.Add(Scanned("t" + std::to_string(i), nine + 2));
  }
  CHECK(Of(history, "trackedShipments", nine + 10).value == 0.5);
  CHECK(Of(history, "trackedShipments", nine + 10).fulfilled);
  CHECK(IsFulfilledIn(history, nine + 10));
}

TEST_CASE("a shipment leaves the window at the local midnight 30 days after its day began") {
  History history;
  // Placed in the last millisecond of 1 March; 30 days later, 31 March begins in winter time.
  history.Add(PromisedBy(kStart, Placed("o", At("2024-03-01T22:59:59.999Z"))));
  const int64_t leaves = At("2024-03-30T23:00:00Z");
  CHECK(Of(history, "trackedShipments", leaves - 1).value == 0.0);
  CHECK_FALSE(Of(history, "trackedShipments", leaves).value.has_value());
  // The one of the next day leaves when 1 April begins, in summer time.
  history.Add(PromisedBy(kStart, Placed("p", At("2024-03-01T23:00:00Z"))));
  CHECK(Of(history, "trackedShipments", At("2024-03-31T21:59:59.999Z")).value == 0.0);
  CHECK_FALSE(Of(history, "trackedShipments", At("2024-03-31T22:00:00Z")).value.has_value());
}

TEST_CASE("negativesUntilLost is the least number of new buyers with which it is lost") {
  History history = StandingSeller();
  Rate(history, 5, 0);
  CHECK(SmartIn(history, kRated).negatives_until_lost == 1);  // 5 of 6
  Rate(history, 93, 0);
  CHECK(SmartIn(history, kRated).negatives_until_lost == 3);  // 98 of 100 is enough
  Rate(history, 0, 2);
  CHECK(SmartIn(history, kRated).negatives_until_lost == 1);  // 98 of 100, at the edge
  CHECK_FALSE(SmartIn(history, kRated).positives_until_won.has_value());
}

TEST_CASE("positivesUntilWon is the least number of new buyers with which it is won") {
  History history = StandingSeller();
  Rate(history, 2, 0);
  CHECK(SmartIn(history, kRated).positives_until_won == 3);  // by the count
  Rate(history, 0, 1);
  CHECK(SmartIn(history, kRated).positives_until_won == 47);  // 49 of 50
  CHECK_FALSE(SmartIn(history, kRated).negatives_until_lost.has_value());
  // With something else missing there is none.
  history.Add(Standing(kRated + 1));
  CHECK_FALSE(SmartIn(history, kRated + 1).positives_until_won.has_value());
}

TEST_CASE("where all must recommend, one who does not can never be made up for") {
  History history = StandingSeller();
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_smart()->set_rating_share_ppm(1'000'000);
  const int64_t effective = history.now + kDay;
  history.Add(PolicyOf(1, effective, policy));
  Rate(history, 4, 0);
  CHECK(SmartIn(history, effective).positives_until_won == 1);
  Rate(history, 0, 1);
  CHECK(SmartIn(history, effective - 1).positives_until_won == 45);  // 49 of 50
  CHECK_FALSE(SmartIn(history, effective).positives_until_won.has_value());
}

TEST_CASE("thresholds are those of the policy at as_of") {
  History history = StandingSeller();
  Rate(history, 4, 0);
  policy::v1::Policy policy;
  auto* smart = policy.mutable_defaults()->mutable_smart();
  smart->set_rates_count(4);
  smart->set_rating_share_ppm(900'000);
  smart->set_tracked_share_ppm(250'000);
  const int64_t effective = history.now + kDay;
  history.Add(PolicyOf(1, effective, policy));
  CHECK(Of(history, "ratesCount", effective - 1).threshold == 5.0);
  CHECK_FALSE(IsFulfilledIn(history, effective - 1));
  CHECK(Of(history, "ratesCount", effective).threshold == 4.0);
  CHECK(Of(history, "ratingPercentage", effective).threshold == 0.9);
  CHECK(Of(history, "trackedShipments", effective).threshold == 0.25);
  CHECK(IsFulfilledIn(history, effective));
}

TEST_CASE("the outlook is the instant at which it changes if nothing more happens") {
  History history = StandingSeller();
  Rate(history, 5, 0);  // on 2024-03-02
  const int64_t leaves = At("2025-03-01T23:00:00Z");
  CHECK(SmartIn(history, kRated).outlook == leaves);
  CHECK(SmartIn(history, leaves - 1).outlook == leaves);
  CHECK_FALSE(SmartIn(history, leaves).outlook.has_value());
  CHECK_FALSE(SmartIn(history, kRated - 1).outlook.has_value());
  // 365 local days on: the review leaves at the start of the last of them, as on no day before.
  CHECK(SmartIn(history, At("2024-03-02T22:59:59.999Z")).outlook == leaves);
}

TEST_CASE("the outlook sees what wins it back, deadlines and policies, on the facts of as_of") {
  History history = StandingSeller();
  Rate(history, 5, 0);
  for (int i = 0; i < 10; ++i) {
    history.Add(PromisedBy(kRated + kDay, Placed("t" + std::to_string(i), kStart)));
  }
  // Ten untracked shipments of 1 March: lost with the deadline, won as they leave on 31 March.
  CHECK(SmartIn(history, kRated).outlook == kRated + kDay + 1);
  CHECK(SmartIn(history, kRated + kDay + 1).outlook == At("2024-03-30T23:00:00Z"));
  for (int i = 0; i < 10; ++i) {
    history.Add(Parcel("t" + std::to_string(i), kRated));
    history.Add(Scanned("t" + std::to_string(i), kRated + kHour));
  }
  CHECK(SmartIn(history, kRated).outlook == kRated + kDay + 1);  // not known then
  CHECK(SmartIn(history, kRated + kHour).outlook == At("2025-03-01T23:00:00Z"));
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_smart()->set_rates_count(6);
  history.Add(PolicyOf(1, history.now + kDay, policy));
  CHECK(SmartIn(history, kRated + kHour).outlook == history.now + kDay);
}

TEST_CASE("the answer of an incomplete seller says so") {
  History history = StandingSeller();
  history.Refuse("0@1", "s");
  CHECK_FALSE(SmartIn(history, kStart).complete);
}

}  // namespace flywheel::naive
