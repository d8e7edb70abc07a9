// Read model 5.1.
#include "naive/rating.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/time/civil_time.h"
#include "naive/history.h"

namespace flywheel::naive {
namespace {

using events::v1::RemovedBy;

const int64_t kPurchase = At("2024-05-10T10:00:00Z");
const int64_t kPosted = At("2024-05-20T10:00:00Z");

int32_t Date(int year, int month, int day) {
  return static_cast<int32_t>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1));
}

Rating RatingIn(const History& history, int64_t as_of, const std::string& seller_id = "s",
                const std::string& market = "PL") {
  const std::optional<Rating> rating = RatingOf(history.replay(), seller_id, market, as_of);
  REQUIRE(rating.has_value());
  return *rating;
}

// An order and its review.
void Bought(History& history, const std::string& order_id, int64_t posted_at, bool recommended,
            const std::string& buyer_id, const std::string& seller_id = "s",
            const std::string& market = "PL") {
  history.Add(Of(Placed(order_id, posted_at - kDay, buyer_id), seller_id, market));
  history.Add(Of(Reviewed(order_id, posted_at, recommended, buyer_id), seller_id, market));
}

Event Rated(Event review, int32_t service) {
  review.mutable_review_posted()->mutable_rates()->set_service(service);
  return review;
}

const Votes kNone{0, 0};
const Votes kOne{1, 1};

}  // namespace

TEST_CASE("a seller and market have a row from the first event that names them") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Standing(kPurchase + kDay, "CZ"));
  CHECK(RatingRows(history.replay(), kPurchase - 1).empty());
  CHECK(RatingRows(history.replay(), kPurchase).size() == 1);
  CHECK(RatingRows(history.replay(), kPurchase + kDay).size() == 2);
  CHECK_FALSE(RatingOf(history.replay(), "s", "CZ", kPurchase).has_value());
  CHECK_FALSE(RatingOf(history.replay(), "nobody", "PL", kPurchase).has_value());
  const Rating rating = RatingIn(history, kPurchase);
  CHECK_FALSE(rating.recommended_percentage_tenths.has_value());
  CHECK_FALSE(rating.service.average_hundredths.has_value());
  CHECK(rating.history.size() == 365);
}

TEST_CASE("an event before the placing of its order names its market when that is placed") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Paid("o", kPurchase - kDay));
  CHECK(RatingRows(history.replay(), kPurchase - 1).empty());
  CHECK(RatingRows(history.replay(), kPurchase).size() == 1);
}

TEST_CASE("a review counts from its posting on") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPosted));
  CHECK(RatingIn(history, kPosted - 1).recommended == kNone);
  CHECK(RatingIn(history, kPosted).recommended == kOne);
  CHECK(RatingIn(history, kPosted).lifetime_recommended == 1);
  CHECK(RatingIn(history, kPosted).recommended_percentage_tenths == 1000);
}

TEST_CASE("a review posted before its order was placed counts from the placing, by its own day") {
  const int64_t placed = At("2025-05-19T12:00:00Z");
  History history;
  history.Add(Placed("o", placed));
  history.Add(Reviewed("o", kPosted));  // 2024-05-20
  CHECK_FALSE(RatingOf(history.replay(), "s", "PL", placed - 1).has_value());
  CHECK(RatingIn(history, placed).recommended == kOne);
  // The last day of its window is 2025-05-19.
  CHECK(RatingIn(history, At("2025-05-19T21:59:59.999Z")).recommended == kOne);
  CHECK(RatingIn(history, At("2025-05-19T22:00:00Z")).recommended == kNone);
  CHECK(RatingIn(history, placed).history.at(Date(2025, 5, 18)).recommended == kNone);
}

TEST_CASE("a review leaves the window at local midnight, 365 days after its day began") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", At("2024-05-20T21:59:59.999Z")));  // the last of its day
  const int64_t leaves = At("2025-05-19T22:00:00Z");           // 2025-05-20 in Warsaw
  CHECK(RatingIn(history, leaves - 1).recommended == kOne);
  CHECK(RatingIn(history, leaves).recommended == kNone);
  CHECK(RatingIn(history, leaves).lifetime_recommended == 1);
  CHECK_FALSE(RatingIn(history, leaves).recommended_percentage_tenths.has_value());
}

