// GET /v1/quarantine and /v1/quarantine/{place}: what was not accepted, and why.
#ifndef FLYWHEEL_QUERY_QUARANTINE_DOOR_H_
#define FLYWHEEL_QUERY_QUARANTINE_DOOR_H_

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

// {"items":[...],"next"}: the lines of `flywheel quarantine list --json`; `next`, where there are
// more, is the `after` of the next page. Takes long; with a seller it needs one partition.
absl::StatusOr<Question> QuarantineQuestion(QueryService& service, const HttpRequest& request);

// The line of `flywheel quarantine show`, without the bytes that brokers keep. 404: no entry stands
// there. Takes long: it reads the log.
absl::StatusOr<Question> QuarantineEntryQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUARANTINE_DOOR_H_
