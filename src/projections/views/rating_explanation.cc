#include "projections/views/rating_explanation.h"

#include <tuple>
#include <utility>

namespace flywheel {
namespace {

bool Decides(EventKind kind) {
  return kind == EventKind::kOrderPlaced || kind == EventKind::kReviewPosted ||
         kind == EventKind::kReviewEdited || kind == EventKind::kReviewAnswered ||
         kind == EventKind::kReviewRemoved;
}

}  // namespace

std::vector<std::string> FiguresOf(const Review& review, bool is_the_buyers, const TimeZone& zone,
                                   LocalDay today, int32_t window_days) {
  std::vector<std::string> figures;
  RatingSteps steps;
  AddReviewSteps(review, zone, window_days, 1, &steps);
  RatingDays days;
  AddSteps(steps, &days);
  const RatingCounters counters = SumUpTo(days, today);
  const auto counts = [&counters](RatingCounter counter) {
    return counters[static_cast<size_t>(counter)] > 0;
  };
  const bool recommended = counts(RatingCounter::kRecommendedTotal);
  const bool not_recommended = counts(RatingCounter::kNotRecommendedTotal);
  const std::string side = recommended ? "recommended" : "notRecommended";
  if (recommended || not_recommended) {
    figures.push_back(side + ".total");
    if (is_the_buyers) figures.push_back(side + ".unique");
  }
  const std::pair<RatingCounter, const char*> others[] = {
      {RatingCounter::kAnswered, "answered"},
      {RatingCounter::kRemovedByBuyer, "removed.byBuyer"},
      {RatingCounter::kRemovedByMarketplace, "removed.byMarketplace"},
      {RatingCounter::kRemovedByBuyerAfterCompensation, "removed.byBuyerAfterCompensation"},
      {RatingCounter::kLifetimeRecommended, "lifetime.recommended"},
      {RatingCounter::kLifetimeNotRecommended, "lifetime.notRecommended"},
  };
  for (const auto& [counter, figure] : others) {
    if (counts(counter)) figures.emplace_back(figure);
  }
  const char* const rates[] = {"delivery", "deliveryCost", "description", "service"};
  for (size_t rate = 0; rate < 4; ++rate) {
    for (int32_t mark = 1; mark <= 5; ++mark) {
      if (counters[RatesCounter(rate, mark)] > 0) {
        figures.push_back("rates." + std::string(rates[rate]) + ".distribution." +
                          std::to_string(mark));
      }
    }
  }
  return figures;
}

const Review* CountingReview(const std::vector<const Review*>& of_buyer, const TimeZone& zone,
                             LocalDay today, int32_t window_days) {
  const Review* counting = nullptr;
  for (const Review* review : of_buyer) {
    if (review->removed || zone.Day(review->posted) > today ||
        zone.Day(review->posted).Plus(window_days) <= today) {
      continue;
    }
    if (counting == nullptr || std::tie(counting->posted, counting->review_id, counting->order_id) <
                                   std::tie(review->posted, review->review_id, review->order_id)) {
      counting = review;
    }
  }
  return counting;
}

std::vector<ExplainedEvent> DecidingEvents(const OrderRow& order, const FactsUpTo& cut,
                                           Partition partition) {
  return ExplainedEventsOf(order, partition, [&cut](const Fact& fact) {
    return Decides(fact.kind) && cut.Includes(fact);
  });
}

}  // namespace flywheel
