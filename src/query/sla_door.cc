#include "query/sla_door.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "projections/views/sla_reader.h"
#include "query/http/http_problem.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

struct SlaAsked {
  std::string seller{kAll};
  std::string market{kAll};
  std::optional<int64_t> window_days;
  QuestionTime time;
};

HttpResponse NoSuchWindow(const std::vector<SlaAnswer>& answers, int64_t window_days) {
  std::vector<int32_t> windows;
  windows.reserve(answers.size());
  for (const SlaAnswer& answer : answers) windows.push_back(answer.window_days);
  return ProblemResponse({404, "NO_SUCH_ROW",
                          fmt::format("there is no window of {} days; there are {}", window_days,
                                      fmt::join(windows, ", "))});
}

absl::StatusOr<HttpResponse> Answer(const SlaAsked& asked, const QuestionViews& views) {
  ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
  const auto query = QueryAt<SlaQuery>(as_of, asked.time);
  ASSIGN_OR_RETURN(const std::vector<SlaAnswer> answers,
                   SlaReader(views.views).One(asked.seller, asked.market, query));
  if (answers.empty()) return NoSuchRow(asked.seller, asked.market, as_of);
  std::vector<std::string> lines;
  lines.reserve(answers.size());
  for (const SlaAnswer& answer : answers) {
    if (asked.window_days == answer.window_days) return RowAnswer(SlaJson(answer));
    if (!asked.window_days) lines.push_back(SlaJson(answer));
  }
  if (asked.window_days) return NoSuchWindow(answers, *asked.window_days);
  return RowsAnswer(lines);
}

}  // namespace

absl::StatusOr<Question> SlaQuestion(QueryService& service, const HttpRequest& request) {
  SlaAsked asked;
  if (!request.path_values.empty()) asked.seller = request.path_values[0];
  ParameterReader parameters(request.parameters);
  parameters.Text("market", &asked.market);
  parameters.Number("window", 1, std::numeric_limits<int32_t>::max(), &asked.window_days);
  ReadTime(parameters, service.partitions(), &asked.time);
  RETURN_IF_ERROR(parameters.Finish());
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.seller, service);
  question.takes_long = asked.seller == kAll || asked.time.is_past();
  question.answer = [asked = std::move(asked)](const QuestionViews& views) {
    return Answer(asked, views);
  };
  return question;
}

}  // namespace flywheel