TEST_CASE("the window's edge holds on the days on which the clock changes") {
  History history;
  // Posted in the first and the last millisecond of 2024-03-31 and 2024-10-27.
  Bought(history, "a", At("2024-03-30T23:00:00Z"), true, "a");
  Bought(history, "b", At("2024-03-31T21:59:59.999Z"), true, "b");
  Bought(history, "c", At("2024-10-26T22:00:00Z"), true, "c");
  Bought(history, "d", At("2024-10-27T22:59:59.999Z"), true, "d");
  CHECK(RatingIn(history, At("2025-03-30T21:59:59.999Z")).recommended == Votes{4, 4});
  CHECK(RatingIn(history, At("2025-03-30T22:00:00Z")).recommended == Votes{2, 2});
  CHECK(RatingIn(history, At("2025-10-26T22:59:59.999Z")).recommended == Votes{2, 2});
  CHECK(RatingIn(history, At("2025-10-26T23:00:00Z")).recommended == kNone);
}

TEST_CASE("a day that starts at 01:00 in Sao Paulo is a day of the window") {
  History history;
  Bought(history, "o", At("2017-10-15T02:59:59.999Z"), true, "a", "s", "BR");  // still the 14th
  Bought(history, "p", At("2017-10-15T03:00:00Z"), true, "b", "s", "BR");      // the 15th
  const Rating rating = RatingIn(history, At("2017-10-16T02:00:00Z"), "s", "BR");
  CHECK(rating.history.at(Date(2017, 10, 14)).recommended == kOne);
  CHECK(rating.history.at(Date(2017, 10, 15)).recommended == Votes{2, 2});
  // 365 days later the clock is at UTC-3 still: midnight is 03:00Z.
  CHECK(RatingIn(history, At("2018-10-14T02:59:59.999Z"), "s", "BR").recommended == Votes{2, 2});
  CHECK(RatingIn(history, At("2018-10-14T03:00:00Z"), "s", "BR").recommended == kOne);
  CHECK(RatingIn(history, At("2018-10-15T03:00:00Z"), "s", "BR").recommended == kNone);
}

TEST_CASE("the last edit by business time stands, wherever it is in the log") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Edited("o", kPosted + 20, true));
  history.Add(Edited("o", kPosted + 10, false));
  history.Add(Reviewed("o", kPosted, true));
  CHECK(RatingIn(history, kPosted + 9).recommended == kOne);
  CHECK(RatingIn(history, kPosted + 10).not_recommended == kOne);
  CHECK(RatingIn(history, kPosted + 10).recommended == kNone);
  CHECK(RatingIn(history, kPosted + 20).recommended == kOne);
}

TEST_CASE("an edit before the posting is ignored, one at its instant stands") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPosted, true));
  history.Add(Edited("o", kPosted - 1, false));
  CHECK(RatingIn(history, kPosted).recommended == kOne);
  history.Add(Edited("o", kPosted, false));
  CHECK(RatingIn(history, kPosted).not_recommended == kOne);
}

TEST_CASE("an edit of a review that the order does not have changes nothing") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPosted, true));
  Event edit = Edited("o", kPosted + 1, false);
  edit.mutable_review_edited()->set_review_id("another");
  history.Add(edit);
  CHECK(history.counts().accepted == 3);
  CHECK(RatingIn(history, kPosted + 1).recommended == kOne);
}

TEST_CASE("an edit replaces the marks as a whole and not the day") {
  History history;
  history.Add(Placed("o", kPurchase));
  Event review = Rated(Reviewed("o", kPosted), 5);
  review.mutable_review_posted()->mutable_rates()->set_delivery(1);
  history.Add(review);
  Event edit = Edited("o", kPosted + 30 * kDay, true);
  edit.mutable_review_edited()->mutable_rates()->set_service(2);
  history.Add(edit);
  const Rating rating = RatingIn(history, kPosted + 30 * kDay);
  CHECK(rating.service.distribution == std::array<int64_t, 5>{0, 1, 0, 0, 0});
  CHECK(rating.delivery.distribution == std::array<int64_t, 5>{0, 0, 0, 0, 0});
  CHECK(RatingIn(history, At("2025-05-19T22:00:00Z")).recommended == kNone);
}

