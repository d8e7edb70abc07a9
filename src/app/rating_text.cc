#include "app/rating_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "app/csv_line.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/time_zone.h"
#include "query/rating_json.h"

namespace flywheel {
namespace {

// The counts of an answer besides the rates, by JSON path, in the order of the text.
constexpr std::array<std::pair<std::string_view, RatingCounter>, 10> kCounts = {{
    {"recommended.total", RatingCounter::kRecommendedTotal},
    {"recommended.unique", RatingCounter::kRecommendedUnique},
    {"notRecommended.total", RatingCounter::kNotRecommendedTotal},
    {"notRecommended.unique", RatingCounter::kNotRecommendedUnique},
    {"answered", RatingCounter::kAnswered},
    {"removed.byBuyer", RatingCounter::kRemovedByBuyer},
    {"removed.byMarketplace", RatingCounter::kRemovedByMarketplace},
    {"removed.byBuyerAfterCompensation", RatingCounter::kRemovedByBuyerAfterCompensation},
    {"lifetime.recommended", RatingCounter::kLifetimeRecommended},
    {"lifetime.notRecommended", RatingCounter::kLifetimeNotRecommended},
}};

std::string AverageText(const RatingAnswer& answer, size_t rate) {
  const std::optional<int64_t>& hundredths = answer.average_hundredths[rate];
  return hundredths ? DecimalText(*hundredths, 2) : "";
}

std::string PercentageText(std::optional<int64_t> tenths) {
  return tenths ? DecimalText(*tenths, 1) : "";
}

std::string HistoryTable(const RatingAnswer& answer) {
  Table table({"day", "recommended", "unique", "not recommended", "unique", "percentage"});
  for (const RatingHistoryRow& row : answer.history) {
    table.Add(
        {FormatDay(row.day), std::to_string(row.recommended_total),
         std::to_string(row.recommended_unique), std::to_string(row.not_recommended_total),
         std::to_string(row.not_recommended_unique),
         PercentageText(RecommendedTenths(row.recommended_unique, row.not_recommended_unique))});
  }
  return table.ToText();
}

std::string RatesTable(const RatingAnswer& answer) {
  Table table({"rates", "average", "1", "2", "3", "4", "5"});
  for (size_t rate = 0; rate < kRatingRates.size(); ++rate) {
    std::vector<std::string> row = {std::string(kRatingRates[rate]), AverageText(answer, rate)};
    for (int mark = 1; mark <= kRatingMarks; ++mark) {
      row.push_back(std::to_string(MarkCount(answer, rate, mark)));
    }
    table.Add(std::move(row));
  }
  return table.ToText();
}

// All counts by path, those of the marks included.
std::vector<std::string> CountPaths() {
  std::vector<std::string> paths;
  paths.reserve(std::size(kCounts) + std::size(kRatingRates) * kRatingMarks);
  for (const auto& [path, counter] : kCounts) paths.emplace_back(path);
  for (const std::string_view rate : kRatingRates) {
    for (int mark = 1; mark <= kRatingMarks; ++mark) {
      paths.push_back(fmt::format("rates.{}.distribution.{}", rate, mark));
    }
  }
  return paths;
}

bool IsWithin(std::string_view path, std::string_view group) {
  return path == group || (path.size() > group.size() && path.substr(0, group.size()) == group &&
                           path[group.size()] == '.');
}

}  // namespace

std::string RatingCsvHeader() {
  std::vector<std::string> columns = {"sellerId", "market", "asOf"};
  for (size_t i = 0; i < 4; ++i) columns.emplace_back(kCounts[i].first);
  columns.emplace_back("recommendedPercentage");
  for (const std::string_view rate : kRatingRates) {
    columns.push_back(fmt::format("rates.{}.average", rate));
    for (int mark = 1; mark <= kRatingMarks; ++mark) {
      columns.push_back(fmt::format("rates.{}.distribution.{}", rate, mark));
    }
  }
  for (size_t i = 4; i < kCounts.size(); ++i) columns.emplace_back(kCounts[i].first);
  columns.emplace_back("complete");
  return CsvLine(columns);
}

std::string RatingCsvRow(const RatingAnswer& answer) {
  std::vector<std::string> fields = {answer.seller_id, answer.market, FormatInstant(answer.as_of)};
  const auto add_count = [&](size_t i) {
    fields.push_back(std::to_string(answer.count(kCounts[i].second)));
  };
  for (size_t i = 0; i < 4; ++i) add_count(i);
  fields.push_back(PercentageText(answer.recommended_tenths()));
  for (size_t rate = 0; rate < kRatingRates.size(); ++rate) {
    fields.push_back(AverageText(answer, rate));
    for (int mark = 1; mark <= kRatingMarks; ++mark) {
      fields.push_back(std::to_string(MarkCount(answer, rate, mark)));
    }
  }
  for (size_t i = 4; i < kCounts.size(); ++i) add_count(i);
  fields.emplace_back(answer.complete ? "true" : "false");
  return CsvLine(fields);
}

std::string RatingTable(const RatingAnswer& answer, bool history) {
  const auto count = [&](RatingCounter counter) { return std::to_string(answer.count(counter)); };
  std::string text = fmt::format("seller {}, market {}, as of {}{}\n\n", answer.seller_id,
                                 answer.market, FormatInstant(answer.as_of),
                                 answer.complete ? "" : " (not complete: see quarantine list)");
  Table votes({"", "total", "unique buyers", "of all days"});
  votes.Add({"recommended", count(RatingCounter::kRecommendedTotal),
             count(RatingCounter::kRecommendedUnique), count(RatingCounter::kLifetimeRecommended)});
  votes.Add({"not recommended", count(RatingCounter::kNotRecommendedTotal),
             count(RatingCounter::kNotRecommendedUnique),
             count(RatingCounter::kLifetimeNotRecommended)});
  text += votes.ToText() + "\n";
  if (const std::optional<int64_t> tenths = answer.recommended_tenths()) {
    text += fmt::format("recommended by {} %\n\n", PercentageText(tenths));
  }
  text += RatesTable(answer) + "\n";
  text += fmt::format(
      "answered {}; removed by the buyer {}, by the marketplace {}, by the buyer after "
      "compensation {}\n",
      count(RatingCounter::kAnswered), count(RatingCounter::kRemovedByBuyer),
      count(RatingCounter::kRemovedByMarketplace),
      count(RatingCounter::kRemovedByBuyerAfterCompensation));
  if (history) text += "\n" + HistoryTable(answer);
  return text;
}

std::string ExplanationTable(const std::vector<RatingExplanation>& explanations) {
  Table table({"posted", "market", "order", "buyer", "review", "events", "counts in"});
  for (const RatingExplanation& explanation : explanations) {
    std::string events;
    for (const ExplainedEvent& event : explanation.events) {
      if (!events.empty()) events += ' ';
      events += fmt::format("{}:{}", NameOf(event.kind),
                            FormatPlace({event.partition, event.place.offset}));
    }
    table.Add({FormatInstant(explanation.posted), std::string(explanation.market.text()),
               explanation.order_id, explanation.buyer_id, explanation.review_id, events,
               fmt::format("{}", fmt::join(explanation.counts_in, " "))});
  }
  return table.ToText();
}

bool IsRatingFigure(std::string_view figure) {
  const std::vector<std::string> paths = CountPaths();
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& path) { return IsBehindFigure(path, figure); });
}

bool IsBehindFigure(std::string_view counted, std::string_view figure) {
  constexpr std::string_view kAverage = ".average";
  if (figure == "recommendedPercentage") {
    return counted == "recommended.unique" || counted == "notRecommended.unique";
  }
  if (figure.size() > kAverage.size() &&
      figure.substr(figure.size() - kAverage.size()) == kAverage) {
    const std::string marks =
        fmt::format("{}.distribution", figure.substr(0, figure.size() - kAverage.size()));
    return IsWithin(counted, marks);
  }
  return IsWithin(counted, figure);
}

}  // namespace flywheel
