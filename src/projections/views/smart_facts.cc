#include "projections/views/smart_facts.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "projections/cell/rating_fold.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/days_row.h"
#include "projections/models/order_course.h"

namespace flywheel {
namespace {

constexpr Instant kBeforeAll{std::numeric_limits<int64_t>::min()};

void Add(uint8_t counter, int64_t delta, UniqueCounts* counts) {
  if (counter == static_cast<uint8_t>(RatingCounter::kRecommendedUnique))
    counts->recommending += delta;
  if (counter == static_cast<uint8_t>(RatingCounter::kNotRecommendedUnique))
    counts->not_recommending += delta;
}

// Reads what one seller's rows show.
class FactsReading {
 public:
  FactsReading(const CellState& state, std::string_view seller, const FactsUpTo& cut)
      : state_(state), seller_(seller), cut_(cut) {}

  absl::StatusOr<SmartSellerFacts> Read() {
    std::string value;
    ASSIGN_OR_RETURN(const bool found, state_.store->Get(row_keys::OfSeller(seller_), &value));
    if (!found) return std::move(facts_);
    ASSIGN_OR_RETURN(const SellerRow row, SellerRow::Decode(value));
    if (row.registration) AddRegistration(*row.registration);
    RETURN_IF_ERROR(Scan(RowType::kStanding, [&](std::string_view key, std::string_view bytes) {
      return AddStanding(row_keys::ParseStanding(key), bytes);
    }));
    RETURN_IF_ERROR(Scan(RowType::kOrder, [&](std::string_view key, std::string_view bytes) {
      return AddOrder(row_keys::ParseOrder(key).order, bytes);
    }));
    if (cut_.known_at == kLatestInstant) {
      NoteClock(row.clock);
      NoteClock(state_.cell.tick_clock);
      return std::move(facts_);
    }
    RETURN_IF_ERROR(AddClock(row_keys::SellerClock(seller_, cut_.known_at),
                             row_keys::SellerPrefix(RowType::kSellerClock, seller_)));
    RETURN_IF_ERROR(AddClock(row_keys::Tick(cut_.known_at), row_keys::Prefix(RowType::kTick)));
    return std::move(facts_);
  }

 private:
  using AddRow = absl::FunctionRef<absl::Status(std::string_view key, std::string_view bytes)>;

  absl::Status Scan(RowType type, AddRow add) {
    absl::Status status;
    RETURN_IF_ERROR(ScanPrefix(*state_.store, row_keys::SellerPrefix(type, seller_),
                               [&](std::string_view key, std::string_view bytes) {
                                 status.Update(add(key, bytes));
                                 return status.ok();
                               }));
    return status;
  }

  bool Within(Instant occurred_at, Instant recorded_at) {
    if (recorded_at > cut_.known_at) return false;
    NoteClock(occurred_at);
    return occurred_at <= cut_.as_of;
  }
  void NoteClock(Instant at) { facts_.clock = std::max(facts_.clock, at); }

  void AddRegistration(const Registration& registration) {
    if (!Within(registration.occurred_at, registration.recorded_at)) return;
    facts_.registration = registration;
    facts_.markets[registration.market].named = true;
  }

  absl::Status AddStanding(const row_keys::StandingKey& key, std::string_view bytes) {
    ASSIGN_OR_RETURN(const StandingRow standing, StandingRow::Decode(bytes));
    if (!Within(key.occurred_at, standing.recorded_at)) return absl::OkStatus();
    SmartMarketFacts& market = facts_.markets[key.market];
    market.named = true;
    market.standing = standing;  // they come by instant
    market.standing_since = key.occurred_at;
    return absl::OkStatus();
  }

  absl::Status AddOrder(std::string_view order_id, std::string_view bytes) {
    ASSIGN_OR_RETURN(const OrderRow order, OrderRow::Decode(bytes));
    if (!order.known()) return absl::OkStatus();
    order.ForEachFact([&](const Fact& fact) {
      Within(fact.occurred_at, fact.recorded_at);
      return true;
    });
    const std::optional<OrderCourse> course = CourseOf(order, cut_);
    if (!course) return absl::OkStatus();
    SmartMarketFacts& market = facts_.markets[order.market()];
    market.named = true;
    const TimeZone& zone = *state_.PolicyOf(order.market(), cut_.as_of).zone;
    if (const auto tracked = TrackedOrderOf(*course, zone))
      market.placing_days[tracked->placed].Add(tracked->deadline, tracked->sum(), kBeforeAll);
    std::optional<Review> review = ReviewOf(order, order_id, cut_);
    if (review) market.reviews.push_back(*std::move(review));
    return absl::OkStatus();
  }

  // The first row from `first` on holds the clock.
  absl::Status AddClock(const std::string& first, const std::string& prefix) {
    return state_.store->Scan(first, row_keys::AfterPrefix(prefix),
                              [&](std::string_view, std::string_view bytes) {
                                NoteClock(Instant(ByteReader(bytes).Signed()));
                                return false;
                              });
  }