TEST_CASE("a removed review leaves no trace but its removal, from that instant on") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Rated(Reviewed("o", kPosted), 5));
  history.Add(Answered("o", kPosted + 1));
  history.Add(Removed("o", kPosted + 10, RemovedBy::MARKETPLACE));
  const Rating before = RatingIn(history, kPosted + 9);
  CHECK(before.recommended == kOne);
  CHECK(before.answered == 1);
  CHECK(before.removed_by_marketplace == 0);
  const Rating after = RatingIn(history, kPosted + 10);
  CHECK(after.recommended == kNone);
  CHECK(after.answered == 0);
  CHECK(after.lifetime_recommended == 0);
  CHECK(after.service.distribution == std::array<int64_t, 5>{0, 0, 0, 0, 0});
  CHECK(after.removed_by_marketplace == 1);
  CHECK(after.removed_by_buyer == 0);
}

TEST_CASE("a removal counts by its own day, also when the posting has left the window") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPosted));
  history.Add(Removed("o", At("2025-05-30T12:00:00Z"), RemovedBy::BUYER_AFTER_COMPENSATION));
  CHECK(RatingIn(history, At("2025-05-30T12:00:00Z")).removed_by_buyer_after_compensation == 1);
  CHECK(RatingIn(history, At("2026-05-29T21:59:59.999Z")).removed_by_buyer_after_compensation == 1);
  CHECK(RatingIn(history, At("2026-05-29T22:00:00Z")).removed_by_buyer_after_compensation == 0);
}

TEST_CASE("a removal before the posting or the placing counts from these on, by its own day") {
  History history;
  history.Add(Placed("o", kPosted + 20));
  history.Add(Reviewed("o", kPosted + 10));
  history.Add(Removed("o", kPosted - kDay));
  history.Add(Placed("p", kPosted - 5 * kDay));
  const Rating before = RatingIn(history, kPosted + 19);
  CHECK(before.removed_by_buyer == 0);
  const Rating after = RatingIn(history, kPosted + 20);
  CHECK(after.removed_by_buyer == 1);
  CHECK(after.recommended == kNone);
  CHECK(RatingIn(history, At("2025-05-18T21:59:59.999Z")).removed_by_buyer == 1);
  CHECK(RatingIn(history, At("2025-05-18T22:00:00Z")).removed_by_buyer == 0);
}

TEST_CASE("a review is answered from the answer on, an early one from the posting") {
  History history;
  Bought(history, "o", kPosted, true, "b");
  Bought(history, "p", kPosted, true, "c");
  history.Add(Answered("o", kPosted + 10));
  history.Add(Answered("p", kPosted - 10));
  CHECK(RatingIn(history, kPosted - 1).answered == 0);
  CHECK(RatingIn(history, kPosted).answered == 1);
  CHECK(RatingIn(history, kPosted + 10).answered == 2);
}

TEST_CASE("a buyer counts once, by the latest posted review that stands") {
  History history;
  Bought(history, "o", kPosted, true, "b");
  Bought(history, "p", kPosted + 10, false, "b");
  Bought(history, "q", kPosted + 10, true, "c");
  const Rating rating = RatingIn(history, kPosted + 10);
  CHECK(rating.recommended == Votes{2, 1});
  CHECK(rating.not_recommended == kOne);
  CHECK(rating.recommended_percentage_tenths == 500);
  CHECK(RatingIn(history, kPosted + 9).recommended == kOne);
  // Edits do not make a review later.
  history.Add(Edited("o", kPosted + 20, true));
  CHECK(RatingIn(history, kPosted + 20).recommended == Votes{2, 1});
  history.Add(Removed("p", kPosted + 30));
  CHECK(RatingIn(history, kPosted + 30).recommended == Votes{2, 2});
  CHECK(RatingIn(history, kPosted + 30).not_recommended == kNone);
}

TEST_CASE("of a buyer's reviews at one instant the greater review_id counts, by its bytes") {
  History history;
  Bought(history, "z", kPosted, false, "b");        // r:z
  Bought(history, "\xc3\xa9", kPosted, true, "b");  // a byte above all of ASCII
  CHECK(RatingIn(history, kPosted).recommended == kOne);
  CHECK(RatingIn(history, kPosted).not_recommended == Votes{1, 0});
  // The order's id has no say in it.
  for (const auto& [order, review_id] : {std::pair("a", "2"), std::pair("b", "10")}) {
    history.Add(Of(Placed(order, kPurchase), "t"));
    Event review = Of(Reviewed(order, kPosted, *order == 'a'), "t");
    review.mutable_review_posted()->set_review_id(review_id);
    history.Add(review);
  }
  CHECK(RatingIn(history, kPosted, "t").recommended == kOne);
  CHECK(RatingIn(history, kPosted, "t").not_recommended == Votes{1, 0});
}

