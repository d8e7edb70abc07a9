#include "query/smart_door.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "projections/views/smart_reader.h"
#include "query/smart_json.h"

namespace flywheel {

CachedQuestion CachedSmart(const FigureAsked& asked) {
  CachedQuestion cached("smart", asked.seller, asked.market, asked.history);
  cached.uses_smart_rows = true;
  return cached;
}

absl::StatusOr<HttpResponse> SmartOf(const FigureAsked& asked, const CachedQuestion& cached,
                                     const QuestionViews& views) {
  ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
  const auto query = QueryAt<SmartQuery>(as_of, asked.time);
  const auto make = [&]() -> absl::StatusOr<MadeAnswer> {
    ASSIGN_OR_RETURN(const std::vector<SmartAnswer> answers,
                     SmartReader(views.views).Of(asked.seller, asked.market, query));
    if (answers.empty()) return MadeAnswer{NoSuchRow(asked.seller, asked.market, as_of), {}};
    std::vector<std::string> lines;
    lines.reserve(answers.size());
    Instant holds_until = kLatestInstant;
    for (const SmartAnswer& answer : answers) {
      lines.push_back(SmartJson(answer, asked.history));
      holds_until = std::min(holds_until, answer.holds_until);
    }
    return MadeAnswer{
        asked.market == kAll ? RowsAnswer(lines) : RowAnswer(std::move(lines.front())),
        holds_until};
  };
  return AnswerOnce(views, cached, asked.time, as_of, make);
}

absl::Status CheckSmartTime(const QuestionTime& time) {
  if (!time.at_position) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "at_position: Smart! is not told as of a place in the log; known_at is");
}

absl::StatusOr<Question> SmartQuestion(QueryService& service, const HttpRequest& request) {
  ASSIGN_OR_RETURN(FigureAsked asked, ReadFigure(request, service.partitions()));
  if (asked.seller == kAll) {
    return absl::InvalidArgumentError("id: name a seller: Smart! has no totals");
  }
  RETURN_IF_ERROR(CheckSmartTime(asked.time));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.seller, service);
  question.takes_long = asked.time.is_past();
  CachedQuestion cached = CachedSmart(asked);
  question.answer = [asked = std::move(asked), cached = std::move(cached)](
                        const QuestionViews& views) { return SmartOf(asked, cached, views); };
  return question;
}

}  // namespace flywheel
