#include "query/rating_door.h"

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "projections/views/rating_reader.h"
#include "query/rating_json.h"

namespace flywheel {

CachedQuestion CachedRating(const FigureAsked& asked) {
  return CachedQuestion("rating", asked.seller, asked.market, asked.history);
}

absl::StatusOr<HttpResponse> RatingOf(const FigureAsked& asked, const CachedQuestion& cached,
                                      const QuestionViews& views) {
  ASSIGN_OR_RETURN(const Instant as_of, views.AsOf(asked.time));
  auto query = QueryAt<RatingQuery>(as_of, asked.time);
  query.history = asked.history;
  const auto make = [&]() -> absl::StatusOr<MadeAnswer> {
    ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                     RatingReader(views.views).One(asked.seller, asked.market, query));
    if (!answer) return MadeAnswer{NoSuchRow(asked.seller, asked.market, as_of), {}};
    return MadeAnswer{RowAnswer(RatingJson(*answer, asked.history)), answer->holds_until};
  };
  return AnswerOnce(views, cached, asked.time, as_of, make);
}

absl::StatusOr<Question> RatingQuestion(QueryService& service, const HttpRequest& request) {
  ASSIGN_OR_RETURN(FigureAsked asked, ReadFigure(request, service.partitions()));
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.seller, service);
  question.takes_long = asked.seller == kAll || asked.time.is_past();
  CachedQuestion cached = CachedRating(asked);
  question.answer = [asked = std::move(asked), cached = std::move(cached)](
                        const QuestionViews& views) { return RatingOf(asked, cached, views); };
  return question;
}

}  // namespace flywheel
