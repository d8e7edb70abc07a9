#include "query/smart_door.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/smart_json.h"

namespace flywheel {

CachedQuestion CachedSmart(const FigureAsked& asked) {
  CachedQuestion cached("smart", asked.seller, asked.market, asked.history);
  cached.uses_smart_rows = true;
  return cached;
}

absl::StatusOr<MadeAnswer> MakeSmart(const SmartReader& reader, const FigureAsked& asked,
                                     Instant as_of) {
  ASSIGN_OR_RETURN(const std::vector<SmartAnswer> answers,
                   reader.Of(asked.seller, asked.market, QueryAt<SmartQuery>(as_of, asked.time)));
  if (answers.empty()) return MadeAnswer{NoSuchRow(asked.seller, asked.market, as_of), {}};
  std::vector<std::string> lines;
  lines.reserve(answers.size());
  Instant holds_until = kLatestInstant;
  for (const SmartAnswer& answer : answers) {
    lines.push_back(SmartJson(answer, asked.history));
    holds_until = std::min(holds_until, answer.holds_until);
  }
  return MadeAnswer{asked.market == kAll ? RowsAnswer(lines) : RowAnswer(std::move(lines.front())),
                    holds_until};
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
                        const QuestionViews& views) -> absl::StatusOr<HttpResponse> {
    ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
    return AnswerOnce(views, cached, asked.time, as_of,
                      [&] { return MakeSmart(SmartReader(views.views), asked, as_of); });
  };
  return question;
}

}  // namespace flywheel
