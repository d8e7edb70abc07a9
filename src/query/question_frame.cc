#include "query/question_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/store/rows_damage.h"
#include "projections/views/cell_reading.h"
#include "query/http/http_problem.h"

namespace flywheel {
namespace {

// When a client should try again whose partition will be served soon, or for whom there will be
// room soon.
constexpr int kRetrySeconds = 1;

size_t Index(Partition partition) { return static_cast<size_t>(partition.number()); }

// How late an answer is that comes from several partitions: as late as the latest of them.
class Staleness {
 public:
  void Add(const Freshness& of) {
    fresh_at_ = first_ ? of.fresh_at : std::min(fresh_at_, of.fresh_at);
    first_ = false;
    lag_events_ += of.lag_events;
    lag_ = std::max(lag_, of.lag);
  }

  std::string HeaderLines(const LogPosition& position) const {
    HttpResponse header;
    header.AddHeader("Flywheel-Position", position.Format());
    const fmt::format_int lag(lag_events_);
    header.AddHeader("Flywheel-Lag-Events", {lag.data(), lag.size()});
    header.AddHeader("Flywheel-Lag-Seconds",
                     lag_ == absl::ZeroDuration()
                         ? "0.000"
                         : fmt::format("{:.3f}", absl::ToDoubleSeconds(lag_)));
    header.AddHeader("Flywheel-Fresh-At",
                     FormatInstant(std::clamp(fresh_at_, kEarliestInstant, kLatestInstant)));
    return std::move(header.header_lines);
  }

 private:
  bool first_ = true;
  int64_t lag_events_ = 0;
  absl::Duration lag_;
  Instant fresh_at_;
};

// 500 or 503: the rows, or the log, cannot be read.
HttpResponse ProblemOfRows(const absl::Status& status) {
  const std::string sentence(MessageOf(status));
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    return RetryLater({503, "ROWS_UNAVAILABLE", sentence}, kRetrySeconds);
  }
  // Who holds them makes them anew.
  if (IsRowsDamage(status)) return RetryLater({503, "RESTORING", sentence}, kRetrySeconds);
  return ProblemResponse({500, absl::IsDataLoss(status) ? "ROWS_DAMAGED" : "INTERNAL", sentence});
}

HttpResponse AnswerTo(const Question& question, const QuestionViews& views,
                      const std::string& freshness) {
  absl::StatusOr<HttpResponse> answered = question.answer(views);
  HttpResponse response = answered.ok() ? *std::move(answered) : ProblemOfRows(answered.status());
  response.header_lines += freshness;
  return response;
}

// What the question wants and its partitions have not reached; empty: nothing.
LogPosition Missing(const Question& question, const LogPosition& reached) {
  LogPosition missing;
  for (const auto& [partition, next] : reached.places()) {
    const std::optional<Offset> wanted = question.time.MustHold(partition);
    if (wanted && *wanted > next) missing.RaiseTo(partition, *wanted);
  }
  return missing;
}

// What is in the answer of what was reached.
LogPosition PositionOf(const Question& question, const LogPosition& reached) {
  if (!question.time.at_position) return reached;
  LogPosition position;
  for (const auto& [partition, next] : reached.places()) {
    position.RaiseTo(partition,
                     std::min(next, question.time.at_position->Of(partition).value_or(next)));
  }
  return position;
}

HttpResponse BadParameter(const absl::Status& status) {
  return ProblemResponse({400, "BAD_PARAMETER", std::string(MessageOf(status))});
}

HttpResponse TooMany(std::string_view code, std::string_view sentence) {
  return RetryLater({429, code, std::string(sentence)}, kRetrySeconds);
}

}  // namespace

// What a question's partitions hold at one moment.
struct QuestionFrame::Collected {
  QuestionViews views;
  LogPosition position;   // of the partitions that the answer comes from
  std::string freshness;  // lines of the answer's header
};

