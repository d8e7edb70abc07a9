// GET /v1/sellers/{id}/rating: a seller's rating.
#ifndef FLYWHEEL_QUERY_RATING_DOOR_H_
#define FLYWHEEL_QUERY_RATING_DOOR_H_

#include "absl/status/statusor.h"
#include "query/answer_cache.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/question_parameters.h"
#include "query/service.h"

namespace flywheel {

// The body is the line of `flywheel query rating --json`; 404: no such row. What is answered from
// stored sums is answered at once; an instant or a knowledge in the past, and "*" for all sellers,
// are evaluated from rows and take long.
absl::StatusOr<Question> RatingQuestion(QueryService& service, const HttpRequest& request);

// The answer itself, as it was given before where that still holds; `cached` is
// CachedRating(asked). On any thread.
CachedQuestion CachedRating(const FigureAsked& asked);
absl::StatusOr<HttpResponse> RatingOf(const FigureAsked& asked, const CachedQuestion& cached,
                                      const QuestionViews& views);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_RATING_DOOR_H_
