#include "query/sellers_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/views/sla_reader.h"
#include "query/json_question.h"
#include "query/rating_door.h"
#include "query/sla_json.h"
#include "query/smart_door.h"

namespace flywheel {
namespace {

// More sellers than these are not answered on an I/O thread.
constexpr size_t kMaxSellersAtOnce = 16;

constexpr int kOk = 200;

struct SellersAsked {
  std::vector<std::string> sellers;
  std::string market{kAll};
  std::optional<int64_t> window_days;
  bool rating = false;
  bool smart = false;
  bool sla = false;
  QuestionTime time;
};

// ---------------------------------------------------------------- what is asked

absl::Status TakeSellers(JsonQuestion* question, SellersAsked* asked) {
  const auto found = question->lists.find("sellers");
  if (found == question->lists.end() || found->second.empty()) {
    return absl::InvalidArgumentError("sellers: a list of at least one is needed");
  }
  if (found->second.size() > kMaxSellersAsked) {
    return absl::InvalidArgumentError(fmt::format("sellers: {} are asked for, at most {} may be",
                                                  found->second.size(), kMaxSellersAsked));
  }
  for (const std::string& seller : found->second) {
    if (seller.empty() || seller == kAll) {
      return absl::InvalidArgumentError(fmt::format("sellers: '{}' is no seller", seller));
    }
  }
  asked->sellers = std::move(found->second);
  question->lists.erase(found);
  return absl::OkStatus();
}

absl::Status TakeFigures(JsonQuestion* question, SellersAsked* asked) {
  const std::array<std::pair<std::string_view, bool*>, 3> figures = {
      {{"rating", &asked->rating}, {"smart", &asked->smart}, {"sla", &asked->sla}}};
  const auto found = question->lists.find("figures");
  if (found == question->lists.end() || found->second.empty()) {
    return absl::InvalidArgumentError("figures: some of rating, smart, sla are needed");
  }
  for (const std::string& name : found->second) {
    const auto figure = std::find_if(figures.begin(), figures.end(),
                                     [&](const auto& known) { return known.first == name; });
    if (figure == figures.end()) {
      return absl::InvalidArgumentError(
          fmt::format("figures: '{}' is none of rating, smart, sla", name));
    }
    *figure->second = true;
  }
  question->lists.erase(found);
  return absl::OkStatus();
}

absl::Status Check(const SellersAsked& asked) {
  if (asked.smart && asked.market == kAll) {
    return absl::InvalidArgumentError("market: smart needs one");
  }
  if (asked.sla && !asked.window_days) {
    return absl::InvalidArgumentError("window: sla needs one");
  }
  if (asked.time.is_past() && asked.sellers.size() > kMaxSellersAskedOfPast) {
    return absl::InvalidArgumentError(
        fmt::format("sellers: {} are asked for, at most {} may be with asOf, knownAt or atPosition",
                    asked.sellers.size(), kMaxSellersAskedOfPast));
  }
  if (asked.smart) RETURN_IF_ERROR(CheckSmartTime(asked.time));
  return absl::OkStatus();
}

absl::StatusOr<SellersAsked> Read(std::string_view body, int32_t partitions) {
  SellersAsked asked;
  ASSIGN_OR_RETURN(JsonQuestion question, ReadJsonQuestion(body));
  RETURN_IF_ERROR(TakeSellers(&question, &asked));
  RETURN_IF_ERROR(TakeFigures(&question, &asked));
  ParameterReader parameters(question.parameters);
  parameters.Text("market", &asked.market);
  parameters.Number("window", 1, std::numeric_limits<int32_t>::max(), &asked.window_days);
  ReadTime(parameters, partitions, &asked.time, kTimeMembers);
  RETURN_IF_ERROR(parameters.Finish());
  if (!question.lists.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: a list stands here, or there is no such member", question.lists.begin()->first));
  }
  RETURN_IF_ERROR(Check(asked));
  return asked;
}

std::vector<Partition> PartitionsOf(const std::vector<std::string>& sellers, int32_t partitions) {
  std::vector<Partition> of;
  of.reserve(sellers.size());
  for (const std::string& seller : sellers) of.push_back(PartitionOf(seller, partitions));
  std::sort(of.begin(), of.end());
  of.erase(std::unique(of.begin(), of.end()), of.end());
  return of;
}

// ---------------------------------------------------------------- the answer

void WriteFigure(std::string_view name, const std::optional<std::string>& line, JsonWriter* json) {
  json->Key(name);
  if (!line) {
    json->Raw("null");
    return;
  }
  WriteLine(*line, json);
}

// The figures of the sellers, each from the same views.
class Figures {
 public:
  Figures(const SellersAsked& asked, const QuestionViews& views, Instant as_of)
      : asked_(asked),
        views_(views),
        as_of_(as_of),
        ratings_(views.views),
        smarts_(views.views),
        slas_(views.views) {}