  const CellState& state_;
  const std::string_view seller_;
  const FactsUpTo cut_;
  SmartSellerFacts facts_;
};

}  // namespace

SmartRow SmartSellerFacts::RowOf(MarketCode market) const {
  SmartRow row;
  row.business = registration && registration->business && !registration->pharmacy;
  const auto found = markets.find(market);
  if (found == markets.end() || !found->second.standing) return row;
  const StandingRow& standing = *found->second.standing;
  row.standing = {found->second.standing_since, standing.fees_paid,    standing.regulation_breach,
                  standing.super_seller,        standing.free_returns, standing.withdrawal_days};
  return row;
}

absl::StatusOr<SmartSellerFacts> ReadSmartFacts(const CellState& state, std::string_view seller,
                                                const FactsUpTo& cut) {
  return FactsReading(state, seller, cut).Read();
}

// ---------------------------------------------------------------- facts

const SmartFactsSource::UniqueDays& SmartFactsSource::DaysUnder(int32_t window_days) {
  const auto [at, made] = windows_.try_emplace(window_days);
  if (!made) return at->second;
  std::map<std::string_view, std::vector<BuyerReview>> buyers;
  for (const Review& review : facts_->reviews)
    buyers[review.buyer_id].push_back(BuyerReviewOf(review));
  RatingSteps steps;
  for (const auto& [buyer, reviews] : buyers)
    AddUniqueSteps(reviews, *zone_, window_days, 1, &steps);
  for (const RatingStep& step : steps) Add(step.counter, step.delta, &at->second[step.day]);
  return at->second;
}

UniqueCounts SmartFactsSource::UniqueOn(int32_t window_days, LocalDay day) {
  const UniqueDays& days = DaysUnder(window_days);
  const auto at = days.find(day);
  return at == days.end() ? UniqueCounts() : at->second;
}

UniqueCounts SmartFactsSource::UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) {
  UniqueCounts sum;
  for (const auto& [at, counts] : DaysUnder(window_days)) {
    if (at > day) {
      if (!counts.empty()) later->Add(at);
      continue;
    }
    sum.recommending += counts.recommending;
    sum.not_recommending += counts.not_recommending;
  }
  return sum;
}

const TrackedDay* SmartFactsSource::OrdersOf(LocalDay placed) {
  const auto at = facts_->placing_days.find(placed);
  return at == facts_->placing_days.end() ? nullptr : &at->second;
}

// ---------------------------------------------------------------- rows

UniqueCounts SmartRowsSource::UniqueOn(int32_t window_days, LocalDay day) {
  if (window_days != kStoredRatingWindowDays) return Evaluated().UniqueOn(window_days, day);
  if (!steps_) ReadSteps(day);
  const auto at = steps_->find(day);
  return at == steps_->end() ? UniqueCounts() : at->second;
}

UniqueCounts SmartRowsSource::UniqueUpTo(int32_t window_days, LocalDay day, DaySet* later) {
  return Evaluated().UniqueUpTo(window_days, day, later);
}

// Days are asked for in turn, so one scan serves them all.
void SmartRowsSource::ReadSteps(LocalDay from) {
  auto& steps = steps_.emplace();
  status_.Update(state_->store->Scan(
      row_keys::Days(seller_, market_, from),
      row_keys::AfterPrefix(row_keys::DaysPrefix(seller_, market_)),
      [&](std::string_view, std::string_view bytes) {
        status_.Update(ForEachDay(bytes, [&](LocalDay day, const DayBytes& of_day) -> absl::Status {
          ASSIGN_OR_RETURN(const RatingRow row, RatingRow::Decode(of_day.rating));
          UniqueCounts& counts = steps[day];
          row.ForEach([&](uint8_t counter, int32_t delta) { Add(counter, delta, &counts); });
          return absl::OkStatus();
        }));
        return status_.ok();
      }));
}

const TrackedDay* SmartRowsSource::OrdersOf(LocalDay placed) {
  auto at = placing_days_.find(placed);
  if (at == placing_days_.end()) {
    ReadPlacingDays(placed);
    at = placing_days_.try_emplace(placed).first;
  }
  return at->second ? &*at->second : nullptr;
}

void SmartRowsSource::ReadPlacingDays(LocalDay placed) {
  std::string value;
  const absl::StatusOr<bool> found =
      state_->store->Get(row_keys::Days(seller_, market_, placed), &value);
  status_.Update(found.status());
  if (!found.ok() || !*found) return;
  status_.Update(ForEachDay(value, [&](LocalDay day, const DayBytes& of_day) -> absl::Status {
    if (of_day.tracked.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(TrackedDay tracked, TrackedDay::Decode(of_day.tracked));
    placing_days_.try_emplace(day, std::move(tracked));
    return absl::OkStatus();
  }));
}

SmartFactsSource& SmartRowsSource::Evaluated() {
  if (evaluated_ == nullptr) {
    absl::StatusOr<SmartSellerFacts> facts = ReadSmartFacts(*state_, seller_, FactsUpTo());
    status_.Update(facts.status());
    if (facts.ok()) facts_ = std::move(facts->markets[market_]);
    evaluated_ = std::make_unique<SmartFactsSource>(&facts_, zone_);
  }
  return *evaluated_;
}

}  // namespace flywheel
