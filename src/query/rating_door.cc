#include "query/rating_door.h"

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "projections/views/rating_reader.h"
#include "query/rating_json.h"

namespace flywheel {
namespace {

struct RatingAsked {
  std::string seller;
  std::string market{kAll};
  bool history = false;
  QuestionTime time;
};

absl::StatusOr<HttpResponse> Answer(const RatingAsked& asked, const CachedQuestion& cached,
                                    const QuestionViews& views) {
  RatingQuery query;
  query.history = asked.history;
  query.known_at = asked.time.known_at;
  query.before = asked.time.before();
  ASSIGN_OR_RETURN(query.as_of, views.AsOf(asked.time));
  const auto make = [&]() -> absl::StatusOr<MadeAnswer> {
    ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                     RatingReader(views.views).One(asked.seller, asked.market, query));
    if (!answer) return MadeAnswer{NoSuchRow(asked.seller, asked.market, query.as_of), {}};
    return MadeAnswer{RowAnswer(RatingJson(*answer, asked.history)), answer->holds_until};
  };
  return AnswerOnce(views, cached, asked.time, query.as_of, make);
}

}  // namespace

absl::StatusOr<Question> RatingQuestion(QueryService& service, const HttpRequest& request) {
  RatingAsked asked;
  asked.seller = request.path_values[0];
  ParameterReader parameters(request.parameters);
  parameters.Text("market", &asked.market);
  ReadTime(parameters, service.partitions(), &asked.time);
  parameters.Flag("history", &asked.history);
  RETURN_IF_ERROR(parameters.Finish());
  Question question;
  question.time = asked.time;
  question.partitions = PartitionsOf(asked.seller, service);
  question.takes_long = asked.seller == kAll || asked.time.is_past();
  CachedQuestion cached("rating", asked.seller, asked.market, asked.history);
  question.answer = [asked = std::move(asked), cached = std::move(cached)](
                        const QuestionViews& views) { return Answer(asked, cached, views); };
  return question;
}

}  // namespace flywheel
