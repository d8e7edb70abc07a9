#include "projections/views/smart_explanation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/status.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/order_course.h"
#include "projections/models/smart_roll.h"
#include "projections/views/rating_explanation.h"

namespace flywheel {
namespace {

// Explains one market of one seller.
class MarketExplanation {
 public:
  MarketExplanation(const CellState& state, std::string_view seller, MarketCode market,
                    const SmartSellerFacts& facts, const FactsUpTo& cut,
                    std::vector<SmartExplanation>* explanations)
      : state_(state),
        seller_(seller),
        market_(market),
        facts_(facts),
        of_market_(facts.markets.at(market)),
        cut_(cut),
        rules_(state.PolicyOf(market, cut.as_of).smart),
        zone_(*state.PolicyOf(market, cut.as_of).zone),
        today_(zone_.Day(cut.as_of)),
        explanations_(explanations) {}

  absl::Status Explain() {
    AddRegistration();
    AddStanding();
    RETURN_IF_ERROR(AddBuyers());
    return AddShipments();
  }

 private:
  SmartExplanation& Add(std::vector<std::string_view> counts_in) {
    SmartExplanation& explanation = explanations_->emplace_back();
    explanation.seller_id = std::string(seller_);
    explanation.market = market_;
    explanation.counts_in = std::move(counts_in);
    return explanation;
  }

  void AddRegistration() {
    if (!facts_.registration) return;
    const Registration& registration = *facts_.registration;
    Add({kGoodStanding})
        .events.push_back({EventKind::kSellerRegistered,
                           registration.occurred_at,
                           registration.recorded_at,
                           state_.partition,
                           {registration.offset, 0}});
  }

  void AddStanding() {
    if (!of_market_.standing) return;
    const StandingRow& standing = *of_market_.standing;
    Add({kSuperSeller, kGoodStanding, kReturnPolicy})
        .events.push_back({EventKind::kSellerStandingChanged,
                           of_market_.standing_since,
                           standing.recorded_at,
                           state_.partition,
                           {standing.offset, 0}});
  }

  absl::Status AddBuyers() {
    std::map<std::string_view, std::vector<const Review*>> buyers;
    for (const Review& review : of_market_.reviews) buyers[review.buyer_id].push_back(&review);
    for (const auto& [buyer, reviews] : buyers) {
      const Review* const review =
          CountingReview(reviews, zone_, today_, rules_.rating_window_days);
      if (review == nullptr) continue;
      const bool recommends = review->says.back().recommended;
      SmartExplanation& explanation =
          recommends ? Add({kRatingPercentage, kRatesCount}) : Add({kRatingPercentage});
      explanation.buyer_id = review->buyer_id;
      explanation.order_id = review->order_id;
      explanation.review_id = review->review_id;
      explanation.recommends = recommends;
      explanation.expiries.push_back(
          {SmartExpiry::kRatingWindow,
           zone_.StartOf(zone_.Day(review->posted).Plus(rules_.rating_window_days))});
      ASSIGN_OR_RETURN(const OrderRow order, ReviewedOrder(review->order_id));
      explanation.events = DecidingEvents(order, cut_, state_.partition);
    }
    return absl::OkStatus();
  }

  absl::Status AddShipments() {
    return ForEachOrder(*state_.store, seller_, cut_,
                        [&](std::string_view order_id, const OrderRow& order) {
                          AddShipment(order_id, order);
                        })
        .status();
  }

  void AddShipment(std::string_view order_id, const OrderRow& order) {
    if (order.market() != market_) return;
    const std::optional<OrderCourse> course = CourseOf(order, cut_);
    const std::optional<TrackedOrder> tracked =
        course ? TrackedOrderOf(*course, zone_) : std::nullopt;
    if (!tracked || tracked->deadline >= cut_.as_of ||
        tracked->placed <= today_.Plus(-rules_.tracked_window_days)) {
      return;
    }
    SmartExplanation& explanation = Add({kTrackedShipments});
    explanation.order_id = std::string(order_id);
    explanation.tracked = tracked->tracked;
    explanation.expiries = {{SmartExpiry::kDispatchDeadline, tracked->deadline.Plus(1)},
                            {SmartExpiry::kTrackedWindow,
                             zone_.StartOf(tracked->placed.Plus(rules_.tracked_window_days))}};
    explanation.events = ExplainedEventsOf(order, state_.partition, [&](const Fact& fact) {
      return fact.kind == EventKind::kOrderPlaced ||
             (course->carrier_scan && fact.place == course->carrier_scan->place) ||
             (course->cancelled && fact.place == course->cancelled->place);
    });
  }

  absl::StatusOr<OrderRow> ReviewedOrder(std::string_view order_id) {
    ASSIGN_OR_RETURN(std::optional<OrderRow> order, ReadOrder(*state_.store, seller_, order_id));
    if (!order) return absl::DataLossError("an order that was reviewed has no row");
    return *std::move(order);
  }

  const CellState& state_;
  const std::string_view seller_;
  const MarketCode market_;
  const SmartSellerFacts& facts_;
  const SmartMarketFacts& of_market_;
  const FactsUpTo& cut_;
  const SmartRules& rules_;
  const TimeZone& zone_;
  const LocalDay today_;
  std::vector<SmartExplanation>* const explanations_;
};

}  // namespace

absl::Status ExplainSmart(const CellState& state, std::string_view seller, MarketCode market,
                          const SmartSellerFacts& facts, const FactsUpTo& cut,
                          std::vector<SmartExplanation>* explanations) {
  return MarketExplanation(state, seller, market, facts, cut, explanations).Explain();
}

}  // namespace flywheel
