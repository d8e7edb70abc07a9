// GET /v1/orders/{id}/timeline: everything that happened to an order, and what is due next.
#ifndef FLYWHEEL_QUERY_TIMELINE_DOOR_H_
#define FLYWHEEL_QUERY_TIMELINE_DOOR_H_

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

// The body is the line of `flywheel query timeline --json`; {id} is the id of the order, of a
// parcel or of a return, `seller` whose. 404: nobody has such a one, or nothing had happened to it;
// 409: several orders fit, which the problem lists as "matches". Takes long: it reads the log, and
// without a seller it needs every partition.
absl::StatusOr<Question> TimelineQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_TIMELINE_DOOR_H_
