// GET /v1/search: what an id is.
#ifndef FLYWHEEL_QUERY_SEARCH_DOOR_H_
#define FLYWHEEL_QUERY_SEARCH_DOOR_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

// At most so many hits are told.
inline constexpr size_t kMaxSearchHits = 100;

// {"hits":[{"kind","id","sellerId","orderId","market"}],"more":true}: the seller, the orders, the
// parcels and the returns of exactly the id `q`, in this order; `more` where there are more of
// them. Takes long, and needs every partition.
absl::StatusOr<Question> SearchQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SEARCH_DOOR_H_