  absl::Status Write(const std::string& seller, JsonWriter* json) const {
    json->BeginObject().Field("sellerId", seller);
    if (asked_.rating) {
      ASSIGN_OR_RETURN(const std::optional<std::string> line, Rating(seller));
      WriteFigure("rating", line, json);
    }
    if (asked_.smart) {
      ASSIGN_OR_RETURN(const std::optional<std::string> line, Smart(seller));
      WriteFigure("smart", line, json);
    }
    if (asked_.sla) {
      ASSIGN_OR_RETURN(const std::optional<std::string> line, Sla(seller));
      WriteFigure("sla", line, json);
    }
    json->EndObject();
    return absl::OkStatus();
  }

 private:
  using Line = absl::StatusOr<std::optional<std::string>>;

  Line Rating(const std::string& seller) const {
    const FigureAsked asked = Of(seller);
    return LineOf(AnswerOnce(views_, CachedRating(asked), asked.time, as_of_,
                             [&] { return MakeRating(ratings_, asked, as_of_); }));
  }

  Line Smart(const std::string& seller) const {
    const FigureAsked asked = Of(seller);
    return LineOf(AnswerOnce(views_, CachedSmart(asked), asked.time, as_of_,
                             [&] { return MakeSmart(smarts_, asked, as_of_); }));
  }

  FigureAsked Of(const std::string& seller) const {
    return {seller, asked_.market, /*history=*/false, asked_.time};
  }

  // What the door of the figure says; nullopt: no such row.
  static Line LineOf(absl::StatusOr<HttpResponse> answer) {
    RETURN_IF_ERROR(answer.status());
    if (answer->status != kOk) return std::optional<std::string>();
    return std::optional(std::move(answer->body));
  }

  Line Sla(const std::string& seller) const {
    ASSIGN_OR_RETURN(const std::vector<SlaAnswer> answers,
                     slas_.One(seller, asked_.market, QueryAt<SlaQuery>(as_of_, asked_.time)));
    for (const SlaAnswer& answer : answers) {
      if (answer.window_days == *asked_.window_days) return std::optional(SlaJson(answer));
    }
    return std::optional<std::string>();
  }

  const SellersAsked& asked_;
  const QuestionViews& views_;
  const Instant as_of_;
  const RatingReader ratings_;
  const SmartReader smarts_;
  const SlaReader slas_;
};

absl::StatusOr<HttpResponse> Answer(const SellersAsked& asked, const QuestionViews& views) {
  ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
  const Figures figures(asked, views, as_of);
  JsonWriter json;
  json.BeginObject().Key("rows").BeginArray();
  for (const std::string& seller : asked.sellers) RETURN_IF_ERROR(figures.Write(seller, &json));
  json.EndArray().Field("asOf", FormatInstant(as_of));
  return RowAnswer(json.EndObject().TakeLine());
}

}  // namespace

absl::StatusOr<Question> SellersQuestion(QueryService& service, const HttpRequest& request) {
  ParameterReader parameters(request.parameters);
  RETURN_IF_ERROR(parameters.Finish());
  ASSIGN_OR_RETURN(SellersAsked asked, Read(request.body, service.partitions()));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.sellers, service.partitions());
  question.takes_long = asked.sellers.size() > kMaxSellersAtOnce || asked.time.is_past();
  question.answer = [asked = std::move(asked)](const QuestionViews& views) {
    return Answer(asked, views);
  };
  return question;
}

}  // namespace flywheel
