#include "app/sla_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "app/csv_line.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

std::string ComplianceText(const ClockFigures& figures) {
  const std::optional<double> compliance = figures.compliance();
  return compliance ? fmt::format("{:.1f} %", *compliance * 100) : "";
}

std::string QuantileText(const ClockFigures& figures, int percent) {
  const std::optional<int64_t> ms = figures.stopped.durations.Quantile(percent);
  return ms ? DurationText(*ms) : "";
}

// A clock's name and, after a dot, that of its figure; the latter may be missing.
struct FigurePath {
  std::string_view clock;
  std::string_view figure;
};
FigurePath ParseFigure(std::string_view path) {
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {path, {}};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

bool IsQuantile(std::string_view figure) {
  return std::any_of(kSlaQuantiles.begin(), kSlaQuantiles.end(),
                     [&](const auto& quantile) { return quantile.first == figure; });
}

}  // namespace

std::string SlaCsvHeader() {
  std::vector<std::string> columns = {"sellerId", "market", "windowDays", "asOf"};
  for (size_t i = 0; i < kSlaClocks; ++i) {
    const std::string_view clock = NameOf(static_cast<SlaClock>(i));
    for (const char* figure : {"within", "late", "pending", "overdue", "compliance"}) {
      columns.push_back(fmt::format("{}.{}", clock, figure));
    }
    for (const auto& [key, percent] : kSlaQuantiles) {
      columns.push_back(fmt::format("{}.{}", clock, key));
    }
  }
  columns.emplace_back("complete");
  return CsvLine(columns);
}

std::string SlaCsvRow(const SlaAnswer& answer) {
  std::vector<std::string> fields = {answer.seller_id, answer.market,
                                     std::to_string(answer.window_days),
                                     FormatInstant(answer.as_of)};
  for (const ClockFigures& figures : answer.clocks) {
    for (const int64_t count :
         {figures.stopped.within, figures.stopped.late, figures.pending, figures.overdue}) {
      fields.push_back(std::to_string(count));
    }
    const std::optional<double> compliance = figures.compliance();
    fields.push_back(compliance ? fmt::format("{}", *compliance) : "");
    for (const auto& [key, percent] : kSlaQuantiles) {
      const std::optional<int64_t> ms = figures.stopped.durations.Quantile(percent);
      fields.push_back(ms ? DecimalText(*ms, 3) : "");
    }
  }
  fields.emplace_back(answer.complete ? "true" : "false");
  return CsvLine(fields);
}

std::string DurationText(int64_t ms) {
  if (ms < kMillisPerMinute) return DecimalText(ms, 3) + " s";
  const int64_t days = ms / kMillisPerDay;
  const int64_t hours = ms / kMillisPerHour % 24;
  const int64_t minutes = ms / kMillisPerMinute % 60;
  const int64_t seconds = ms / kMillisPerSecond % 60;
  if (days == 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds);
  return fmt::format("{} d {:02}:{:02}:{:02}", days, hours, minutes, seconds);
}

std::string SlaTable(const std::vector<SlaAnswer>& answers) {
  const SlaAnswer& any = answers.front();
  const bool complete = std::all_of(answers.begin(), answers.end(),
                                    [](const SlaAnswer& answer) { return answer.complete; });
  std::string text =
      fmt::format("seller {}, market {}, as of {}{}\n", any.seller_id, any.market,
                  FormatInstant(any.as_of), complete ? "" : " (not complete: see quarantine list)");
  for (const SlaAnswer& answer : answers) {
    text += fmt::format("\nopened in the last {} local days\n", answer.window_days);
    Table table(
        {"clock", "within", "late", "pending", "overdue", "compliance", "p50", "p90", "p99"});
    for (size_t i = 0; i < kSlaClocks; ++i) {
      const ClockFigures& figures = answer.clocks[i];
      table.Add({std::string(NameOf(static_cast<SlaClock>(i))),
                 std::to_string(figures.stopped.within), std::to_string(figures.stopped.late),
                 std::to_string(figures.pending), std::to_string(figures.overdue),
                 ComplianceText(figures), QuantileText(figures, 50), QuantileText(figures, 90),
                 QuantileText(figures, 99)});
    }
    text += table.ToText();
  }
  return text;
}

std::string SlaExplanationTable(const std::vector<SlaExplanation>& explanations) {
  Table table({"opened", "market", "clock", "order", "id", "due", "stopped", "took", "state",
               "windows", "events"});
  for (const SlaExplanation& explanation : explanations) {
    std::string events;
    for (const ExplainedEvent& event : explanation.events) {
      if (!events.empty()) events += ' ';
      events += fmt::format("{}:{}", NameOf(event.kind),
                            FormatPlace({event.partition, event.place.offset}));
    }
    table.Add({FormatInstant(explanation.opened), std::string(explanation.market.text()),
               std::string(NameOf(explanation.clock)), explanation.order_id, explanation.id,
               FormatInstant(explanation.due),
               explanation.stopped ? FormatInstant(*explanation.stopped) : "",
               explanation.stopped ? DurationText(explanation.duration_ms) : "",
               std::string(NameOf(explanation.state)),
               fmt::format("{}", fmt::join(explanation.windows, " ")), events});
  }
  return table.ToText();
}

std::string QueueTable(const std::vector<QueuedClock>& clocks, Instant as_of) {
  if (clocks.empty()) return "no clock runs\n";
  Table table({"due", "state", "left", "clock", "seller", "market", "order", "id", "opened"});
  for (const QueuedClock& clock : clocks) {
    const int64_t left = clock.due.number() - as_of.number();
    table.Add({FormatInstant(clock.due), std::string(NameOf(clock.state(as_of))),
               left >= 0 ? DurationText(left) : DurationText(-left) + " ago",
               std::string(NameOf(clock.clock)), clock.seller_id, std::string(clock.market.text()),
               clock.order_id, clock.id, FormatInstant(clock.opened)});
  }
  return table.ToText();
}

bool IsSlaFigure(std::string_view figure) {
  const FigurePath path = ParseFigure(figure);
  bool known = false;
  for (size_t i = 0; i < kSlaClocks; ++i) {
    known = known || path.clock == NameOf(static_cast<SlaClock>(i));
  }
  if (!known || path.figure.empty()) return known && figure == path.clock;
  return path.figure == "within" || path.figure == "late" || path.figure == "pending" ||
         path.figure == "overdue" || path.figure == "compliance" || IsQuantile(path.figure);
}

bool IsBehindSlaFigure(const SlaExplanation& explanation, std::string_view figure) {
  const FigurePath path = ParseFigure(figure);
  if (path.clock != NameOf(explanation.clock)) return false;
  switch (explanation.state) {
    case ClockState::kWithin:
      if (path.figure == "within" || path.figure == "compliance") return true;
      break;
    case ClockState::kLate:
      if (path.figure == "late" || path.figure == "compliance") return true;
      break;
    case ClockState::kPending:
      if (path.figure == "pending") return true;
      break;
    case ClockState::kOverdue:
      if (path.figure == "overdue" || path.figure == "compliance") return true;
      break;
  }
  return path.figure.empty() || (explanation.stopped && IsQuantile(path.figure));
}

}  // namespace flywheel
