#include "query/rating_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/views/rating_reader.h"
#include "query/http/http_problem.h"
#include "query/query_clock.h"
#include "query/rating_json.h"

namespace flywheel {
namespace {

// When a client should try again whose partition will be served soon.
constexpr int kRetrySeconds = 1;

HttpResponse ProblemOfRows(const absl::Status& status) {
  const std::string sentence(MessageOf(status));
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    return RetryLater({503, "ROWS_UNAVAILABLE", sentence}, kRetrySeconds);
  }
  return ProblemResponse({500, absl::IsDataLoss(status) ? "ROWS_DAMAGED" : "INTERNAL", sentence});
}

}  // namespace

struct RatingDoor::Question {
  std::string seller;
  std::string market = std::string(kAll);
  std::optional<Instant> as_of;
  std::optional<Instant> known_at;
  QueryClock clock = QueryClock::kDefault;
  bool history = false;

  Instant wall;
  CellViews views;
  std::string freshness;  // lines of the answer's header

  // InvalidArgument says which parameter makes no sense.
  absl::Status Read(const HttpRequest& request);
  absl::Status ReadParameter(const HttpParameter& parameter);

  // Whether every partition is needed.
  bool of_all() const { return seller == kAll || clock == QueryClock::kLog; }
  // Whether rows are evaluated one by one.
  bool takes_long() const { return seller == kAll || as_of || known_at; }
};

absl::Status RatingDoor::Question::Read(const HttpRequest& request) {
  seller = request.path_values[0];
  std::vector<std::string_view> names;
  for (const HttpParameter& parameter : request.parameters) {
    if (std::find(names.begin(), names.end(), parameter.name) != names.end()) {
      return absl::InvalidArgumentError(fmt::format("{} is given more than once", parameter.name));
    }
    names.emplace_back(parameter.name);
    RETURN_IF_ERROR(ReadParameter(parameter));
  }
  if (as_of && clock != QueryClock::kDefault) {
    return absl::InvalidArgumentError("as_of and clock name the same thing: give one of them");
  }
  return absl::OkStatus();
}

absl::Status RatingDoor::Question::ReadParameter(const HttpParameter& parameter) {
  const auto& [name, value] = parameter;
  const auto none_of = [&](std::string_view choices) {
    return absl::InvalidArgumentError(fmt::format("{}: '{}' is none of {}", name, value, choices));
  };
  const auto instant = [&](std::optional<Instant>* into) {
    const absl::StatusOr<Instant> read = ParseInstant(value);
    if (!read.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}: {}", name, MessageOf(read.status())));
    }
    *into = *read;
    return absl::OkStatus();
  };
  if (name == "market") {
    market = value;
  } else if (name == "as_of") {
    return instant(&as_of);
  } else if (name == "known_at") {
    return instant(&known_at);
  } else if (name == "clock") {
    if (value != "log" && value != "wall") return none_of("log, wall");
    clock = value == "log" ? QueryClock::kLog : QueryClock::kWall;
  } else if (name == "history") {
    if (!value.empty() && value != "true" && value != "false") return none_of("true, false");
    history = value != "false";
  } else {
    return absl::InvalidArgumentError(fmt::format(
        "there is no parameter '{}'; there are market, as_of, known_at, clock, history", name));
  }
  return absl::OkStatus();
}

void RatingDoor::Take(const HttpRequest& request, HttpExchange& exchange) const {
  auto question = std::make_shared<Question>();
  if (const absl::Status status = question->Read(request); !status.ok()) {
    return exchange.Answer(ProblemResponse({400, "BAD_PARAMETER", std::string(MessageOf(status))}));
  }
  if (std::optional<HttpResponse> refusal = Collect(request, question.get())) {
    return exchange.Answer(*std::move(refusal));
  }
  if (!question->takes_long()) return exchange.Answer(AnswerTo(*question));
  std::optional<HttpDeferred> deferred = exchange.Defer();
  if (!deferred) return;
  auto answer = std::make_shared<HttpDeferred>(*std::move(deferred));
  if (!work_->Add([question, answer] { answer->Answer(AnswerTo(*question)); })) {
    answer->Answer(RetryLater(
        {503, "TOO_MUCH_WORK", "as many long questions wait as may; try again"}, kRetrySeconds));
  }
}

