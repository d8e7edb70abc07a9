// GET /v1/sellers/{id}/sla and /v1/sla: how the clocks of support, dispatch and refunds are kept.
#ifndef FLYWHEEL_QUERY_SLA_DOOR_H_
#define FLYWHEEL_QUERY_SLA_DOOR_H_

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

// Without {id} it is about the marketplace as a whole, as with "*". With a window the body is the
// line of `flywheel query sla --json`, else {"rows":[...]} of all windows; 404: no such row or
// window. An instant or a knowledge in the past, and the totals, take long.
absl::StatusOr<Question> SlaQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SLA_DOOR_H_