TEST_CASE("when the latest review leaves no other comes back: older ones left before") {
  History history;
  Bought(history, "o", kPosted, true, "b");
  Bought(history, "p", kPosted + 3 * kDay, false, "b");
  const int64_t first_leaves = At("2025-05-19T22:00:00Z");
  CHECK(RatingIn(history, first_leaves - 1).recommended == Votes{1, 0});
  CHECK(RatingIn(history, first_leaves).recommended == kNone);
  CHECK(RatingIn(history, first_leaves).not_recommended == kOne);
  CHECK(RatingIn(history, first_leaves + 3 * kDay).not_recommended == kNone);
}

TEST_CASE("the percentage has one decimal, half up") {
  History history;
  // 1 of 16 = 6.25 %; 15 of 16 = 93.75 %.
  for (int i = 0; i < 16; ++i) {
    Bought(history, "o" + std::to_string(i), kPosted, i == 0, "b" + std::to_string(i));
    Bought(history, "p" + std::to_string(i), kPosted, i != 0, "b" + std::to_string(i), "t");
  }
  CHECK(RatingIn(history, kPosted).recommended_percentage_tenths == 63);
  CHECK(RatingIn(history, kPosted, "t").recommended_percentage_tenths == 938);
}

TEST_CASE("an average needs ten marks and has two decimals, half up") {
  History history;
  for (int i = 0; i < 9; ++i) {
    const std::string id = std::to_string(i);
    history.Add(Placed("o" + id, kPurchase, id));
    history.Add(Rated(Reviewed("o" + id, kPosted, true, id), 4));
  }
  history.Add(Placed("none", kPurchase, "none"));
  history.Add(Reviewed("none", kPosted, true, "none"));  // gives no marks
  CHECK_FALSE(RatingIn(history, kPosted).service.average_hundredths.has_value());
  history.Add(Placed("tenth", kPurchase, "10"));
  history.Add(Rated(Reviewed("tenth", kPosted, true, "10"), 5));
  CHECK(RatingIn(history, kPosted).service.average_hundredths == 410);
  CHECK(RatingIn(history, kPosted).service.distribution == std::array<int64_t, 5>{0, 0, 0, 9, 1});
  CHECK_FALSE(RatingIn(history, kPosted).delivery.average_hundredths.has_value());
  for (int i = 0; i < 30; ++i) {  // 40 marks of 161 in all: 4.025
    const std::string id = "more" + std::to_string(i);
    history.Add(Placed(id, kPurchase, id));
    history.Add(Rated(Reviewed(id, kPosted, true, id), 4));
  }
  CHECK(RatingIn(history, kPosted).service.average_hundredths == 403);
}

TEST_CASE("history answers each day's end from all facts known now") {
  History history;
  Bought(history, "o", At("2024-05-20T10:00:00Z"), true, "b");
  history.Add(Edited("o", At("2024-05-22T21:59:59.999Z"), false));
  history.Add(Removed("o", At("2024-05-24T22:00:00Z")));  // the 25th in Warsaw
  const Rating rating = RatingIn(history, At("2024-05-26T10:00:00Z"));
  CHECK(rating.history.size() == 365);
  CHECK(rating.history.begin()->first == Date(2023, 5, 28));
  CHECK(rating.history.at(Date(2024, 5, 19)).recommended == kNone);
  CHECK(rating.history.at(Date(2024, 5, 20)).recommended == kOne);
  CHECK(rating.history.at(Date(2024, 5, 21)).recommended == kOne);
  CHECK(rating.history.at(Date(2024, 5, 22)).not_recommended == kOne);
  CHECK(rating.history.at(Date(2024, 5, 24)).not_recommended == kOne);
  CHECK(rating.history.at(Date(2024, 5, 25)).not_recommended == kNone);
}