// A question whose position is not reached.
struct QuestionFrame::Waiting {
  std::shared_ptr<const Question> question;
  std::string target;
  LogPosition until;
  PositionWaiters::Deadline deadline;
  std::shared_ptr<HttpDeferred> answer;
};

absl::StatusOr<Instant> QuestionViews::AsOf(const QuestionTime& time) const {
  if (time.as_of) return *time.as_of;
  Instant log_clock;
  for (const std::shared_ptr<const CellView>& view : views) {
    if (view != nullptr) log_clock = std::max(log_clock, view->position.log_clock);
  }
  return flywheel::AsOf(time.clock, wall, log_clock);
}

absl::StatusOr<HttpResponse> AnswerOnce(const QuestionViews& views, const CachedQuestion& question,
                                        const QuestionTime& time, Instant as_of,
                                        absl::FunctionRef<absl::StatusOr<MadeAnswer>()> make) {
  const Partition partition =
      PartitionOf(question.seller, static_cast<int32_t>(views.views.size()));
  const CellView& view = *views.views[Index(partition)];
  const bool may_be_kept = views.answers != nullptr && !time.is_past() && question.seller != kAll &&
                           as_of >= view.position.log_clock;
  if (may_be_kept) {
    if (std::optional<std::string> body = views.answers->Find(question, view, as_of)) {
      return RowAnswer(*std::move(body));
    }
  }
  ASSIGN_OR_RETURN(MadeAnswer made, make());
  if (may_be_kept && made.holds_until) {
    views.answers->Keep(question, view, as_of, *made.holds_until, made.response.body);
  }
  return std::move(made.response);
}

QuestionFrame::QuestionFrame(const QueryService* service, WorkQueue* work,
                             const QuestionFrameOptions& options)
    : service_(service),
      work_(work),
      position_wait_(options.position_wait),
      answers_(options.answer_cache_bytes),
      waiters_(
          [service](Partition partition) -> std::optional<Offset> {
            const std::shared_ptr<const CellView> view = service->View(partition);
            return view == nullptr ? std::nullopt : std::optional(view->position.next);
          },
          options.max_waiting_positions) {}

class QuestionFrame::Prepared final : public HttpPrepared {
 public:
  Prepared(QuestionFrame* frame, std::shared_ptr<const Question> question, std::string target)
      : frame_(frame), question_(std::move(question)), target_(std::move(target)) {}

  void Handle(HttpExchange& exchange) const override {
    frame_->TakeChecked(question_, target_, exchange);
  }

 private:
  QuestionFrame* const frame_;
  const std::shared_ptr<const Question> question_;
  const std::string target_;
};

std::shared_ptr<const HttpPrepared> QuestionFrame::Prepare(const HttpRequest& request,
                                                           absl::StatusOr<Question> asked) {
  if (!asked.ok() || !asked->time.Check(asked->partitions).ok()) return nullptr;
  return std::make_shared<const Prepared>(this, std::make_shared<const Question>(*std::move(asked)),
                                          std::string(request.target));
}

void QuestionFrame::Take(const HttpRequest& request, HttpExchange& exchange,
                         absl::StatusOr<Question> asked) {
  if (!asked.ok()) return exchange.Answer(BadParameter(asked.status()));
  if (const absl::Status status = asked->time.Check(asked->partitions); !status.ok()) {
    return exchange.Answer(BadParameter(status));
  }
  TakeChecked(std::make_shared<const Question>(*std::move(asked)), request.target, exchange);
}

