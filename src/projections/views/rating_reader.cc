#include "projections/views/rating_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/status.h"
#include "events/intake.h"
#include "projections/cell/rating_fold.h"
#include "projections/facts/row_keys.h"
#include "projections/models/days_row.h"

namespace flywheel {
namespace {

// ---------------------------------------------------------------- one cell

FactsUpTo CutOf(const CellState& state, const RatingQuery& query) {
  return {query.as_of, query.known_at.value_or(kLatestInstant), state.before};
}

// The instant for which the row of a day of the history is given: the day's end, or as_of on its
// own day.
Instant HistoryInstant(const TimeZone& zone, LocalDay day, Instant as_of) {
  return std::min(zone.EndOf(day), as_of);
}

// Every window length that an answer needs: that of as_of and, for the history, those of the days
// of its window.
std::vector<int32_t> WindowsOf(const CellState& state, MarketCode market,
                               const RatingQuery& query) {
  const MarketPolicy& policy = state.PolicyOf(market, query.as_of);
  std::vector<int32_t> windows{policy.rating.window_days};
  if (!query.history) return windows;
  const LocalDay today = policy.zone->Day(query.as_of);
  for (int32_t back = 0; back < policy.rating.window_days; ++back) {
    const Instant at = HistoryInstant(*policy.zone, today.Plus(-back), query.as_of);
    const int32_t window = state.PolicyOf(market, at).rating.window_days;
    if (std::find(windows.begin(), windows.end(), window) == windows.end())
      windows.push_back(window);
  }
  return windows;
}

// Whether the stored steps give the answer: no fact of the cell lies behind as_of on its day, all
// knowledge counts, and only the stored window is asked for.
bool StoredStepsAnswer(const CellState& state, MarketCode market, const RatingQuery& query) {
  if (query.always_evaluate || query.known_at || !query.before.empty()) return false;
  const TimeZone& zone = *state.PolicyOf(market, query.as_of).zone;
  if (query.as_of < state.cell.log_clock && zone.EndOf(zone.Day(query.as_of)) != query.as_of)
    return false;
  const std::vector<int32_t> windows = WindowsOf(state, market, query);
  return windows.size() == 1 && windows[0] == kStoredRatingWindowDays;
}

// ---------------------------------------------------------------- steps

// Steps by day under each window length.
using DaysByWindow = std::map<int32_t, RatingDays>;

absl::Status ReadStoredDays(const RowReader& store, std::string_view seller, MarketCode market,
                            RatingDays* days) {
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(
      store, row_keys::DaysPrefix(seller, market), [&](std::string_view, std::string_view value) {
        status.Update(ForEachDay(value, [&](LocalDay day, const DayBytes& of_day) -> absl::Status {
          if (of_day.rating.empty()) return absl::OkStatus();
          ASSIGN_OR_RETURN(const RatingRow row, RatingRow::Decode(of_day.rating));
          RatingCounters& counters = (*days)[day];
          row.ForEach([&counters](uint8_t counter, int32_t delta) { counters[counter] += delta; });
          return absl::OkStatus();
        }));
        return status.ok();
      }));
  return status;
}

// What the order rows of one seller show in one market.
struct EvaluatedMarket {
  bool named = false;
  std::vector<Review> reviews;
};

absl::StatusOr<std::map<MarketCode, EvaluatedMarket>> EvaluateSeller(const RowReader& store,
                                                                     std::string_view seller,
                                                                     const FactsUpTo& cut) {
  std::map<MarketCode, EvaluatedMarket> markets;
  ASSIGN_OR_RETURN(
      const std::set<MarketCode> named,
      ForEachOrder(store, seller, cut, [&](std::string_view order_id, const OrderRow& order) {
        std::optional<Review> review = ReviewOf(order, order_id, cut);
        if (!review) return;
        markets[order.market()].reviews.push_back(*std::move(review));
      }));
  for (const MarketCode market : named) markets[market].named = true;
  return markets;
}

// The reviews of each buyer, as the unique counts need them; views into `reviews`.
std::map<std::string_view, std::vector<BuyerReview>> ByBuyer(const std::vector<Review>& reviews) {
  std::map<std::string_view, std::vector<BuyerReview>> buyers;
  for (const Review& review : reviews) buyers[review.buyer_id].push_back(BuyerReviewOf(review));
  return buyers;
}

RatingDays EvaluateDays(const std::vector<Review>& reviews, const TimeZone& zone,
                        int32_t window_days) {
  RatingSteps steps;
  for (const Review& review : reviews) AddReviewSteps(review, zone, window_days, 1, &steps);
  for (const auto& [buyer, of_buyer] : ByBuyer(reviews))
    AddUniqueSteps(of_buyer, zone, window_days, 1, &steps);
  RatingDays days;
  AddSteps(steps, &days);
  return days;
}

// ---------------------------------------------------------------- answers

RatingHistoryRow HistoryRow(LocalDay day, const RatingCounters& counters) {
  const auto count = [&counters](RatingCounter counter) {
    return counters[static_cast<size_t>(counter)];
  };
  return {day, count(RatingCounter::kRecommendedTotal), count(RatingCounter::kRecommendedUnique),
          count(RatingCounter::kNotRecommendedTotal), count(RatingCounter::kNotRecommendedUnique)};
}

std::vector<RatingHistoryRow> HistoryOf(const CellState& state, MarketCode market,
                                        const DaysByWindow& days, const RatingQuery& query) {
  const MarketPolicy& policy = state.PolicyOf(market, query.as_of);
  const LocalDay today = policy.zone->Day(query.as_of);
  std::vector<RatingHistoryRow> rows;
  // A running sum under each window length, all moved on day by day.
  std::map<int32_t, std::pair<RatingDays::const_iterator, RatingCounters>> sums;
  for (const auto& [window, of_window] : days) sums[window] = {of_window.begin(), RatingCounters{}};
  for (LocalDay day = today.Plus(1 - policy.rating.window_days); day <= today; day = day.Plus(1)) {
    for (auto& [window, sum] : sums) {
      const RatingDays& of_window = days.at(window);
      for (; sum.first != of_window.end() && sum.first->first <= day; ++sum.first) {
        AddCounters(sum.first->second, &sum.second);
      }
    }
    const int32_t window =
        state.PolicyOf(market, HistoryInstant(*policy.zone, day, query.as_of)).rating.window_days;
    rows.push_back(HistoryRow(day, sums.at(window).second));
  }
  return rows;
}

// A part of an answer: one market of one seller, or of all sellers of a cell.
struct Part {
  MarketCode market;
  RatingCounters counters{};
  std::vector<RatingHistoryRow> history;
  int32_t rates_for_average = 0;
  bool complete = true;
  Instant holds_until;
};

Part MakePart(const CellState& state, MarketCode market, const DaysByWindow& days,
              const RatingQuery& query) {
  const MarketPolicy& policy = state.PolicyOf(market, query.as_of);
  Part part;
  part.market = market;
  part.counters = SumUpTo(days.at(policy.rating.window_days), policy.zone->Day(query.as_of));
  part.rates_for_average = policy.rating.rates_for_average;
  if (query.history) part.history = HistoryOf(state, market, days, query);
  part.holds_until = StoredStepsAnswer(state, market, query)
                         ? FiguresHoldUntil(*state.policies, *policy.zone, query.as_of)
                         : query.as_of;
  return part;
}

// The parts of one seller in the markets that `wanted` lets through.
absl::StatusOr<std::vector<Part>> SellerParts(const CellState& state, std::string_view seller,
                                              const SellerRow& row, std::string_view wanted,
                                              const RatingQuery& query) {
  std::vector<Part> parts;
  const bool complete = state.IsComplete(seller, row);
  std::optional<std::map<MarketCode, EvaluatedMarket>> evaluated;
  for (const SellerRow::Named& named : row.markets) {
    if (wanted != kAll && wanted != named.market.text()) continue;
    if (named.first > query.as_of) continue;
    DaysByWindow days;
    if (StoredStepsAnswer(state, named.market, query)) {
      RETURN_IF_ERROR(
          ReadStoredDays(*state.store, seller, named.market, &days[kStoredRatingWindowDays]));
    } else {
      if (!evaluated) {
        ASSIGN_OR_RETURN(evaluated, EvaluateSeller(*state.store, seller, CutOf(state, query)));
      }
      const EvaluatedMarket& market = (*evaluated)[named.market];
      if (!market.named) continue;
      const TimeZone& zone = *state.PolicyOf(named.market, query.as_of).zone;
      for (const int32_t window : WindowsOf(state, named.market, query)) {
        days[window] = EvaluateDays(market.reviews, zone, window);
      }
    }
    parts.push_back(MakePart(state, named.market, days, query));
    parts.back().complete = complete;
  }
  return parts;
}

// The parts of all sellers of a cell together, one for each market (two where the way of answering
// makes it so; parts are summed anyway).
absl::StatusOr<std::vector<Part>> TotalParts(const CellState& state, std::string_view wanted,
                                             const RatingQuery& query) {
  struct Named {
    bool stored = false;
    bool complete = true;
  };
  std::map<MarketCode, Named> markets;
  std::vector<Part> parts;
  RETURN_IF_ERROR(ForEachSeller(
      *state.store, [&](std::string_view seller, const SellerRow& row) -> absl::Status {
        bool evaluate = false;
        for (const SellerRow::Named& named : row.markets) {
          if ((wanted != kAll && wanted != named.market.text()) || named.first > query.as_of)
            continue;
          if (StoredStepsAnswer(state, named.market, query)) {
            Named& market = markets[named.market];
            market.stored = true;
            market.complete = market.complete && row.complete();
          } else {
            evaluate = true;
          }
        }
        if (!evaluate) return absl::OkStatus();
        ASSIGN_OR_RETURN(std::vector<Part> of_seller,
                         SellerParts(state, seller, row, wanted, query));
        for (Part& part : of_seller) {
          if (!StoredStepsAnswer(state, part.market, query)) parts.push_back(std::move(part));
        }
        return absl::OkStatus();
      }));
  for (const auto& [market, named] : markets) {
    DaysByWindow days;
    RETURN_IF_ERROR(
        ReadStoredDays(*state.store, kAllSellers, market, &days[kStoredRatingWindowDays]));
    parts.push_back(MakePart(state, market, days, query));
    parts.back().complete = named.complete;
  }
  return parts;
}

// Joins the history rows of parts by calendar day.
void AddHistory(const std::vector<RatingHistoryRow>& from, std::vector<RatingHistoryRow>* to) {
  std::map<LocalDay, RatingHistoryRow> days;
  for (const std::vector<RatingHistoryRow>* rows :
       {&from, static_cast<const std::vector<RatingHistoryRow>*>(to)}) {
    for (const RatingHistoryRow& row : *rows) {
      RatingHistoryRow& sum = days[row.day];
      sum.day = row.day;
      sum.recommended_total += row.recommended_total;
      sum.recommended_unique += row.recommended_unique;
      sum.not_recommended_total += row.not_recommended_total;
      sum.not_recommended_unique += row.not_recommended_unique;
    }
  }
  to->clear();
  for (const auto& [day, row] : days) to->push_back(row);
}

// Sums parts into one answer: counts are summed, minimums apply to the sum (where markets differ,
// the greatest).
class Sum {
 public:
  Sum() { answer_.holds_until = kLatestInstant; }

