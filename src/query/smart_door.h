// GET /v1/sellers/{id}/smart: whether a seller is eligible for Smart!.
#ifndef FLYWHEEL_QUERY_SMART_DOOR_H_
#define FLYWHEEL_QUERY_SMART_DOOR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/views/smart_reader.h"
#include "query/answer_cache.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/question_parameters.h"
#include "query/service.h"

namespace flywheel {

// With a market the body is the line of `flywheel query smart --json`, else {"rows":[...]} of the
// seller's markets; 404: no such row. An instant or a knowledge in the past is evaluated from rows
// and takes long. There are no totals: "*" as the seller is InvalidArgument.
//
// What was announced is known by recorded_at alone, which several records may share: at_position is
// InvalidArgument (CheckSmartTime).
absl::StatusOr<Question> SmartQuestion(QueryService& service, const HttpRequest& request);
absl::Status CheckSmartTime(const QuestionTime& time);

// What AnswerOnce needs, for who asks for more than one seller. On any thread.
CachedQuestion CachedSmart(const FigureAsked& asked);
absl::StatusOr<MadeAnswer> MakeSmart(const SmartReader& reader, const FigureAsked& asked,
                                     Instant as_of);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SMART_DOOR_H_
