#include "projections/models/rating.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "base/bytes.h"

namespace flywheel {
namespace {

constexpr LocalDay kNever{INT32_MAX};

// Adds a figure that stands on the days [from, until).
void AddSpan(LocalDay from, LocalDay until, size_t counter, int32_t delta, RatingSteps* steps) {
  if (from >= until) return;
  steps->push_back({from, static_cast<uint8_t>(counter), delta});
  if (until != kNever) steps->push_back({until, static_cast<uint8_t>(counter), -delta});
}

size_t Index(RatingCounter counter) { return static_cast<size_t>(counter); }

void AddRates(LocalDay from, LocalDay until, const RatesView& rates, int32_t sign,
              RatingSteps* steps) {
  const int32_t marks[] = {rates.delivery, rates.delivery_cost, rates.description, rates.service};
  for (size_t rate = 0; rate < 4; ++rate) {
    if (marks[rate] > 0) AddSpan(from, until, RatesCounter(rate, marks[rate]), sign, steps);
  }
}

RatingCounter RemovedCounter(RemovedBy by) {
  switch (by) {
    case RemovedBy::kMarketplace:
      return RatingCounter::kRemovedByMarketplace;
    case RemovedBy::kBuyerAfterCompensation:
      return RatingCounter::kRemovedByBuyerAfterCompensation;
    default:
      return RatingCounter::kRemovedByBuyer;
  }
}

}  // namespace

// ---------------------------------------------------------------- a review

std::optional<Review> ReviewOf(const OrderRow& order, std::string_view order_id,
                               const FactsUpTo& cut) {
  Review review;
  bool placed = false;
  bool posted = false;
  Instant placed_at;
  ReviewSays first;
  // Facts about the review may stand before its posting, so they are gathered with the id they
  // name.
  struct About {
    std::string_view review_id;
    Instant at;
  };
  absl::InlinedVector<std::pair<std::string_view, ReviewSays>, 1> edits;
  absl::InlinedVector<About, 1> answers;
  absl::InlinedVector<std::pair<About, RemovedBy>, 1> removals;
  static constexpr EventKindSet kAboutReview = {
      EventKind::kOrderPlaced, EventKind::kReviewPosted, EventKind::kReviewEdited,
      EventKind::kReviewAnswered, EventKind::kReviewRemoved};
  order.ForEachFact(kAboutReview, [&](const Fact& fact) {
    if (!cut.Includes(fact)) return true;
    if (fact.kind == EventKind::kOrderPlaced) {
      placed = true;
      placed_at = fact.occurred_at;
      review.buyer_id = std::string(fact.buyer_id);
    } else if (const auto* post = std::get_if<ReviewPostedFact>(&fact.body)) {
      posted = true;
      review.review_id = std::string(post->review_id);
      review.posted = fact.occurred_at;
      first = {fact.occurred_at, post->recommended, post->rates};
    } else if (const auto* edit = std::get_if<ReviewEditedFact>(&fact.body)) {
      edits.push_back({edit->review_id, {fact.occurred_at, edit->recommended, edit->rates}});
    } else if (const auto* answered = std::get_if<ReviewAnsweredFact>(&fact.body)) {
      answers.push_back({answered->review_id, fact.occurred_at});
    } else if (const auto* removal = std::get_if<ReviewRemovedFact>(&fact.body)) {
      removals.push_back({{removal->review_id, fact.occurred_at}, removal->by});
    }
    return true;
  });
  if (!placed || !posted) return std::nullopt;
  review.order_id = std::string(order_id);
  review.visible_from = std::max(placed_at, review.posted);

  std::sort(edits.begin(), edits.end(),
            [](const auto& a, const auto& b) { return a.second.from < b.second.from; });
  first.from = review.visible_from;
  review.says.push_back(first);
  for (auto& [id, says] : edits) {
    // An edit before the posting says nothing; one before the placing counts once the review does.
    if (id != review.review_id || says.from < review.posted) continue;
    says.from = std::max(says.from, review.visible_from);
    if (says.from == review.says.back().from) {
      review.says.back() = says;
    } else {
      review.says.push_back(says);
    }
  }
  for (const About& about : answers) {
    if (about.review_id == review.review_id)
      review.answered_from = std::max(about.at, review.visible_from);
  }
  for (const auto& [about, by] : removals) {
    if (about.review_id != review.review_id) continue;
    review.removed = about.at;
    review.removed_from = std::max(about.at, review.visible_from);
    review.removed_by = by;
  }
  return review;
}

// ---------------------------------------------------------------- steps

void AddReviewSteps(const Review& review, const TimeZone& zone, int32_t window_days, int32_t sign,
                    RatingSteps* steps) {
  const LocalDay leaves = zone.Day(review.posted).Plus(window_days);
  const LocalDay hidden = review.removed ? zone.Day(review.removed_from) : kNever;
  for (size_t i = 0; i < review.says.size(); ++i) {
    const ReviewSays& says = review.says[i];
    const LocalDay from = zone.Day(says.from);
    const LocalDay next = i + 1 < review.says.size() ? zone.Day(review.says[i + 1].from) : kNever;
    const LocalDay until = std::min(next, hidden);
    const LocalDay until_in_window = std::min(until, leaves);
    AddSpan(from, until_in_window,
            Index(says.recommended ? RatingCounter::kRecommendedTotal
                                   : RatingCounter::kNotRecommendedTotal),
            sign, steps);
    AddSpan(from, until,
            Index(says.recommended ? RatingCounter::kLifetimeRecommended
                                   : RatingCounter::kLifetimeNotRecommended),
            sign, steps);
    AddRates(from, until_in_window, says.rates, sign, steps);
  }
  if (review.answered_from) {
    AddSpan(zone.Day(*review.answered_from), std::min(leaves, hidden),
            Index(RatingCounter::kAnswered), sign, steps);
  }
  if (review.removed) {
    AddSpan(hidden, zone.Day(*review.removed).Plus(window_days),
            Index(RemovedCounter(review.removed_by)), sign, steps);
  }
}

BuyerReview BuyerReviewOf(const Review& review) {
  BuyerReview brief;
  brief.order_id = review.order_id;
  brief.review_id = review.review_id;
  brief.posted = review.posted;
  brief.visible_from = review.visible_from;
  for (const ReviewSays& says : review.says) {
    if (brief.recommended.empty() || brief.recommended.back().second != says.recommended) {
      brief.recommended.push_back({says.from, says.recommended});
    }
  }
  if (review.removed) brief.removed_from = review.removed_from;
  return brief;
}

namespace {

// What a buyer counts as, from day to day: 1 recommends, 0 does not, -1 does not count.
class BuyerCounts {
 public:
  BuyerCounts(int32_t sign, RatingSteps* steps) : sign_(sign), steps_(steps) {}

