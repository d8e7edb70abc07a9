#include "projections/cell/rating_fold.h"

#include <algorithm>
#include <tuple>

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

void AddUniqueStepsOf(const Chunks& chunks, MarketCode market,
                      const TimeZone& zone, int32_t window_days, int32_t sign, RatingSteps* steps) {
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
  std::sort(steps->begin(), steps->end(), [](const RatingStep& a, const RatingStep& b) {
    return std::tie(a.day, a.counter) < std::tie(b.day, b.counter);
  });
  // A step back and the same step forth cancel out; only what is left touches a row.
  RatingSteps moved;
  for (const RatingStep& step : *steps) {
    if (!moved.empty() && moved.back().day == step.day && moved.back().counter == step.counter) {
      moved.back().delta += step.delta;
    } else {
      moved.push_back(step);
    }
  }
  std::erase_if(moved, [](const RatingStep& step) { return step.delta == 0; });
  for (const std::string_view owner : {seller, kAllSellers}) {
    for (size_t i = 0; i < moved.size();) {
      const LocalDay day = moved[i].day;
      rows->ChangeDay(owner, market, day, [&](DaySums& sums) {
        for (; i < moved.size() && moved[i].day == day; ++i)
          sums.rating.Add(moved[i].counter, moved[i].delta);
      });
    }
  }
}

}  // namespace

void AddBuyerOrder(std::string_view seller, std::string_view buyer, std::string_view order_id,
                   MarketCode market, Instant placed, Rows* rows) {
  BuyerEntry* first = rows->BuyerOf(seller, buyer, 0);
  BuyerEntry* last = first;
  if (first->row.chunks() > 1)
    last = rows->BuyerOf(seller, buyer, first->row.chunks() - 1);
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