  void Add(const Part& part) {
    any_ = true;
    AddCounters(part.counters, &answer_.counters);
    answer_.complete = answer_.complete && part.complete;
    answer_.holds_until = std::min(answer_.holds_until, part.holds_until);
    rates_for_average_ = std::max(rates_for_average_, part.rates_for_average);
    if (!part.history.empty()) AddHistory(part.history, &answer_.history);
  }

  bool any() const { return any_; }

  RatingAnswer Answer(std::string_view seller, std::string_view market, Instant as_of) const {
    RatingAnswer answer = answer_;
    answer.seller_id = std::string(seller);
    answer.market = std::string(market);
    answer.as_of = as_of;
    for (size_t rate = 0; rate < answer.average_hundredths.size(); ++rate) {
      const absl::Span<const int64_t> marks(&answer.counters[RatesCounter(rate, 1)], 5);
      answer.average_hundredths[rate] = AverageHundredths(marks, rates_for_average_);
    }
    return answer;
  }

 private:
  bool any_ = false;
  RatingAnswer answer_;
  int32_t rates_for_average_ = 0;
};

}  // namespace

absl::StatusOr<std::optional<RatingAnswer>> RatingReader::One(std::string_view seller,
                                                              std::string_view market,
                                                              const RatingQuery& query) const {
  Sum sum;
  if (seller == kAll) {
    for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
      ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
      ASSIGN_OR_RETURN(const std::vector<Part> parts, TotalParts(state, market, query));
      for (const Part& part : parts) sum.Add(part);
    }
  } else {
    const Partition partition = cells_.PartitionOfSeller(seller);
    ASSIGN_OR_RETURN(const RowReader* rows, cells_.RowsOf(partition));
    ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(*rows, seller));
    if (!row) return std::optional<RatingAnswer>();
    ASSIGN_OR_RETURN(const CellState state,
                     cells_.Read(partition, query.known_at, query.before, seller));
    ASSIGN_OR_RETURN(const std::vector<Part> parts,
                     SellerParts(state, seller, *row, market, query));
    for (const Part& part : parts) sum.Add(part);
  }
  if (!sum.any()) return std::optional<RatingAnswer>();
  return std::optional<RatingAnswer>(sum.Answer(seller, market, query.as_of));
}