  // REQUIRES: days rise.
  void From(LocalDay day, int counts) {
    if (counts == counted_) return;
    if (counted_ >= 0) steps_->push_back({day, CounterOf(counted_), -sign_});
    if (counts >= 0) steps_->push_back({day, CounterOf(counts), sign_});
    counted_ = counts;
  }

 private:
  static uint8_t CounterOf(int counts) {
    return static_cast<uint8_t>(counts == 1 ? RatingCounter::kRecommendedUnique
                                            : RatingCounter::kNotRecommendedUnique);
  }

  const int32_t sign_;
  RatingSteps* const steps_;
  int counted_ = -1;
};

// The day from which a review counts no more.
LocalDay LeavesOn(const BuyerReview& review, const TimeZone& zone, int32_t window_days) {
  const LocalDay leaves = zone.Day(review.posted).Plus(window_days);
  return review.removed_from ? std::min(leaves, zone.Day(*review.removed_from)) : leaves;
}

// Most buyers have one review, in whose place no other can count.
void AddSoleReview(const BuyerReview& review, const TimeZone& zone, int32_t window_days,
                   BuyerCounts* counts) {
  const LocalDay until = LeavesOn(review, zone, window_days);
  const auto& says = review.recommended;
  for (size_t i = 0; i < says.size(); ++i) {
    const LocalDay day = zone.Day(says[i].first);
    if (day >= until) break;
    // Of one day the last counts.
    if (i + 1 < says.size() && zone.Day(says[i + 1].first) == day) continue;
    counts->From(day, says[i].second ? 1 : 0);
  }
  counts->From(until, -1);
}

}  // namespace

void AddUniqueSteps(absl::Span<const BuyerReview> reviews, const TimeZone& zone,
                    int32_t window_days, int32_t sign, RatingSteps* steps) {
  BuyerCounts counts(sign, steps);
  if (reviews.size() == 1) return AddSoleReview(reviews[0], zone, window_days, &counts);
  // A sweep over the days on which something changes. A review that stands is in `standing`,
  // ordered as the rule says who counts: the last one.
  struct Change {
    LocalDay day;
    size_t review;
    int says;   // 1 recommends, 0 does not, -1 leaves
    int order;  // leaving first, then in the order of what it says
  };
  std::vector<Change> changes;
  for (size_t i = 0; i < reviews.size(); ++i) {
    const BuyerReview& review = reviews[i];
    const LocalDay until = LeavesOn(review, zone, window_days);
    int order = 0;
    for (const auto& [from, recommended] : review.recommended) {
      const LocalDay day = zone.Day(from);
      if (day >= until) break;
      changes.push_back({day, i, recommended ? 1 : 0, ++order});
    }
    if (order > 0) changes.push_back({until, i, -1, 0});
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::tie(a.day, a.order, a.review) < std::tie(b.day, b.order, b.review);
  });
  using Rank = std::tuple<Instant, std::string_view, std::string_view, size_t>;
  std::set<Rank> standing;
  std::vector<int> says(reviews.size(), -1);
  for (size_t i = 0; i < changes.size();) {
    const LocalDay day = changes[i].day;
    for (; i < changes.size() && changes[i].day == day; ++i) {
      const Change& change = changes[i];
      const BuyerReview& review = reviews[change.review];
      const Rank rank{review.posted, review.review_id, review.order_id, change.review};
      if (change.says < 0) {
        standing.erase(rank);
      } else {
        standing.insert(rank);
      }
      says[change.review] = change.says;
    }
    counts.From(day, standing.empty() ? -1 : says[std::get<3>(*standing.rbegin())]);
  }
}