TEST_CASE("the row of the day of as_of is the answer at as_of, not at the day's end") {
  History history;
  Bought(history, "o", At("2024-05-20T10:00:00Z"), true, "b");
  CHECK(
      RatingIn(history, At("2024-05-20T09:59:59.999Z")).history.at(Date(2024, 5, 20)).recommended ==
      kNone);
  CHECK(RatingIn(history, At("2024-05-20T10:00:00Z")).history.at(Date(2024, 5, 20)).recommended ==
        kOne);
}

TEST_CASE("window and minimum are the policy's at as_of, of a history row at its end") {
  policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_rating()->set_window_days(2);
  policy.mutable_defaults()->mutable_rating()->set_rates_for_average(1);
  History history;
  history.now = At("2024-01-01T00:00:00Z");
  const int64_t effective = At("2024-05-25T10:00:00Z");
  history.Add(PolicyOf(1, effective, policy));
  history.Add(Placed("o", kPurchase));
  history.Add(Rated(Reviewed("o", At("2024-05-22T10:00:00Z")), 3));
  const Rating before = RatingIn(history, effective - 1);
  CHECK(before.recommended == kOne);
  CHECK_FALSE(before.service.average_hundredths.has_value());
  const Rating after = RatingIn(history, effective);
  CHECK(after.recommended == kNone);
  CHECK(after.history.size() == 2);
  CHECK(after.history.at(Date(2024, 5, 24)).recommended == kOne);  // a window of 365 days
  CHECK(after.history.at(Date(2024, 5, 25)).recommended == kNone);
  history.Add(Placed("p", kPurchase));
  history.Add(Rated(Reviewed("p", effective), 3));
  CHECK(RatingIn(history, effective).service.average_hundredths == 300);
}

TEST_CASE("a total of markets sums, each with its own window; a buyer counts in each") {
  History history;
  Bought(history, "o", At("2024-05-20T10:00:00Z"), true, "b");
  Bought(history, "p", At("2024-05-20T10:00:00Z"), false, "b", "s", "BR");
  const Rating total = RatingIn(history, At("2024-05-21T02:00:00Z"), "s", "*");
  CHECK(total.recommended == kOne);
  CHECK(total.not_recommended == kOne);
  CHECK(total.recommended_percentage_tenths == 500);
  // It is the 21st in Warsaw and still the 20th in Sao Paulo.
  CHECK(total.history.size() == 366);
  CHECK(total.history.at(Date(2024, 5, 21)).not_recommended == kNone);
  CHECK(total.history.at(Date(2024, 5, 21)).recommended == kOne);
  CHECK(total.history.at(Date(2024, 5, 20)).not_recommended == kOne);
  // In Warsaw the review leaves five hours before it does in Sao Paulo.
  const Rating leaving = RatingIn(history, At("2025-05-20T00:00:00Z"), "s", "*");
  CHECK(leaving.recommended == kNone);
  CHECK(leaving.not_recommended == kOne);
}

TEST_CASE(
    "a buyer who bought from two sellers counts at each, and the minimum applies to the sum") {
  History history;
  for (int i = 0; i < 10; ++i) {
    const std::string seller = i % 2 == 0 ? "s" : "t";
    const std::string order = std::to_string(i);
    history.Add(Of(Placed(order, kPurchase, "b" + std::to_string(i / 2)), seller));
    history.Add(Of(Rated(Reviewed(order, kPosted, true, "b" + std::to_string(i / 2)), 5), seller));
  }
  CHECK_FALSE(RatingIn(history, kPosted, "s").service.average_hundredths.has_value());
  const Rating total = RatingIn(history, kPosted, "*");
  CHECK(total.service.average_hundredths == 500);
  CHECK(total.recommended == Votes{10, 10});
}