absl::StatusOr<std::vector<RatingAnswer>> RatingReader::All(const RatingQuery& query) const {
  std::vector<RatingAnswer> answers;
  std::map<std::string, Sum, std::less<>> market_totals;  // by market, "*" for all
  for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
    ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
    RETURN_IF_ERROR(ForEachSeller(
        *state.store, [&](std::string_view seller, const SellerRow& row) -> absl::Status {
          ASSIGN_OR_RETURN(const std::vector<Part> parts,
                           SellerParts(state, seller, row, kAll, query));
          Sum seller_total;
          for (const Part& part : parts) {
            Sum one;
            for (Sum* sum : {&one, &seller_total, &market_totals[std::string(part.market.text())],
                             &market_totals[std::string(kAll)]}) {
              sum->Add(part);
            }
            answers.push_back(one.Answer(seller, part.market.text(), query.as_of));
          }
          if (seller_total.any()) answers.push_back(seller_total.Answer(seller, kAll, query.as_of));
          return absl::OkStatus();
        }));
  }
  for (const auto& [market, sum] : market_totals) {
    if (sum.any()) answers.push_back(sum.Answer(kAll, market, query.as_of));
  }
  std::sort(answers.begin(), answers.end(), [](const RatingAnswer& a, const RatingAnswer& b) {
    return std::tie(a.seller_id, a.market) < std::tie(b.seller_id, b.market);
  });
  return answers;
}

