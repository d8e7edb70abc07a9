// Read model 5.1, the seller rating: what a review contributes to it on which day, and the answer.
//
// A review contributes to the window that ends on a day as a step function of that day: it appears
// at its posting, changes with an edit, vanishes with a removal and leaves the window. Only the
// steps (differences by day) are stored; the figures of any day are the sum of the steps up to it.
// Facts that come late move steps and nothing else.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_RATING_H_
#define FLYWHEEL_PROJECTIONS_MODELS_RATING_H_

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "events/event_view.h"
#include "projections/facts/order_row.h"

namespace flywheel {

// ---------------------------------------------------------------- a review

// What a review says from an instant on.
struct ReviewSays {
  Instant from;
  bool recommended = false;
  RatesView rates;
};

// An order's review as the facts show it.
struct Review {
  std::string review_id;
  std::string buyer_id;
  std::string order_id;
  Instant posted;
  // From here on it is known: the later of the posting and the order's placing.
  Instant visible_from;
  // Rising by `from`; the first is visible_from's, edits follow; at least one.
  absl::InlinedVector<ReviewSays, 1> says;
  // The instant of the removal, and the one from which it hides the review (not before
  // visible_from).
  std::optional<Instant> removed;
  Instant removed_from;
  RemovedBy removed_by = RemovedBy::kUnspecified;
  // From here on it has an answer.
  std::optional<Instant> answered_from;
};

// The end of a log that has none.
inline constexpr Offset kNoEnd{std::numeric_limits<int64_t>::max()};

// A cut through the facts of a partition: those that happened at or before `as_of` and stand in the
// log at or before `known_at`, and before the offset `before`.
struct FactsUpTo {
  Instant as_of = kLatestInstant;
  Instant known_at = kLatestInstant;
  Offset before = kNoEnd;

  bool Knows(Instant recorded_at, Offset offset) const {
    return recorded_at <= known_at && offset < before;
  }
  bool Includes(const Fact& fact) const {
    return fact.occurred_at <= as_of && Knows(fact.recorded_at, fact.place.offset);
  }
};

// The review that the order's facts show under the cut; nullopt without a placing or a posting.
// `order_id` is copied in.
std::optional<Review> ReviewOf(const OrderRow& order, std::string_view order_id,
                               const FactsUpTo& cut);

// ---------------------------------------------------------------- steps

// The figures that are counted, one number each.
enum class RatingCounter : uint8_t {
  kRecommendedTotal,
  kNotRecommendedTotal,
  kRecommendedUnique,
  kNotRecommendedUnique,
  kLifetimeRecommended,
  kLifetimeNotRecommended,
  kAnswered,
  kRemovedByBuyer,
  kRemovedByMarketplace,
  kRemovedByBuyerAfterCompensation,
  kRates,  // the first of 4 x 5: delivery, delivery_cost, description, service, each for the marks
           // 1 to 5
};
inline constexpr size_t kRatingCounters = static_cast<size_t>(RatingCounter::kRates) + 20;

// The counter of a mark; `rate` 0..3 in the order above, `mark` 1..5.
constexpr size_t RatesCounter(size_t rate, int32_t mark) {
  return static_cast<size_t>(RatingCounter::kRates) + rate * 5 + static_cast<size_t>(mark) - 1;
}

// One change of one counter: from `day` on it is larger by `delta`.
struct RatingStep {
  LocalDay day;
  uint8_t counter;
  int32_t delta;
};
// Inline what one review makes.
using RatingSteps = absl::InlinedVector<RatingStep, 24>;

// Adds the steps of everything that is counted by the review alone (all but the unique counts),
// times `sign`.
void AddReviewSteps(const Review& review, const TimeZone& zone, int32_t window_days, int32_t sign,
                    RatingSteps* steps);

// A review as far as the unique counts need it.
struct BuyerReview {
  std::string_view order_id;
  std::string_view review_id;
  Instant posted;
  Instant visible_from;
  absl::InlinedVector<std::pair<Instant, bool>, 1>
      recommended;  // rising; what it says from when on
  std::optional<Instant> removed_from;
};
BuyerReview BuyerReviewOf(const Review& review);

// Adds the steps of the unique counts of one buyer at one seller and market, times `sign`: on each
// day the buyer counts by the latest posted of the visible reviews in the window (equal times: the
// greater review_id).
void AddUniqueSteps(absl::Span<const BuyerReview> reviews, const TimeZone& zone,
                    int32_t window_days, int32_t sign, RatingSteps* steps);

// ---------------------------------------------------------------- the row of a day

// The steps of one day: counters that change, in rising order; no zeros.
class RatingRow {
 public:
  // Adds steps of one day. REQUIRES: their counters rise.
  void Add(absl::Span<const RatingStep> steps);
  bool empty() const { return steps_.empty(); }
  size_t heap_bytes() const { return steps_.capacity() * sizeof(Entry); }

  static absl::StatusOr<RatingRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;

  template <class Visit>
  void ForEach(Visit visit) const {
    for (const Entry& entry : steps_) visit(entry.counter, entry.delta);
  }

 private:
  struct Entry {
    uint8_t counter;
    int32_t delta;
  };
  std::vector<Entry> steps_;
};

// ---------------------------------------------------------------- the answer

using RatingCounters = std::array<int64_t, kRatingCounters>;
// Differences by day, of one seller and market or of a sum over them.
using RatingDays = std::map<LocalDay, RatingCounters>;
void AddSteps(const RatingSteps& steps, RatingDays* days);
// The figures of the window that ends on the day: the steps up to it, summed.
RatingCounters SumUpTo(const RatingDays& days, LocalDay day);
void AddCounters(const RatingCounters& from, RatingCounters* to);

// A share of unique recommending buyers in percent with one decimal, half up, in tenths; nullopt of
// nothing.
std::optional<int64_t> RecommendedTenths(int64_t recommended, int64_t not_recommended);
// The average of a distribution of marks 1..5 with two decimals, half up, in hundredths; nullopt
// below `at_least` marks.
std::optional<int64_t> AverageHundredths(absl::Span<const int64_t> distribution, int32_t at_least);

// One day of the history.
struct RatingHistoryRow {
  LocalDay day;
  int64_t recommended_total = 0;
  int64_t recommended_unique = 0;
  int64_t not_recommended_total = 0;
  int64_t not_recommended_unique = 0;
};

// The answer. Market and seller are "*" for totals.
struct RatingAnswer {
  std::string seller_id;
  std::string market;
  Instant as_of;
  RatingCounters counters{};
  std::array<std::optional<int64_t>, 4> average_hundredths;
  std::vector<RatingHistoryRow> history;  // rising days; filled on request
  bool complete = true;
  // The same stored rows give the same figures for every instant from as_of to here; as_of itself
  // where that is not known.
  Instant holds_until;

  int64_t count(RatingCounter counter) const { return counters[static_cast<size_t>(counter)]; }
  std::optional<int64_t> recommended_tenths() const {
    return RecommendedTenths(count(RatingCounter::kRecommendedUnique),
                             count(RatingCounter::kNotRecommendedUnique));
  }
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_RATING_H_
