#include "projections/views/smart_reader.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "projections/facts/row_keys.h"
#include "projections/models/smart_roll.h"
#include "projections/views/smart_explanation.h"
#include "projections/views/smart_facts.h"

namespace flywheel {
namespace {

// How many local days the outlook looks ahead.
constexpr int32_t kOutlookDays = 365;

FactsUpTo CutOf(const SmartQuery& query) {
  return {query.as_of, query.known_at.value_or(kLatestInstant)};
}

// The changes that were announced in the records that are known, in order.
absl::StatusOr<std::vector<SmartChange>> ReadChanges(const CellState& state,
                                                     std::string_view seller, MarketCode market,
                                                     Instant known_at) {
  std::vector<SmartChange> changes;
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(*state.store, row_keys::SmartChangePrefix(seller, market),
                             [&](std::string_view, std::string_view bytes) {
                               absl::StatusOr<SmartChange> change = SmartChange::Decode(bytes);
                               status.Update(change.status());
                               if (!change.ok() || change->recorded_at > known_at) return false;
                               changes.push_back(*std::move(change));
                               return true;
                             }));
  RETURN_IF_ERROR(status);
  return changes;
}

std::optional<Instant> OutlookOf(MarketCode market, const CellState& state, SmartSource* source,
                                 SmartRow row, Instant as_of) {
  SmartRoll roll(market, state.policies.get(), source, &row);
  row.announced = roll.Fulfilled(as_of);
  std::optional<Instant> outlook;
  const LocalDay last = roll.zone().Day(as_of).Plus(kOutlookDays);
  roll.PassTime(as_of, roll.zone().EndOf(last), [&](Instant at, SmartExpiry) {
    outlook = at;
    return false;
  });
  return outlook;
}

// The answer from a row whose figures hold at `clock` or earlier, or at as_of where that is
// earlier.
SmartAnswer AnswerOf(MarketCode market, const CellState& state, SmartSource* source, SmartRow* row,
                     Instant clock, Instant as_of, std::vector<SmartChange> changes) {
  SmartRoll roll(market, state.policies.get(), source, row);
  row->announced = !changes.empty() && changes.back().fulfilled;
  if (as_of > clock) {
    roll.PassTime(clock, as_of, [&](Instant at, SmartExpiry expiry) {
      changes.push_back({at, row->announced, Instant(), expiry});
      return true;
    });
    roll.MoveTo(as_of);
  }
  std::erase_if(changes, [&](const SmartChange& change) { return change.at > as_of; });

  SmartAnswer answer;
  answer.market = market;
  answer.as_of = answer.holds_until = as_of;
  answer.fulfilled = roll.Fulfilled(as_of);
  answer.conditions = ConditionsOf(row->figures(), roll.RulesAt(as_of));
  answer.headroom = HeadroomOf(row->figures(), roll.RulesAt(as_of));
  answer.outlook = OutlookOf(market, state, source, *row, as_of);
  answer.history = std::move(changes);
  return answer;
}

// The answers of one seller.
class SellerAnswers {
 public:
  SellerAnswers(const CellState& state, std::string_view seller, const SellerRow& row,
                const SmartQuery& query)
      : state_(state), seller_(seller), row_(row), query_(query) {}

  // nullopt: there is no such row at that instant.
  absl::StatusOr<std::optional<SmartAnswer>> In(const SellerRow::Named& named) {
    if (named.first > query_.as_of) return std::optional<SmartAnswer>();
    ASSIGN_OR_RETURN(std::vector<SmartChange> changes,
                     ReadChanges(state_, seller_, named.market, CutOf(query_).known_at));
    ASSIGN_OR_RETURN(std::optional<SmartAnswer> answer,
                     FromRows() ? Rolled(named.market, std::move(changes))
                                : Evaluated(named.market, std::move(changes)));
    if (!answer) return answer;
    answer->seller_id = std::string(seller_);
    answer->partition = state_.partition;
    answer->complete = state_.IsComplete(seller_, row_);
    return answer;
  }

 private:
  const TimeZone& ZoneOf(MarketCode market) const {
    return *state_.PolicyOf(market, query_.as_of).zone;
  }
  Instant clock() const { return std::max(row_.clock, state_.cell.tick_clock); }
  bool FromRows() const {
    return !query_.always_evaluate && !query_.known_at && query_.as_of >= clock();
  }

