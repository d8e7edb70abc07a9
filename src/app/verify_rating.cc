#include "app/verify_rating.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "base/time_zone.h"
#include "naive/rating.h"
#include "projections/views/rating_reader.h"

namespace flywheel {
namespace {

using RowKey = std::pair<std::string, std::string>;  // seller, market
using AnswerMap = std::map<RowKey, RatingAnswer>;

constexpr std::array<std::string_view, 4> kRates = {"delivery", "deliveryCost", "description",
                                                    "service"};

// The figures of an answer in one form for both implementations: name and number; an absent ratio
// is -1.
using Figures = std::vector<std::pair<std::string, int64_t>>;

Figures FiguresOf(const RatingAnswer& answer) {
  const auto count = [&](RatingCounter counter) { return answer.count(counter); };
  Figures figures = {
      {"recommended.total", count(RatingCounter::kRecommendedTotal)},
      {"recommended.unique", count(RatingCounter::kRecommendedUnique)},
      {"notRecommended.total", count(RatingCounter::kNotRecommendedTotal)},
      {"notRecommended.unique", count(RatingCounter::kNotRecommendedUnique)},
      {"recommendedPercentage", answer.recommended_tenths().value_or(-1)},
      {"answered", count(RatingCounter::kAnswered)},
      {"removed.byBuyer", count(RatingCounter::kRemovedByBuyer)},
      {"removed.byMarketplace", count(RatingCounter::kRemovedByMarketplace)},
      {"removed.byBuyerAfterCompensation", count(RatingCounter::kRemovedByBuyerAfterCompensation)},
      {"lifetime.recommended", count(RatingCounter::kLifetimeRecommended)},
      {"lifetime.notRecommended", count(RatingCounter::kLifetimeNotRecommended)},
      {"asOf", answer.as_of.number()},
      {"complete", answer.complete ? 1 : 0},
  };
  for (size_t rate = 0; rate < kRates.size(); ++rate) {
    figures.emplace_back(fmt::format("rates.{}.average", kRates[rate]),
                         answer.average_hundredths[rate].value_or(-1));
    for (int mark = 1; mark <= 5; ++mark) {
      figures.emplace_back(fmt::format("rates.{}.distribution.{}", kRates[rate], mark),
                           answer.counters[RatesCounter(rate, mark)]);
    }
  }
  return figures;
}

Figures FiguresOf(const naive::Rating& rating) {
  Figures figures = {
      {"recommended.total", rating.recommended.total},
      {"recommended.unique", rating.recommended.unique},
      {"notRecommended.total", rating.not_recommended.total},
      {"notRecommended.unique", rating.not_recommended.unique},
      {"recommendedPercentage", rating.recommended_percentage_tenths.value_or(-1)},
      {"answered", rating.answered},
      {"removed.byBuyer", rating.removed_by_buyer},
      {"removed.byMarketplace", rating.removed_by_marketplace},
      {"removed.byBuyerAfterCompensation", rating.removed_by_buyer_after_compensation},
      {"lifetime.recommended", rating.lifetime_recommended},
      {"lifetime.notRecommended", rating.lifetime_not_recommended},
      {"asOf", rating.as_of},
      {"complete", rating.complete ? 1 : 0},
  };
  const std::array<const naive::Rates*, 4> rates = {&rating.delivery, &rating.delivery_cost,
                                                    &rating.description, &rating.service};
  for (size_t rate = 0; rate < rates.size(); ++rate) {
    figures.emplace_back(fmt::format("rates.{}.average", kRates[rate]),
                         rates[rate]->average_hundredths.value_or(-1));
    for (size_t mark = 1; mark <= 5; ++mark) {
      figures.emplace_back(fmt::format("rates.{}.distribution.{}", kRates[rate], mark),
                           rates[rate]->distribution[mark - 1]);
    }
  }
  return figures;
}

std::string VotesText(int64_t recommended, int64_t recommended_unique, int64_t not_recommended,
                      int64_t not_recommended_unique) {
  return fmt::format("{} ({} unique) for, {} ({} unique) against", recommended, recommended_unique,
                     not_recommended, not_recommended_unique);
}

using History = std::map<int32_t, std::string>;  // by day

History HistoryOf(const RatingAnswer& answer) {
  History history;
  for (const RatingHistoryRow& row : answer.history) {
    history[row.day.number()] = VotesText(row.recommended_total, row.recommended_unique,
                                          row.not_recommended_total, row.not_recommended_unique);
  }
  return history;
}

History HistoryOf(const naive::Rating& rating) {
  History history;
  for (const auto& [day, row] : rating.history) {
    history[day] = VotesText(row.recommended.total, row.recommended.unique,
                             row.not_recommended.total, row.not_recommended.unique);
  }
  return history;
}

// The comparison at one point.
class RatingComparison {
 public:
  RatingComparison(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                   const VerifyPoint& point, VerifyReport* report)
      : reader_(stores), replay_(replay), point_(point), report_(report) {
    query_.as_of = point.as_of;
    query_.known_at = point.known_at;
  }

  // Sellers whose history is compared; the total's is too.
  void CompareHistoryOf(std::set<std::string, std::less<>> sellers, bool all) {
    history_sellers_ = std::move(sellers);
    history_of_all_ = all;
    query_.history = all;
    with_history_ = true;
  }

