#include "query/rating_door.h"

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "query/rating_json.h"

namespace flywheel {

CachedQuestion CachedRating(const FigureAsked& asked) {
  return CachedQuestion("rating", asked.seller, asked.market, asked.history);
}

absl::StatusOr<MadeAnswer> MakeRating(const RatingReader& reader, const FigureAsked& asked,
                                      Instant as_of) {
  auto query = QueryAt<RatingQuery>(as_of, asked.time);
  query.history = asked.history;
  ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                   reader.One(asked.seller, asked.market, query));
  if (!answer) return MadeAnswer{NoSuchRow(asked.seller, asked.market, as_of), {}};
  return MadeAnswer{RowAnswer(RatingJson(*answer, asked.history)), answer->holds_until};
}

absl::StatusOr<Question> RatingQuestion(QueryService& service, const HttpRequest& request) {
  ASSIGN_OR_RETURN(FigureAsked asked, ReadFigure(request, service.partitions()));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.seller, service);
  question.takes_long = asked.seller == kAll || asked.time.is_past();
  CachedQuestion cached = CachedRating(asked);
  question.answer = [asked = std::move(asked), cached = std::move(cached)](
                        const QuestionViews& views) -> absl::StatusOr<HttpResponse> {
    ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
    return AnswerOnce(views, cached, asked.time, as_of,
                      [&] { return MakeRating(RatingReader(views.views), asked, as_of); });
  };
  return question;
}

}  // namespace flywheel