// ---------------------------------------------------------------- the row of a day

void RatingRow::Add(absl::Span<const RatingStep> steps) {
  auto at = steps_.begin();
  for (const auto& [day, counter, delta] : steps) {
    while (at != steps_.end() && at->counter < counter) ++at;
    if (at == steps_.end() || at->counter != counter) {
      if (delta != 0) at = steps_.insert(at, {counter, delta});
      continue;
    }
    at->delta += delta;
    if (at->delta == 0) at = steps_.erase(at);
  }
}

void RatingRow::Encode(std::string* out) const {
  ByteWriter writer(out);
  for (const Entry& entry : steps_) {
    writer.Byte(entry.counter);
    writer.Signed(entry.delta);
  }
}

absl::StatusOr<RatingRow> RatingRow::Decode(std::string_view bytes) {
  RatingRow row;
  ByteReader reader(bytes);
  while (!reader.done()) {
    Entry entry;
    entry.counter = reader.Byte();
    entry.delta = static_cast<int32_t>(reader.Signed());
    if (!reader.ok() || entry.counter >= kRatingCounters)
      return absl::DataLossError("a rating row cannot be read");
    row.steps_.push_back(entry);
  }
  return row;
}

// ---------------------------------------------------------------- the answer

void AddSteps(const RatingSteps& steps, RatingDays* days) {
  for (const RatingStep& step : steps) (*days)[step.day][step.counter] += step.delta;
}

void AddCounters(const RatingCounters& from, RatingCounters* to) {
  for (size_t i = 0; i < kRatingCounters; ++i) (*to)[i] += from[i];
}

std::optional<int64_t> RecommendedTenths(int64_t recommended, int64_t not_recommended) {
  const int64_t all = recommended + not_recommended;
  if (all == 0) return std::nullopt;
  return (int64_t{2'000} * recommended + all) / (2 * all);
}

std::optional<int64_t> AverageHundredths(absl::Span<const int64_t> distribution, int32_t at_least) {
  int64_t marks = 0;
  int64_t sum = 0;
  for (size_t i = 0; i < distribution.size(); ++i) {
    marks += distribution[i];
    sum += distribution[i] * static_cast<int64_t>(i + 1);
  }
  if (marks == 0 || marks < at_least) return std::nullopt;
  return (int64_t{200} * sum + marks) / (2 * marks);
}

RatingCounters SumUpTo(const RatingDays& days, LocalDay day) {
  RatingCounters sum{};
  for (const auto& [at, counters] : days) {
    if (at > day) break;
    AddCounters(counters, &sum);
  }
  return sum;
}

}  // namespace flywheel