  absl::Status Run() {
    ASSIGN_OR_RETURN(AnswerMap answers, Answers(query_));
    RETURN_IF_ERROR(CompareBothWays(answers));
    absl::Status status;
    naive::AllRatings(replay_, point_.as_of.number(), [&](const naive::Rating& rating) {
      if (status.ok()) status = CompareRow(rating, answers);
    });
    RETURN_IF_ERROR(status);
    for (const auto& [key, answer] : answers) {
      Add(key, "the naive implementation does not have the row");
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<AnswerMap> Answers(const RatingQuery& query) const {
    ASSIGN_OR_RETURN(std::vector<RatingAnswer> all, reader_.All(query));
    AnswerMap answers;
    for (RatingAnswer& answer : all) {
      RowKey key(answer.seller_id, answer.market);
      answers.emplace(std::move(key), std::move(answer));
    }
    return answers;
  }

  void Add(const RowKey& key, std::string_view sentence) {
    report_->differences.Add(
        fmt::format("rating of {} in {} {}: {}", key.first, key.second, TextOf(point_), sentence));
  }

  void CompareFigures(const RowKey& key, std::string_view first_name, const Figures& first,
                      std::string_view second_name, const Figures& second) {
    for (size_t i = 0; i < first.size(); ++i) {
      if (first[i].second == second[i].second) continue;
      Add(key, fmt::format("{}: {} {}, {} {}", first[i].first, first_name, first[i].second,
                           second_name, second[i].second));
    }
  }

  void CompareHistories(const RowKey& key, std::string_view first_name, const History& first,
                        std::string_view second_name, const History& second) {
    if (first == second) return;
    std::set<int32_t> days;
    for (const auto& [day, text] : first) days.insert(day);
    for (const auto& [day, text] : second) days.insert(day);
    const auto at = [](const History& history, int32_t day) {
      const auto found = history.find(day);
      return found == history.end() ? std::string("no row") : found->second;
    };
    // One difference for the whole history, lest its days crowd out all others.
    const auto differs = [&](int32_t day) { return at(first, day) != at(second, day); };
    const auto day = std::find_if(days.begin(), days.end(), differs);
    const auto in_all = std::count_if(days.begin(), days.end(), differs);
    Add(key, fmt::format("history differs on {} days, first on {}: {} {}, {} {}", in_all,
                         FormatDay(LocalDay(*day)), first_name, at(first, *day), second_name,
                         at(second, *day)));
  }

  // The stored steps against the evaluation of the rows.
  absl::Status CompareBothWays(const AnswerMap& answers) {
    RatingQuery evaluated_query = query_;
    evaluated_query.always_evaluate = true;
    ASSIGN_OR_RETURN(AnswerMap evaluated, Answers(evaluated_query));
    for (const auto& [key, answer] : answers) {
      auto other = evaluated.extract(key);
      if (other.empty()) {
        Add(key, "the stored steps have the row, the evaluated rows do not");
        continue;
      }
      CompareFigures(key, "stored steps", FiguresOf(answer), "evaluated",
                     FiguresOf(other.mapped()));
      if (query_.history) {
        CompareHistories(key, "stored steps", HistoryOf(answer), "evaluated",
                         HistoryOf(other.mapped()));
      }
    }
    for (const auto& [key, answer] : evaluated) {
      Add(key, "the evaluated rows have the row, the stored steps do not");
    }
    return absl::OkStatus();
  }

  absl::Status CompareRow(const naive::Rating& rating, AnswerMap& answers) {
    ++report_->counts.ratings;
    const RowKey key(rating.seller_id, rating.market);
    const auto row = answers.extract(key);
    if (row.empty()) {
      Add(key, "the engine does not have the row");
      return absl::OkStatus();
    }
    CompareFigures(key, "engine", FiguresOf(row.mapped()), "naive", FiguresOf(rating));
    if (!with_history_) return absl::OkStatus();
    if (history_of_all_) {
      report_->counts.history_rows += rating.history.size();
      CompareHistories(key, "engine", HistoryOf(row.mapped()), "naive", HistoryOf(rating));
      return absl::OkStatus();
    }
    if (history_sellers_.count(rating.seller_id) == 0) return absl::OkStatus();
    RatingQuery query = query_;
    query.history = true;
    ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                     reader_.One(rating.seller_id, rating.market, query));
    if (!answer) {
      Add(key, "the engine has the row among all and not alone");
      return absl::OkStatus();
    }
    CompareFigures(key, "alone", FiguresOf(*answer), "among all", FiguresOf(row.mapped()));
    report_->counts.history_rows += rating.history.size();
    CompareHistories(key, "engine", HistoryOf(*answer), "naive", HistoryOf(rating));
    return absl::OkStatus();
  }

  const RatingReader reader_;
  const naive::Replay& replay_;
  const VerifyPoint point_;
  VerifyReport* report_;
  RatingQuery query_;
  bool with_history_ = false;
  bool history_of_all_ = false;
  std::set<std::string, std::less<>> history_sellers_;
};

// Up to `count` sellers, evenly chosen by their ids.
std::set<std::string, std::less<>> ChooseSellers(const std::set<std::string>& sellers,
                                                 size_t count) {
  std::set<std::string, std::less<>> chosen;
  const size_t step =
      std::max<size_t>(1, (sellers.size() + count - 1) / std::max<size_t>(count, 1));
  size_t number = 0;
  for (const std::string& seller : sellers) {
    if (number++ % step == 0) chosen.insert(seller);
  }
  return chosen;
}

}  // namespace

absl::Status CompareRatings(const std::vector<const RowReader*>& stores,
                            const naive::Replay& replay, const VerifyPoint& point,
                            bool with_history, size_t sellers_with_history, VerifyReport* report) {
  RatingComparison comparison(stores, replay, point, report);
  if (with_history) {
    std::set<std::string> sellers;
    for (const auto& [seller_id, market] : naive::RatingRows(replay, point.as_of.number())) {
      sellers.insert(seller_id);
    }
    comparison.CompareHistoryOf(ChooseSellers(sellers, sellers_with_history),
                                sellers.size() <= sellers_with_history);
  }
  return comparison.Run();
}

}  // namespace flywheel
