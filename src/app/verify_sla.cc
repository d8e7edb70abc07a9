#include "app/verify_sla.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "naive/sla.h"
#include "projections/views/sla_reader.h"

namespace flywheel {
namespace {

using RowKey = std::tuple<std::string, std::string, int32_t>;  // seller, market, window
using AnswerMap = std::map<RowKey, SlaAnswer>;

// One figure in both implementations; an absent one is -1.
struct Figure {
  std::string_view name;
  double engine = 0;
  double other = 0;
  bool is_quantile = false;

  bool Agree() const {
    if (!is_quantile || engine < 0 || other < 0) return engine == other;
    return std::abs(engine - other) * 100 <= other;
  }
};

double OrAbsent(const std::optional<int64_t>& ms) { return ms ? static_cast<double>(*ms) : -1; }

std::vector<Figure> FiguresOf(const ClockFigures& engine, const naive::ClockFigures& other) {
  const auto number = [](int64_t count) { return static_cast<double>(count); };
  const auto quantile = [&](int percent) {
    return OrAbsent(engine.stopped.durations.Quantile(percent));
  };
  return {
      {"within", number(engine.stopped.within), number(other.within)},
      {"late", number(engine.stopped.late), number(other.late)},
      {"pending", number(engine.pending), number(other.pending)},
      {"overdue", number(engine.overdue), number(other.overdue)},
      {"compliance", engine.compliance().value_or(-1), other.compliance.value_or(-1)},
      {"p50 in ms", quantile(50), OrAbsent(other.p50_ms), true},
      {"p90 in ms", quantile(90), OrAbsent(other.p90_ms), true},
      {"p99 in ms", quantile(99), OrAbsent(other.p99_ms), true},
  };
}

using QueueRow = std::tuple<int64_t, std::string, std::string, std::string, std::string, int64_t,
                            std::string, bool>;

std::string TextOf(const QueueRow& row) {
  const auto& [due, id, clock, seller, order, opened, market, overdue] = row;
  return fmt::format("{} {} of order {} of {} in {}, opened {}, due {}, {}", clock, id, order,
                     seller, market, FormatInstant(Instant(opened)), FormatInstant(Instant(due)),
                     overdue ? "overdue" : "pending");
}

// The comparison at one point.
class SlaComparison {
 public:
  SlaComparison(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                const VerifyPoint& point, VerifyReport* report)
      : reader_(stores), replay_(replay), point_(point), report_(report) {
    query_.as_of = point.as_of;
    query_.known_at = point.known_at;
  }

  absl::Status Run() {
    ASSIGN_OR_RETURN(AnswerMap answers, Answers(query_));
    RETURN_IF_ERROR(CompareBothWays(answers));
    naive::AllSla(replay_, point_.as_of.number(),
                  [&](const naive::Sla& sla) { CompareRow(sla, answers); });
    for (const auto& [key, answer] : answers) {
      Add(key, "the naive implementation does not have the row");
    }
    return CompareQueues();
  }

 private:
  absl::StatusOr<AnswerMap> Answers(const SlaQuery& query) const {
    AnswerMap answers;
    RETURN_IF_ERROR(reader_.All(query, [&](const SlaAnswer& answer) {
      answers.emplace(RowKey(answer.seller_id, answer.market, answer.window_days), answer);
      return absl::OkStatus();
    }));
    return answers;
  }

  void Add(const RowKey& key, std::string_view sentence) {
    const auto& [seller, market, window] = key;
    report_->differences.Add(fmt::format("SLA of {} in {} over {} days {}: {}", seller, market,
                                         window, TextOf(point_), sentence));
  }

  absl::Status CompareBothWays(const AnswerMap& answers) {
    SlaQuery evaluated_query = query_;
    evaluated_query.always_evaluate = true;
    ASSIGN_OR_RETURN(const AnswerMap evaluated, Answers(evaluated_query));
    for (const auto& [key, answer] : answers) {
      const auto other = evaluated.find(key);
      if (other == evaluated.end()) {
        Add(key, "the stored sums have the row, the evaluated rows do not");
      } else if (!(answer.clocks == other->second.clocks) ||
                 answer.complete != other->second.complete) {
        Add(key, "the stored sums and the evaluated rows differ");
      }
    }
    for (const auto& [key, answer] : evaluated) {
      if (!answers.contains(key)) {
        Add(key, "the evaluated rows have the row, the stored sums do not");
      }
    }
    return absl::OkStatus();
  }

  void CompareRow(const naive::Sla& sla, AnswerMap& answers) {
    ++report_->counts.sla;
    const RowKey key(sla.seller_id, sla.market, sla.window_days);
    const auto row = answers.extract(key);
    if (row.empty()) return Add(key, "the engine does not have the row");
    if (row.mapped().complete != sla.complete) {
      Add(key, fmt::format("complete: engine {}, naive {}", row.mapped().complete, sla.complete));
    }
    for (size_t clock = 0; clock < kSlaClocks; ++clock) {
      for (const Figure& figure : FiguresOf(row.mapped().clocks[clock], sla.clocks[clock])) {
        if (figure.Agree()) continue;
        Add(key, fmt::format("{}: {}: engine {}, naive {}", NameOf(static_cast<SlaClock>(clock)),
                             figure.name, figure.engine, figure.other));
      }
    }
  }

  absl::StatusOr<std::vector<QueueRow>> EngineQueue() const {
    std::vector<QueueRow> rows;
    QueueSelection selection;
    selection.limit = kMaxQueuePage;
    do {
      ASSIGN_OR_RETURN(const QueuePage page, reader_.Queue(selection, query_));
      for (const QueuedClock& clock : page.clocks) {
        rows.emplace_back(clock.due.number(), clock.id, NameOf(clock.clock), clock.seller_id,
                          clock.order_id, clock.opened.number(), clock.market.text(),
                          clock.state(point_.as_of) == ClockState::kOverdue);
      }
      selection.after = page.next;
    } while (selection.after);
    return rows;
  }

  absl::Status CompareQueues() {
    ASSIGN_OR_RETURN(const std::vector<QueueRow> engine, EngineQueue());
    std::vector<QueueRow> other;
    for (const naive::QueuedClock& clock : naive::QueueOf(replay_, point_.as_of.number())) {
      other.emplace_back(clock.due, clock.id, naive::NameOf(clock.clock), clock.seller_id,
                         clock.order_id, clock.opened_at, clock.market, clock.overdue);
    }
    report_->counts.queued += other.size();
    if (engine == other) return absl::OkStatus();
    // One difference for the whole queue, lest its clocks crowd out all others.
    size_t at = 0;
    while (at < engine.size() && at < other.size() && engine[at] == other[at]) ++at;
    const auto text = [at](const std::vector<QueueRow>& rows) {
      return at < rows.size() ? TextOf(rows[at]) : std::string("its end");
    };
    report_->differences.Add(fmt::format("queue {}: {} clocks and {}; at {}: engine {}, naive {}",
                                         TextOf(point_), engine.size(), other.size(), at,
                                         text(engine), text(other)));
    return absl::OkStatus();
  }

  const SlaReader reader_;
  const naive::Replay& replay_;
  const VerifyPoint point_;
  VerifyReport* report_;
  SlaQuery query_;
};

}  // namespace

absl::Status CompareSla(const std::vector<const RowReader*>& stores, const naive::Replay& replay,
                        const VerifyPoint& point, VerifyReport* report) {
  return SlaComparison(stores, replay, point, report).Run();
}

}  // namespace flywheel