void QuestionFrame::TakeChecked(const std::shared_ptr<const Question>& question,
                                std::string_view target, HttpExchange& exchange) {
  Collected collected;
  if (std::optional<HttpResponse> refusal = Collect(*question, target, &collected)) {
    return exchange.Answer(*std::move(refusal));
  }
  LogPosition missing = Missing(*question, collected.position);
  if (missing.empty() && !question->takes_long) {
    return exchange.Answer(AnswerTo(*question, collected.views, collected.freshness));
  }
  std::optional<HttpDeferred> deferred = exchange.Defer();
  if (!deferred) return;
  auto answer = std::make_shared<HttpDeferred>(*std::move(deferred));
  if (missing.empty()) return Evaluate(question, std::move(collected), answer);
  WaitForPosition(std::make_shared<Waiting>(
      Waiting{question, std::string(target), std::move(missing),
              std::chrono::steady_clock::now() + position_wait_, std::move(answer)}));
}

void QuestionFrame::WaitForPosition(std::shared_ptr<Waiting> waiting) {
  const std::shared_ptr<HttpDeferred> answer = waiting->answer;
  const LogPosition until = waiting->until;
  const PositionWaiters::Deadline deadline = waiting->deadline;
  if (!waiters_.Add(until, deadline, [this, waiting = std::move(waiting)] { GoOn(waiting); })) {
    answer->Answer(
        TooMany("TOO_MANY_WAIT", "as many questions wait for a position as may; try again"));
  }
}

void QuestionFrame::GoOn(const std::shared_ptr<Waiting>& waiting) {
  const std::shared_ptr<const Question>& question = waiting->question;
  Collected collected;
  if (std::optional<HttpResponse> refusal = Collect(*question, waiting->target, &collected)) {
    return waiting->answer->Answer(*std::move(refusal));
  }
  waiting->until = Missing(*question, collected.position);
  if (waiting->until.empty()) {
    return Evaluate(question, std::move(collected), waiting->answer);
  }
  // A partition came back after it was away, or the time is over.
  if (std::chrono::steady_clock::now() < waiting->deadline) return WaitForPosition(waiting);
  waiting->answer->Answer(NotThereYet(*question, collected));
}

void QuestionFrame::Evaluate(std::shared_ptr<const Question> question, Collected collected,
                             const std::shared_ptr<HttpDeferred>& answer) {
  if (!question->takes_long) {
    return answer->Answer(AnswerTo(*question, collected.views, collected.freshness));
  }
  auto from = std::make_shared<const Collected>(std::move(collected));
  if (!work_->Add([question = std::move(question), from, answer] {
        answer->Answer(AnswerTo(*question, from->views, from->freshness));
      })) {
    answer->Answer(TooMany("TOO_MUCH_WORK", "as many long questions wait as may; try again"));
  }
}

std::optional<HttpResponse> QuestionFrame::Collect(const Question& question,
                                                   std::string_view target,
                                                   Collected* collected) const {
  const std::vector<Partition>& wanted = question.partitions;
  // The log's clock is the latest instant of all partitions.
  const bool needs_all = question.time.clock == QueryClock::kLog;
  const int32_t partitions = service_->partitions();
  CellViews& views = collected->views.views;
  collected->views.wall = service_->Now();
  collected->views.answers = &answers_;
  views.reserve(static_cast<size_t>(partitions));
  std::vector<Partition> missing;
  Staleness staleness;
  for (Partition partition(0); partition < Partition(partitions); partition = partition.Plus(1)) {
    const bool counts = std::binary_search(wanted.begin(), wanted.end(), partition);
    Freshness freshness;
    if (counts) freshness = service_->FreshnessOf(partition);
    const std::shared_ptr<const CellView>& view = views.emplace_back(service_->View(partition));
    if (view == nullptr) {
      if (counts || needs_all) missing.push_back(partition);
    } else if (counts) {
      collected->position.RaiseTo(partition, view->position.next);
      staleness.Add(freshness);
    }
  }
  if (wanted.size() == 1 && views[Index(wanted[0])] == nullptr) {
    return Elsewhere(target, wanted[0]);
  }
  if (!missing.empty()) return NotAllAtHand(missing);
  collected->freshness = staleness.HeaderLines(PositionOf(question, collected->position));
  return std::nullopt;
}

