// The engine agrees with itself: stored steps with evaluated rows, what was known earlier with a
// log that ends earlier, aggregates with what they are the sum of, figures with their explanation.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/cell/rating_fold.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/days_row.h"
#include "projections/models/rating.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"
#include "property/twin.h"

namespace flywheel {
namespace {

std::string Headed(const std::string& text, std::string_view what, Instant as_of) {
  return text.empty() ? text : fmt::format("{} {}\n{}", what, FormatInstant(as_of), text);
}

// ---------------------------------------------------------------- stored and evaluated

std::string StepsContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const RatingReader reader = folded.reader();
  const Instant clock = reader.LogClock().value();
  std::string text;
  for (int i = 0; i < 4; ++i) {
    RatingQuery query;
    query.as_of = i % 2 == 0 ? AnyDayEnd(history, random)
                             : clock.Plus(static_cast<int64_t>(Below(random, 2)) *
                                          static_cast<int64_t>(Below(random, 400 * kMillisPerDay)));
    query.history = i < 2;
    const std::vector<RatingAnswer> stored = reader.All(query).value();
    query.always_evaluate = true;
    text += Headed(AnswerDifferences(stored, reader.All(query).value()), "stored, evaluated as of",
                   query.as_of);
  }
  return text;
}

// ---------------------------------------------------------------- known earlier

std::string PrefixContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  if (narration.records.empty()) return "";
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  RatingQuery query;
  query.known_at = AnyKnownAt(narration, random);
  const std::unique_ptr<EventLog> prefix = KnownPrefix(narration.log.get(), *query.known_at);
  const FoldedLog folded_then = FoldLog(prefix.get(), random);
  query.as_of = AnyInstant(history, narration, folded.reader().LogClock().value(), random);
  query.history = Below(random, 2) == 0;
  const std::vector<RatingAnswer> known = folded.reader().All(query).value();
  RatingQuery then = query;
  then.known_at.reset();
  return Headed(AnswerDifferences(known, folded_then.reader().All(then).value()),
                "known at " + FormatInstant(*query.known_at) + " as of", query.as_of);
}

std::string PlacesContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  RatingQuery query;
  query.before = AnyPlaces(narration.log.get(), random);
  const std::unique_ptr<EventLog> prefix = PrefixBefore(narration.log.get(), query.before);
  const FoldedLog folded_then = FoldLog(prefix.get(), random);
  query.as_of = AnyInstant(history, narration, folded.reader().LogClock().value(), random);
  query.history = Below(random, 2) == 0;
  const std::vector<RatingAnswer> cut = folded.reader().All(query).value();
  RatingQuery then = query;
  then.before.clear();
  return Headed(AnswerDifferences(cut, folded_then.reader().All(then).value()),
                "before places, as of", query.as_of);
}

// ---------------------------------------------------------------- sums of contributions

using DaysByOwner = std::map<std::pair<std::string, MarketCode>, RatingDays>;

DaysByOwner StoredDays(const RowReader& store) {
  DaysByOwner days;
  const absl::Status status = ScanPrefix(
      store, row_keys::Prefix(RowType::kDays), [&](std::string_view key, std::string_view row) {
        const auto parsed = row_keys::ParseDays(key);
        const auto add = [&](LocalDay day, const DayBytes& of_day) {
          if (of_day.rating.empty()) return absl::OkStatus();
          RatingCounters& counters = days[{std::string(parsed.seller), parsed.market}][day];
          RatingRow::Decode(of_day.rating).value().ForEach([&](uint8_t counter, int32_t delta) {
            counters[counter] += delta;
          });
          return absl::OkStatus();
        };
        return ForEachDay(row, add).ok();
      });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
  return days;
}

// The contributions of all orders of a cell, from the order rows alone.
DaysByOwner ContributedDays(const RowReader& store) {
  const PolicyBook policies = PolicyBook::BuiltIn();
  std::map<std::pair<std::string, MarketCode>, std::map<std::string, std::vector<Review>>> reviews;
  const absl::Status status = ScanPrefix(
      store, row_keys::Prefix(RowType::kOrder), [&](std::string_view key, std::string_view row) {
        const OrderRow order = OrderRow::Decode(row).value();
        if (!order.known()) return true;
        const auto [seller, id] = row_keys::ParseOrder(key);
        const std::optional<Review> review = ReviewOf(order, id, FactsUpTo());
        if (review) {
          reviews[{std::string(seller), order.market()}][review->buyer_id].push_back(*review);
        }
        return true;
      });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
  DaysByOwner days;
  for (const auto& [owner, buyers] : reviews) {
    const TimeZone& zone = *policies.FindInAnyVersion(owner.second.text())->zone;
    RatingSteps steps;
    for (const auto& [buyer, of_buyer] : buyers) {
      std::vector<BuyerReview> brief;
      for (const Review& review : of_buyer) {
        AddReviewSteps(review, zone, kStoredRatingWindowDays, 1, &steps);
        brief.push_back(BuyerReviewOf(review));
      }
      AddUniqueSteps(brief, zone, kStoredRatingWindowDays, 1, &steps);
    }
    AddSteps(steps, &days[owner]);
    AddSteps(steps, &days[{std::string(kAllSellers), owner.second}]);
  }
  // No row stands for a day on which nothing changes.
  for (auto& [owner, of_owner] : days) {
    std::erase_if(of_owner, [](const auto& day) { return day.second == RatingCounters{}; });
  }
  std::erase_if(days, [](const auto& owner) { return owner.second.empty(); });
  return days;
}

