// GET /v1/sellers/{id}/rating: a seller's rating.
#ifndef FLYWHEEL_QUERY_RATING_DOOR_H_
#define FLYWHEEL_QUERY_RATING_DOOR_H_

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/views/rating_reader.h"
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

// What AnswerOnce needs, for who asks for more than one seller. On any thread.
CachedQuestion CachedRating(const FigureAsked& asked);
absl::StatusOr<MadeAnswer> MakeRating(const RatingReader& reader, const FigureAsked& asked,
                                      Instant as_of);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_RATING_DOOR_H_
