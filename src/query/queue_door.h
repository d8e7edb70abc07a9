// GET /v1/queue: the clocks that run, by the instant at which they are due.
#ifndef FLYWHEEL_QUERY_QUEUE_DOOR_H_
#define FLYWHEEL_QUERY_QUEUE_DOOR_H_

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

// {"items":[...],"asOf","next"}: the lines of `flywheel queue --json`; `next`, where there are
// more, is the `after` of the next page. Takes long. No such seller or market: no items.
absl::StatusOr<Question> QueueQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUEUE_DOOR_H_