std::string ContributionContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  std::string text;
  for (const RowReader* store : folded.stores()) {
    const DaysByOwner stored = StoredDays(*store);
    const DaysByOwner contributed = ContributedDays(*store);
    if (stored == contributed) continue;
    for (const auto& [owner, days] : contributed) {
      const auto found = stored.find(owner);
      if (found != stored.end() && found->second == days) continue;
      text += fmt::format("{} {}: the stored steps are not the sum of the contributions\n",
                          owner.first, owner.second.text());
    }
    if (text.empty()) text = "steps are stored to which no order contributes\n";
  }
  return text;
}

// ---------------------------------------------------------------- explanations

// The counters by the names of explanations.
std::map<std::string, int64_t> FiguresOf(const RatingAnswer& answer) {
  std::map<std::string, int64_t> figures = {
      {"recommended.total", answer.count(RatingCounter::kRecommendedTotal)},
      {"recommended.unique", answer.count(RatingCounter::kRecommendedUnique)},
      {"notRecommended.total", answer.count(RatingCounter::kNotRecommendedTotal)},
      {"notRecommended.unique", answer.count(RatingCounter::kNotRecommendedUnique)},
      {"lifetime.recommended", answer.count(RatingCounter::kLifetimeRecommended)},
      {"lifetime.notRecommended", answer.count(RatingCounter::kLifetimeNotRecommended)},
      {"answered", answer.count(RatingCounter::kAnswered)},
      {"removed.byBuyer", answer.count(RatingCounter::kRemovedByBuyer)},
      {"removed.byMarketplace", answer.count(RatingCounter::kRemovedByMarketplace)},
      {"removed.byBuyerAfterCompensation",
       answer.count(RatingCounter::kRemovedByBuyerAfterCompensation)},
  };
  const char* const rates[] = {"delivery", "deliveryCost", "description", "service"};
  for (size_t rate = 0; rate < 4; ++rate) {
    for (int32_t mark = 1; mark <= 5; ++mark) {
      figures[fmt::format("rates.{}.distribution.{}", rates[rate], mark)] =
          answer.counters[RatesCounter(rate, mark)];
    }
  }
  std::erase_if(figures, [](const auto& figure) { return figure.second == 0; });
  return figures;
}

std::string ExplanationContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const RatingReader reader = folded.reader();
  RatingQuery query;
  query.as_of = AnyInstant(history, narration, reader.LogClock().value(), random);
  if (Below(random, 3) == 0 && !narration.recorded.empty()) {
    query.known_at = AnyKnownAt(narration, random);
  }
  std::string text;
  const std::vector<RatingAnswer> answers = reader.All(query).value();
  for (const RatingAnswer& answer : answers) {
    if (answer.seller_id == kAllSellers) continue;
    std::map<std::string, int64_t> explained;
    const std::vector<RatingExplanation> explanations =
        reader.Explain(answer.seller_id, answer.market, query).value();
    for (const RatingExplanation& review : explanations) {
      for (const std::string& figure : review.counts_in) ++explained[figure];
    }
    for (const auto& [figure, count] : FiguresOf(answer)) {
      if (explained[figure] == count) continue;
      text += fmt::format("{} {}: {} is {}, explained are {}\n", answer.seller_id, answer.market,
                          figure, count, explained[figure]);
    }
    if (text.empty() && explained.size() != FiguresOf(answer).size()) {
      text += fmt::format("{} {}: a figure of 0 is explained\n", answer.seller_id, answer.market);
    }
  }
  return Headed(text, "as of", query.as_of);
}

// ---------------------------------------------------------------- tests

TEST_CASE("stored steps answer as the evaluation of the order rows does") {
  CheckForHistories("steps", StepsContradiction);
}

TEST_CASE("an answer as known earlier is the answer of a log that ends there") {
  CheckForHistories("prefix", PrefixContradiction);
}

TEST_CASE("an answer before places is the answer of a log that ends there") {
  CheckForHistories("places", PlacesContradiction);
}

TEST_CASE("stored steps are the sum of what the orders contribute") {
  CheckForHistories("contributions", ContributionContradiction);
}

TEST_CASE("the reviews that explain a figure are as many as it says") {
  CheckForHistories("explanations", ExplanationContradiction);
}

}  // namespace
}  // namespace flywheel