  absl::StatusOr<std::optional<SmartAnswer>> Rolled(MarketCode market,
                                                    std::vector<SmartChange> changes) {
    SmartRowsSource source(&state_, seller_, market, &ZoneOf(market));
    std::string value;
    ASSIGN_OR_RETURN(const bool found, state_.store->Get(row_keys::Smart(seller_, market), &value));
    SmartRow row;
    if (found) {
      ASSIGN_OR_RETURN(row, SmartRow::Decode(value));
    } else {
      row.business =
          row_.registration && row_.registration->business && !row_.registration->pharmacy;
    }
    SmartRoll roll(market, state_.policies.get(), &source, &row);
    found ? roll.MoveTo(clock()) : roll.Start(clock());
    SmartAnswer answer =
        AnswerOf(market, state_, &source, &row, clock(), query_.as_of, std::move(changes));
    RETURN_IF_ERROR(source.status());
    // What was evaluated is made of rows that change with every order.
    if (!source.evaluated()) {
      answer.holds_until = std::min(
          FiguresHoldUntil(*state_.policies, ZoneOf(market), query_.as_of), row.next.Plus(-1));
    }
    return std::optional<SmartAnswer>(std::move(answer));
  }

  absl::StatusOr<std::optional<SmartAnswer>> Evaluated(MarketCode market,
                                                       std::vector<SmartChange> changes) {
    if (!facts_) {
      ASSIGN_OR_RETURN(facts_, ReadSmartFacts(state_, seller_, CutOf(query_)));
    }
    const SmartMarketFacts& facts = facts_->markets[market];
    if (!facts.named) return std::optional<SmartAnswer>();
    SmartFactsSource source(&facts, &ZoneOf(market));
    SmartRow row = facts_->RowOf(market);
    SmartRoll(market, state_.policies.get(), &source, &row)
        .Sum(std::min(facts_->clock, query_.as_of));
    return std::optional<SmartAnswer>(
        AnswerOf(market, state_, &source, &row, facts_->clock, query_.as_of, std::move(changes)));
  }

  const CellState& state_;
  const std::string_view seller_;
  const SellerRow& row_;
  const SmartQuery& query_;
  std::optional<SmartSellerFacts> facts_;
};

bool IsAskedFor(std::string_view wanted, MarketCode market) {
  return wanted == kAll || wanted == market.text();
}

}  // namespace

absl::StatusOr<std::vector<SmartAnswer>> SmartReader::Of(std::string_view seller,
                                                         std::string_view market,
                                                         const SmartQuery& query) const {
  std::vector<SmartAnswer> answers;
  const Partition partition = cells_.PartitionOfSeller(seller);
  ASSIGN_OR_RETURN(const RowReader* rows, cells_.RowsOf(partition));
  ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(*rows, seller));
  if (!row) return answers;
  ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at, {}, seller));
  SellerAnswers of_seller(state, seller, *row, query);
  for (const SellerRow::Named& named : row->markets) {
    if (!IsAskedFor(market, named.market)) continue;
    ASSIGN_OR_RETURN(std::optional<SmartAnswer> answer, of_seller.In(named));
    if (answer) answers.push_back(*std::move(answer));
  }
  return answers;
}

absl::Status SmartReader::All(const SmartQuery& query,
                              absl::FunctionRef<absl::Status(const SmartAnswer&)> visit) const {
  std::vector<CellState> cells;
  for (Partition partition(0); partition < cells_.partitions(); partition = partition.Plus(1)) {
    ASSIGN_OR_RETURN(cells.emplace_back(), cells_.Read(partition, query.known_at));
  }
  return ForEachSellerInOrder(
      cells,
      [&](const CellState& state, std::string_view seller, const SellerRow& row) -> absl::Status {
        SellerAnswers of_seller(state, seller, row, query);
        for (const SellerRow::Named& named : row.markets) {
          ASSIGN_OR_RETURN(const std::optional<SmartAnswer> answer, of_seller.In(named));
          if (answer) RETURN_IF_ERROR(visit(*answer));
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<SmartExplanation>> SmartReader::Explain(std::string_view seller,
                                                                   std::string_view market,
                                                                   const SmartQuery& query) const {
  std::vector<SmartExplanation> explanations;
  const Partition partition = cells_.PartitionOfSeller(seller);
  ASSIGN_OR_RETURN(const CellState state, cells_.Read(partition, query.known_at));
  ASSIGN_OR_RETURN(const SmartSellerFacts facts, ReadSmartFacts(state, seller, CutOf(query)));
  for (const auto& [code, of_market] : facts.markets) {
    if (!of_market.named || !IsAskedFor(market, code)) continue;
    RETURN_IF_ERROR(ExplainSmart(state, seller, code, facts, CutOf(query), &explanations));
  }
  return explanations;
}

}  // namespace flywheel