std::optional<HttpResponse> RatingDoor::Collect(const HttpRequest& request,
                                                Question* question) const {
  const int32_t partitions = service_->partitions();
  question->wall = service_->Now();
  const Partition wanted =
      question->seller == kAll ? Partition(0) : PartitionOf(question->seller, partitions);
  question->views.resize(static_cast<size_t>(partitions));
  Freshness stalest;
  std::string positions;
  bool all_at_hand = true;
  for (Partition partition(0); partition < Partition(partitions); partition = partition.Plus(1)) {
    const bool counts = question->seller == kAll || partition == wanted;
    Freshness freshness;
    if (counts) freshness = service_->FreshnessOf(partition);
    std::shared_ptr<const CellView>& view =
        question->views[static_cast<size_t>(partition.number())];
    view = service_->View(partition);
    all_at_hand = all_at_hand && view != nullptr;
    if (!counts || view == nullptr) continue;
    const bool is_first = positions.empty();
    if (!is_first) positions += ',';
    positions += FormatPlace({partition, view->position.next});
    stalest.lag_events += freshness.lag_events;
    stalest.lag = std::max(stalest.lag, freshness.lag);
    stalest.fresh_at =
        is_first ? freshness.fresh_at : std::min(stalest.fresh_at, freshness.fresh_at);
  }
  if (question->seller != kAll &&
      question->views[static_cast<size_t>(wanted.number())] == nullptr) {
    return Elsewhere(request.target, wanted);
  }
  if (question->of_all() && !all_at_hand) return NotAllAtHand(question->views);
  HttpResponse header;
  header.AddHeader("Flywheel-Position", positions);
  header.AddHeader("Flywheel-Lag-Events", std::to_string(stalest.lag_events));
  header.AddHeader("Flywheel-Lag-Seconds",
                   fmt::format("{:.3f}", absl::ToDoubleSeconds(stalest.lag)));
  header.AddHeader("Flywheel-Fresh-At",
                   FormatInstant(std::clamp(stalest.fresh_at, kEarliestInstant, kLatestInstant)));
  question->freshness = std::move(header.header_lines);
  return std::nullopt;
}

HttpResponse RatingDoor::Elsewhere(std::string_view target, Partition partition) const {
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

HttpResponse RatingDoor::NotAllAtHand(const CellViews& views) const {
  bool is_others = false;
  const std::string address = service_->address();
  JsonWriter missing;
  missing.BeginArray();
  for (size_t i = 0; i < views.size(); ++i) {
    if (views[i] != nullptr) continue;
    const Partition partition(static_cast<int32_t>(i));
    missing.BeginObject().Field("partition", partition.number());
    missing.Field("state", NameOf(service_->StateOf(partition).state));
    if (const std::optional<std::string> owner = service_->OwnerOf(partition)) {
      missing.Field("owner", *owner);
      is_others = is_others || *owner != address;
    }
    missing.EndObject();
  }
  missing.EndArray();
  const auto members = [&](JsonWriter& json) { json.Key("missing").Raw(missing.text()); };
  const std::string sentence = "the answer needs every partition, and some are not at hand here";
  if (is_others) return ProblemResponse({421, "PARTITIONS_MISSING", sentence}, members);
  return RetryLater({503, "PARTITIONS_MISSING", sentence}, kRetrySeconds, members);
}

HttpResponse RatingDoor::AnswerTo(const Question& question) {
  const RatingReader reader(question.views);
  const absl::StatusOr<Instant> log_clock = reader.LogClock();
  if (!log_clock.ok()) return ProblemOfRows(log_clock.status());
  RatingQuery query;
  query.known_at = question.known_at;
  query.history = question.history;
  query.as_of = question.as_of ? *question.as_of : AsOf(question.clock, question.wall, *log_clock);
  const absl::StatusOr<std::optional<RatingAnswer>> answer =
      reader.One(question.seller, question.market, query);
  if (!answer.ok()) return ProblemOfRows(answer.status());
  HttpResponse response;
  if (answer->has_value()) {
    response.body = RatingJson(**answer, question.history);
  } else {
    response = ProblemResponse(
        {404, "NO_SUCH_ROW",
         fmt::format("no accepted event names seller {} and market {} as of "
                     "{}",
                     question.seller, question.market, FormatInstant(query.as_of))});
  }
  response.header_lines += question.freshness;
  return response;
}

}  // namespace flywheel