HttpResponse QuestionFrame::Elsewhere(std::string_view target, Partition partition) const {
  const CellStatus status = service_->StateOf(partition);
  const std::optional<std::string> owner = service_->OwnerOf(partition);
  const bool is_others = owner.has_value() && *owner != service_->address();
  const auto members = [&](JsonWriter& json) {
    json.Field("partition", partition.number()).Field("state", NameOf(status.state));
    if (owner.has_value()) json.Field("owner", *owner);
  };
  const bool comes =
      status.state == CellStatus::State::kRestoring || status.state == CellStatus::State::kServing;
  if (is_others && !comes) {
    HttpResponse response = ProblemResponse(
        {307, "OWNED_ELSEWHERE",
         fmt::format("partition {} is answered for by {}", partition.number(), *owner)},
        members);
    response.AddHeader("Location", *owner + std::string(target));
    return response;
  }
  const auto later = [&](std::string_view code, std::string_view sentence) {
    return RetryLater(
        {503, code,
         status.sentence.empty() ? fmt::format("partition {} {}", partition.number(), sentence)
                                 : status.sentence},
        kRetrySeconds, members);
  };
  if (comes) return later("RESTORING", "is being restored");
  if (status.state == CellStatus::State::kStopped) return later("STOPPED", "has stopped");
  return later("NO_OWNER", "is nobody's at the moment");
}

HttpResponse QuestionFrame::NotAllAtHand(const std::vector<Partition>& missing) const {
  bool is_others = false;
  const std::string address = service_->address();
  JsonWriter list;
  list.BeginArray();
  for (const Partition partition : missing) {
    list.BeginObject().Field("partition", partition.number());
    list.Field("state", NameOf(service_->StateOf(partition).state));
    if (const std::optional<std::string> owner = service_->OwnerOf(partition)) {
      list.Field("owner", *owner);
      is_others = is_others || *owner != address;
    }
    list.EndObject();
  }
  list.EndArray();
  const auto members = [&](JsonWriter& json) { json.Key("missing").Raw(list.text()); };
  const std::string sentence = "the answer needs partitions that are not at hand here";
  if (is_others) return ProblemResponse({421, "PARTITIONS_MISSING", sentence}, members);
  return RetryLater({503, "PARTITIONS_MISSING", sentence}, kRetrySeconds, members);
}

HttpResponse QuestionFrame::NotThereYet(const Question& question,
                                        const Collected& collected) const {
  HttpResponse response = RetryLater({503, "NOT_THERE_YET",
                                      fmt::format("the rows do not reach to {} yet",
                                                  Missing(question, collected.position).Format())},
                                     kRetrySeconds);
  response.header_lines += collected.freshness;
  return response;
}

std::vector<Partition> PartitionsOf(std::string_view seller, const QueryService& service) {
  const int32_t partitions = service.partitions();
  if (seller != kAll) return {PartitionOf(seller, partitions)};
  std::vector<Partition> all;
  all.reserve(static_cast<size_t>(partitions));
  for (int32_t number = 0; number < partitions; ++number) all.emplace_back(number);
  return all;
}

HttpResponse NoSuchRow(std::string_view seller, std::string_view market, Instant as_of) {
  return ProblemResponse({404, "NO_SUCH_ROW",
                          fmt::format("no accepted event names seller {} and market {} as of {}",
                                      seller, market, FormatInstant(as_of))});
}

void WriteLine(std::string_view line, JsonWriter* json) {
  line.remove_suffix(1);
  json->Raw(line);
}

HttpResponse RowAnswer(std::string line) {
  HttpResponse response;
  response.body = std::move(line);
  return response;
}

HttpResponse RowsAnswer(const std::vector<std::string>& lines) {
  JsonWriter json;
  json.BeginObject().Key("rows").BeginArray();
  for (const std::string& line : lines) WriteLine(line, &json);
  return RowAnswer(json.EndArray().EndObject().TakeLine());
}

}  // namespace flywheel
