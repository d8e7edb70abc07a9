#include "app/verify_smart.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "naive/smart.h"
#include "projections/views/smart_reader.h"

namespace flywheel {
namespace {

using RowKey = std::pair<std::string, std::string>;  // seller, market
// Each figure of an answer by its name, in one form for both implementations.
using Figures = std::vector<std::pair<std::string, std::string>>;
using FiguresMap = std::map<RowKey, Figures>;

constexpr std::string_view kNone = "none";

std::string InstantOrNone(const std::optional<Instant>& instant) {
  return instant ? FormatInstant(*instant) : std::string(kNone);
}
std::string InstantOrNone(const std::optional<int64_t>& instant) {
  return instant ? FormatInstant(Instant(*instant)) : std::string(kNone);
}
std::string NumberOrNone(const std::optional<int64_t>& number) {
  return number ? std::to_string(*number) : std::string(kNone);
}
std::string NumberOrNone(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : std::string(kNone);
}

std::optional<double> NumberOf(const SmartValue& value) {
  if (const auto* share = std::get_if<SmartShare>(&value)) return share->nearest();
  if (const auto* count = std::get_if<int64_t>(&value)) return static_cast<double>(*count);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? 1 : 0;
  return std::nullopt;
}

std::string ConditionText(const std::optional<double>& value,
                          const std::optional<double>& threshold, bool required, bool fulfilled) {
  return fmt::format("{} against {}, {}, {}", NumberOrNone(value), NumberOrNone(threshold),
                     required ? "required" : "not required",
                     fulfilled ? "fulfilled" : "not fulfilled");
}

std::string ChangeText(Instant at, bool fulfilled, const std::string& cause) {
  return fmt::format("{} at {} by {}", fulfilled ? "won" : "lost", FormatInstant(at), cause);
}
std::string EventText(int64_t offset, int64_t index, std::string_view event_id,
                      std::string_view order_id) {
  return fmt::format("event {}.{} {} of '{}'", offset, index, event_id, order_id);
}

std::string TextOf(const SmartChange& change) {
  const auto* event = std::get_if<SmartEvent>(&change.cause);
  return ChangeText(change.at, change.fulfilled,
                    event == nullptr ? std::string(NameOf(std::get<SmartExpiry>(change.cause)))
                                     : EventText(event->place.offset.number(), event->place.index,
                                                 event->event_id, event->order_id));
}
std::string TextOf(const naive::SmartChange& change) {
  const auto* event = std::get_if<naive::SmartEvent>(&change.cause);
  return ChangeText(
      Instant(change.at), change.fulfilled,
      event == nullptr
          ? std::string(naive::NameOf(std::get<naive::SmartRule>(change.cause)))
          : EventText(event->place.offset, event->index, event->event_id, event->order_id));
}

Figures FiguresOf(const SmartAnswer& answer) {
  Figures figures = {
      {"fulfilled", answer.fulfilled ? "true" : "false"},
      {"lastChanged", InstantOrNone(answer.last_changed())},
      {"negativesUntilLost", NumberOrNone(answer.headroom.negatives_until_lost)},
      {"positivesUntilWon", NumberOrNone(answer.headroom.positives_until_won)},
      {"outlook", InstantOrNone(answer.outlook)},
      {"complete", answer.complete ? "true" : "false"},
  };
  for (const SmartCondition& condition : answer.conditions) {
    figures.emplace_back(condition.code,
                         ConditionText(NumberOf(condition.value), NumberOf(condition.threshold),
                                       condition.required, condition.fulfilled));
  }
  for (const SmartChange& change : answer.history) figures.emplace_back("history", TextOf(change));
  return figures;
}

Figures FiguresOf(const naive::Smart& smart) {
  Figures figures = {
      {"fulfilled", smart.fulfilled ? "true" : "false"},
      {"lastChanged", InstantOrNone(smart.last_changed)},
      {"negativesUntilLost", NumberOrNone(smart.negatives_until_lost)},
      {"positivesUntilWon", NumberOrNone(smart.positives_until_won)},
      {"outlook", InstantOrNone(smart.outlook)},
      {"complete", smart.complete ? "true" : "false"},
  };
  for (const naive::SmartCondition& condition : smart.conditions) {
    figures.emplace_back(condition.code, ConditionText(condition.value, condition.threshold,
                                                       condition.required, condition.fulfilled));
  }
  for (const naive::SmartChange& change : smart.history) {
    figures.emplace_back("history", TextOf(change));
  }
  return figures;
}

// The comparison at one point.
class SmartComparison {
 public:
  SmartComparison(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                  const VerifyPoint& point, VerifyReport* report)
      : reader_(stores), replay_(replay), point_(point), report_(report) {
    query_.as_of = point.as_of;
    query_.known_at = point.known_at;
  }

  absl::Status Run() {
    ASSIGN_OR_RETURN(FiguresMap answers, Answers(query_));
    RETURN_IF_ERROR(CompareBothWays(answers));
    naive::AllSmart(replay_, point_.as_of.number(), [&](const naive::Smart& smart) {
      ++report_->counts.smart;
      const RowKey key(smart.seller_id, smart.market);
      const auto row = answers.extract(key);
      if (row.empty()) return Add(key, "the engine does not have the row");
      Compare(key, "engine", row.mapped(), "naive", FiguresOf(smart));
    });
    for (const auto& [key, figures] : answers) {
      Add(key, "the naive implementation does not have the row");
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<FiguresMap> Answers(const SmartQuery& query) const {
    FiguresMap answers;
    RETURN_IF_ERROR(reader_.All(query, [&](const SmartAnswer& answer) {
      answers.emplace(RowKey(answer.seller_id, answer.market.text()), FiguresOf(answer));
      return absl::OkStatus();
    }));
    return answers;
  }

  void Add(const RowKey& key, std::string_view sentence) {
    report_->differences.Add(
        fmt::format("Smart! of {} in {} {}: {}", key.first, key.second, TextOf(point_), sentence));
  }

  // The first difference of a row alone, lest its history crowd out all others.
  void Compare(const RowKey& key, std::string_view first_name, const Figures& first,
               std::string_view second_name, const Figures& second) {
    const auto [left, right] =
        std::mismatch(first.begin(), first.end(), second.begin(), second.end());
    if (left == first.end() && right == second.end()) return;
    const auto text = [](const auto& figure, const auto& end) {
      return figure == end ? std::string("nothing more") : figure->second;
    };
    Add(key,
        fmt::format("{}: {} {}, {} {}", left != first.end() ? left->first : right->first,
                    first_name, text(left, first.end()), second_name, text(right, second.end())));
  }

  absl::Status CompareBothWays(const FiguresMap& answers) {
    SmartQuery evaluated_query = query_;
    evaluated_query.always_evaluate = true;
    ASSIGN_OR_RETURN(FiguresMap evaluated, Answers(evaluated_query));
    for (const auto& [key, figures] : answers) {
      const auto other = evaluated.extract(key);
      if (other.empty()) {
        Add(key, "the stored figures have the row, the evaluated rows do not");
      } else {
        Compare(key, "stored", figures, "evaluated", other.mapped());
      }
    }
    for (const auto& [key, figures] : evaluated) {
      Add(key, "the evaluated rows have the row, the stored figures do not");
    }
    return absl::OkStatus();
  }

  const SmartReader reader_;
  const naive::Replay& replay_;
  const VerifyPoint point_;
  VerifyReport* report_;
  SmartQuery query_;
};

}  // namespace

absl::Status CompareSmart(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                          const VerifyPoint& point, VerifyReport* report) {
  return SmartComparison(stores, replay, point, report).Run();
}

}  // namespace flywheel