TEST_CASE("of the minimums of the markets joined the greatest applies to the sum") {
  policy::v1::Policy policy;
  auto* brazil = policy.add_markets();
  brazil->set_code("BR");
  brazil->mutable_rules()->mutable_rating()->set_rates_for_average(2);
  policy.mutable_defaults()->mutable_rating()->set_rates_for_average(1);
  History history;
  history.now = At("2024-01-01T00:00:00Z");
  history.Add(PolicyOf(1, At("2024-01-02T00:00:00Z"), policy));
  history.Add(Placed("o", kPurchase));
  history.Add(Rated(Reviewed("o", kPosted), 3));
  CHECK(RatingIn(history, kPosted, "s", "*").service.average_hundredths == 300);
  history.Add(Of(Placed("p", kPurchase), "s", "BR"));
  CHECK_FALSE(RatingIn(history, kPosted, "s", "*").service.average_hundredths.has_value());
  history.Add(Of(Rated(Reviewed("p", kPosted), 4), "s", "BR"));
  CHECK(RatingIn(history, kPosted, "s", "*").service.average_hundredths == 350);
  CHECK_FALSE(RatingIn(history, kPosted, "s", "BR").service.average_hundredths.has_value());
}

TEST_CASE("a total is complete where all in it are") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Of(Placed("o", kPurchase), "t", "CZ"));
  history.Add(Of(Paid("unknown", kPurchase), "t", "CZ"));
  history.Add(Of(Placed("o", kPurchase), "u", "CZ"));
  history.Refuse("0@1", "without rows");
  CHECK(RatingIn(history, kPurchase, "s").complete);
  CHECK(RatingIn(history, kPurchase, "*", "PL").complete);
  CHECK_FALSE(RatingIn(history, kPurchase, "t", "CZ").complete);
  CHECK_FALSE(RatingIn(history, kPurchase, "*", "CZ").complete);
  CHECK_FALSE(RatingIn(history, kPurchase, "*", "*").complete);
  history.Add(Of(Placed("unknown", kPurchase), "t", "CZ"));
  CHECK(RatingIn(history, kPurchase, "*", "*").complete);
}

TEST_CASE("all ratings in one pass are those that are asked one by one") {
  History history;
  for (int i = 0; i < 40; ++i) {
    const std::string order = std::to_string(i);
    Bought(history, order, kPosted + i * 9 * kDay, i % 3 != 0, "b" + std::to_string(i % 7),
           i % 4 == 0 ? "t" : "s", i % 5 == 0 ? "CZ" : "PL");
  }
  const int64_t as_of = kPosted + 370 * kDay;
  std::vector<Rating> all;
  AllRatings(history.replay(), as_of, [&](const Rating& rating) { all.push_back(rating); });
  // Two sellers in two markets each, a total for each, two of markets, one of all.
  REQUIRE(all.size() == 9);
  CHECK(all.back().seller_id == "*");
  CHECK(all.back().market == "*");
  for (const Rating& rating : all) {
    CHECK(RatingOf(history.replay(), rating.seller_id, rating.market, as_of) == rating);
  }
  CHECK(RatingRows(history.replay(), as_of).size() == 4);
}

TEST_CASE("known_at answers from what was recorded by then") {
  History history;
  history.Add(Placed("o", kPurchase));
  history.Add(Reviewed("o", kPosted));
  const int64_t known_at = history.now;
  history.now += 1;
  history.Add(Removed("o", kPosted + 1));
  const int64_t as_of = kPosted + kDay;
  CHECK(RatingIn(history, as_of).recommended == kNone);
  CHECK(RatingOf(history.KnownAt(known_at), "s", "PL", as_of)->recommended == kOne);
}

TEST_CASE("the same events in any order of the log give the same answers") {
  const std::vector<Event> events = {
      Placed("o", kPurchase),          Reviewed("o", kPosted, true), Edited("o", kPosted + 5, true),
      Edited("o", kPosted + 3, false), Answered("o", kPosted + 4),   Removed("o", kPosted + 9)};
  std::vector<size_t> order = {0, 1, 2, 3, 4, 5};
  History first;
  for (const Event& event : events) first.Add(event);
  do {
    History history;
    for (const size_t i : order) history.Add(events[i]);
    for (int64_t as_of = kPosted; as_of <= kPosted + 10; as_of += 2) {
      REQUIRE(RatingOf(history.replay(), "s", "PL", as_of) ==
              RatingOf(first.replay(), "s", "PL", as_of));
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("an erased buyer's reviews count as before") {
  History history;
  Bought(history, "o", kPosted, true, "b");
  const Rating before = RatingIn(history, kPosted);
  Event erased = Envelope(kPosted);
  erased.mutable_buyer_erased()->set_buyer_id("b");
  history.Add(erased);
  CHECK(RatingIn(history, kPosted) == before);
}

}  // namespace flywheel::naive
