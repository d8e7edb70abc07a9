#include "projections/cell/rating_fold.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "base/status.h"
#include "events/intake.h"

namespace flywheel {
namespace {

using BuyerEntry = RowCache<BuyerRow>::Entry;

using Chunks = absl::InlinedVector<BuyerEntry*, 1>;

Chunks ChunksOf(std::string_view seller, std::string_view buyer, Rows* rows) {
  Chunks chunks{rows->BuyerOf(seller, buyer, 0)};
  const uint32_t count = chunks[0]->row.chunks();
  for (uint32_t chunk = 1; chunk < count; ++chunk) {
    chunks.push_back(rows->BuyerOf(seller, buyer, chunk));
  }
  return chunks;
}

void AddUniqueStepsOf(const Chunks& chunks, MarketCode market, const TimeZone& zone,
                      int32_t window_days, int32_t sign, RatingSteps* steps) {
  absl::InlinedVector<BuyerReview, 1> reviews;
  for (const BuyerEntry* chunk : chunks) {
    chunk->row.ForEach([&](const BuyerRow::Order& order) {
      if (order.reviewed && order.market == market) reviews.push_back(order.review);
    });
  }
  AddUniqueSteps(reviews, zone, window_days, sign, steps);
}

// Adds the steps to the rows of their days, at the seller and at all sellers.
void Store(std::string_view seller, MarketCode market, RatingSteps* steps, Rows* rows) {
  const auto order = [](const RatingStep& step) {
    return int64_t{step.day.number()} << 8 | step.counter;
  };
  std::sort(steps->begin(), steps->end(),
            [&](const RatingStep& a, const RatingStep& b) { return order(a) < order(b); });
  // A step back and the same step forth cancel out; only what is left touches a row.
  RatingStep* left = steps->begin();
  for (const RatingStep* step = steps->begin(); step != steps->end();) {
    RatingStep sum = *step++;
    for (; step != steps->end() && order(*step) == order(sum); ++step) sum.delta += step->delta;
    if (sum.delta != 0) *left++ = sum;
  }
  steps->erase(left, steps->end());
  for (const std::string_view owner : {seller, kAllSellers}) {
    for (size_t begin = 0; begin < steps->size();) {
      const LocalDay day = (*steps)[begin].day;
      size_t end = begin + 1;
      while (end < steps->size() && (*steps)[end].day == day) ++end;
      rows->ChangeDay(owner, market, day, [&](DaySums& sums) {
        sums.rating.Add(absl::MakeConstSpan(*steps).subspan(begin, end - begin));
      });
      begin = end;
    }
  }
}

}  // namespace

void AddBuyerOrder(std::string_view seller, std::string_view buyer, std::string_view order_id,
                   MarketCode market, Instant placed, Rows* rows) {
  BuyerEntry* first = rows->BuyerOf(seller, buyer, 0);
  BuyerEntry* last = first;
  if (first->row.chunks() > 1) last = rows->BuyerOf(seller, buyer, first->row.chunks() - 1);
  if (last->row.full()) {
    BuyerRow& head = rows->buyers.Change(first);
    head.set_chunks(head.chunks() + 1);
    last = rows->BuyerOf(seller, buyer, head.chunks() - 1);
  }
  rows->buyers.Change(last).AddOrder(order_id, market, placed);
}

RatingSteps MoveReview(std::string_view seller, MarketCode market, const TimeZone& zone,
                       const std::optional<Review>& before, const Review& after,
                       int32_t unique_window_days, Rows* rows) {
  const Chunks chunks = ChunksOf(seller, after.buyer_id, rows);
  RatingSteps unique;
  RatingSteps unique_elsewhere;  // under another window than the stored one
  const auto add_unique = [&](int32_t sign) {
    AddUniqueStepsOf(chunks, market, zone, kStoredRatingWindowDays, sign, &unique);
    if (unique_window_days != kStoredRatingWindowDays)
      AddUniqueStepsOf(chunks, market, zone, unique_window_days, sign, &unique_elsewhere);
  };
  add_unique(-1);
  const BuyerReview brief = BuyerReviewOf(after);
  const bool known = std::any_of(chunks.begin(), chunks.end(), [&](BuyerEntry* chunk) {
    if (!chunk->row.SetReview(after.order_id, brief)) return false;
    rows->buyers.Change(chunk);
    return true;
  });
  // A row that could not be loaded is empty here; then nothing is written.
  FLYWHEEL_CHECK(known || !rows->status().ok(), "a reviewed order stands in its buyer's row");
  add_unique(1);

  RatingSteps steps = unique;
  if (before) AddReviewSteps(*before, zone, kStoredRatingWindowDays, -1, &steps);
  AddReviewSteps(after, zone, kStoredRatingWindowDays, 1, &steps);
  Store(seller, market, &steps, rows);
  return unique_window_days == kStoredRatingWindowDays ? unique : unique_elsewhere;
}

}  // namespace flywheel
