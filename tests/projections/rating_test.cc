#include "projections/models/rating.h"

#include <catch2/catch.hpp>

#include "events/policy.h"
#include "projections/build.h"

namespace flywheel {
namespace {

using build::At;

const TimeZone& Warsaw() {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  return *policies.Find("PL", Instant(0))->zone;
}

Review PostedAt(std::string id, Instant at, bool recommended) {
  Review review;
  review.order_id = "o" + id;
  review.review_id = std::move(id);
  review.buyer_id = "b";
  review.posted = review.visible_from = at;
  review.says.push_back({at, recommended, {}});
  return review;
}

RatingCounters On(const RatingSteps& steps, LocalDay day) {
  RatingCounters sum{};
  for (const RatingStep& step : steps) {
    if (step.day <= day) sum[step.counter] += step.delta;
  }
  return sum;
}

int64_t Count(const RatingCounters& counters, RatingCounter counter) {
  return counters[static_cast<size_t>(counter)];
}

TEST_CASE("a review counts from its day to the 364th day after it") {
  RatingSteps steps;
  AddReviewSteps(PostedAt("r", At("2025-03-01T22:59:59.999Z"), true), Warsaw(), 365, 1, &steps);
  const LocalDay day = DayOfDate(2025, 3, 1);
  CHECK(Count(On(steps, day.Plus(-1)), RatingCounter::kRecommendedTotal) == 0);
  CHECK(Count(On(steps, day), RatingCounter::kRecommendedTotal) == 1);
  CHECK(Count(On(steps, day.Plus(364)), RatingCounter::kRecommendedTotal) == 1);
  CHECK(Count(On(steps, day.Plus(365)), RatingCounter::kRecommendedTotal) == 0);
  CHECK(Count(On(steps, day.Plus(365)), RatingCounter::kLifetimeRecommended) == 1);
}

TEST_CASE("a removed review leaves nothing but its removal, by the day of the removal") {
  Review review = PostedAt("r", At("2025-03-01T12:00:00Z"), true);
  review.removed = review.removed_from = At("2025-03-05T12:00:00Z");
  review.removed_by = RemovedBy::kMarketplace;
  RatingSteps steps;
  AddReviewSteps(review, Warsaw(), 365, 1, &steps);
  const LocalDay removal = DayOfDate(2025, 3, 5);
  CHECK(Count(On(steps, removal.Plus(-1)), RatingCounter::kRecommendedTotal) == 1);
  const RatingCounters after = On(steps, removal);
  CHECK(Count(after, RatingCounter::kRecommendedTotal) == 0);
  CHECK(Count(after, RatingCounter::kLifetimeRecommended) == 0);
  CHECK(Count(after, RatingCounter::kRemovedByMarketplace) == 1);
  CHECK(Count(On(steps, removal.Plus(364)), RatingCounter::kRemovedByMarketplace) == 1);
  CHECK(Count(On(steps, removal.Plus(365)), RatingCounter::kRemovedByMarketplace) == 0);
}

TEST_CASE(
    "a buyer counts once, by the latest posted review of the window; equal times by the greater "
    "id") {
  const Instant first = At("2025-03-01T12:00:00Z");
  const Instant second = At("2025-06-01T12:00:00Z");
  const Review early = PostedAt("a", first, true);
  const Review late = PostedAt("b", second, false);
  const BuyerReview both[] = {BuyerReviewOf(late), BuyerReviewOf(early)};
  RatingSteps steps;
  AddUniqueSteps(both, Warsaw(), 365, 1, &steps);
  CHECK(Count(On(steps, DayOfDate(2025, 5, 31)), RatingCounter::kRecommendedUnique) == 1);
  const RatingCounters after = On(steps, DayOfDate(2025, 6, 1));
  CHECK(Count(after, RatingCounter::kRecommendedUnique) == 0);
  CHECK(Count(after, RatingCounter::kNotRecommendedUnique) == 1);
  CHECK(Count(On(steps, DayOfDate(2026, 6, 1)), RatingCounter::kNotRecommendedUnique) == 0);

  const Review same_time = PostedAt("c", first, false);
  const BuyerReview tied[] = {BuyerReviewOf(same_time), BuyerReviewOf(early)};
  RatingSteps tied_steps;
  AddUniqueSteps(tied, Warsaw(), 365, 1, &tied_steps);
  CHECK(Count(On(tied_steps, DayOfDate(2025, 3, 1)), RatingCounter::kNotRecommendedUnique) == 1);
  CHECK(Count(On(tied_steps, DayOfDate(2025, 3, 1)), RatingCounter::kRecommendedUnique) == 0);
}

TEST_CASE("when the latest review is removed the one before it counts again") {
  const Review early = PostedAt("a", At("2025-03-01T12:00:00Z"), true);
  Review late = PostedAt("b", At("2025-06-01T12:00:00Z"), false);
  late.removed = late.removed_from = At("2025-07-01T12:00:00Z");
  const BuyerReview both[] = {BuyerReviewOf(early), BuyerReviewOf(late)};
  RatingSteps steps;
  AddUniqueSteps(both, Warsaw(), 365, 1, &steps);
  CHECK(Count(On(steps, DayOfDate(2025, 6, 30)), RatingCounter::kNotRecommendedUnique) == 1);
  CHECK(Count(On(steps, DayOfDate(2025, 7, 1)), RatingCounter::kRecommendedUnique) == 1);
  CHECK(Count(On(steps, DayOfDate(2025, 7, 1)), RatingCounter::kNotRecommendedUnique) == 0);
}

TEST_CASE("percentages have one decimal and averages two, half up") {
  CHECK(RecommendedTenths(0, 0) == std::nullopt);
  CHECK(RecommendedTenths(1, 2) == 333);
  CHECK(RecommendedTenths(2, 1) == 667);
  CHECK(RecommendedTenths(1999, 1) == 1000);  // 99.95
  CHECK(RecommendedTenths(1998, 2) == 999);
  const int64_t nine[] = {0, 0, 0, 0, 9};
  CHECK(AverageHundredths(nine, 10) == std::nullopt);
  const int64_t sixteen[] = {0, 0, 0, 15, 1};  // 65 / 16 = 4.0625
  CHECK(AverageHundredths(sixteen, 10) == 406);
  const int64_t eight_hundredths[] = {0, 0, 0, 39, 1};  // 161 / 40 = 4.025
  CHECK(AverageHundredths(eight_hundredths, 10) == 403);
}

TEST_CASE("a row of a day keeps only what changes") {
  const LocalDay day(1);
  RatingRow row;
  row.Add({{day, 3, 2}});
  row.Add({{day, 1, -1}});
  row.Add({{day, 3, -2}});
  std::string bytes;
  row.Encode(&bytes);
  CHECK(bytes.size() == 2);
  const RatingRow decoded = *RatingRow::Decode(bytes);
  int64_t sum = 0;
  decoded.ForEach([&sum](uint8_t counter, int32_t delta) { sum += counter * 100 + delta; });
  CHECK(sum == 99);
  row.Add({{day, 1, 1}});
  CHECK(row.empty());
  row.Add({{day, 2, 1}, {day, 4, 5}, {day, 9, -7}});
  row.Add({{day, 1, 6}, {day, 4, -5}, {day, 8, 0}, {day, 9, 1}, {day, 30, 3}});
  std::vector<std::pair<int, int>> steps;
  row.ForEach([&steps](uint8_t counter, int32_t delta) { steps.emplace_back(counter, delta); });
  CHECK(steps == std::vector<std::pair<int, int>>{{1, 6}, {2, 1}, {9, -6}, {30, 3}});
}

}  // namespace
}  // namespace flywheel