absl::StatusOr<std::vector<RatingExplanation>> RatingReader::Explain(
    std::string_view seller, std::string_view market, const RatingQuery& query) const {
  if (seller == kAll)
    return absl::InvalidArgumentError(
        "name a seller: the figures of all sellers are explained by seller");
  const Partition partition = cells_.PartitionOfSeller(seller);
  ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, query.before));
  const RowReader* store = state.store;
  ASSIGN_OR_RETURN(const auto markets, EvaluateSeller(*store, seller, CutOf(state, query)));
  std::vector<RatingExplanation> explanations;
  for (const auto& [code, evaluated] : markets) {
    if (market != kAll && market != code.text()) continue;
    const MarketPolicy& policy = state.PolicyOf(code, query.as_of);
    const LocalDay today = policy.zone->Day(query.as_of);
    const int32_t window = policy.rating.window_days;
    std::map<std::string_view, std::vector<const Review*>> by_buyer;
    for (const Review& review : evaluated.reviews) by_buyer[review.buyer_id].push_back(&review);
    for (const Review& review : evaluated.reviews) {
      RatingExplanation explanation;
      const bool counts =
          CountingReview(by_buyer[review.buyer_id], *policy.zone, today, window) == &review;
      explanation.counts_in = FiguresOf(review, counts, *policy.zone, today, window);
      if (explanation.counts_in.empty()) continue;
      explanation.seller_id = std::string(seller);
      explanation.market = code;
      explanation.order_id = review.order_id;
      explanation.buyer_id = review.buyer_id;
      explanation.review_id = review.review_id;
      explanation.posted = review.posted;
      ASSIGN_OR_RETURN(const std::optional<OrderRow> order,
                       ReadOrder(*store, seller, review.order_id));
      if (order) explanation.events = DecidingEvents(*order, CutOf(state, query), partition);
      explanations.push_back(std::move(explanation));
    }
  }
  std::sort(explanations.begin(), explanations.end(),
            [](const RatingExplanation& a, const RatingExplanation& b) {
              return std::tie(a.posted, a.order_id) < std::tie(b.posted, b.order_id);
            });
  return explanations;
}

}  // namespace flywheel
