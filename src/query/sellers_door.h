// POST /v1/sellers:query: the figures of many sellers at once.
#ifndef FLYWHEEL_QUERY_SELLERS_DOOR_H_
#define FLYWHEEL_QUERY_SELLERS_DOOR_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "query/http/http_message.h"
#include "query/question_frame.h"
#include "query/service.h"

namespace flywheel {

inline constexpr size_t kMaxSellersAsked = 1000;
// Each seller's orders, and the quarantine of its partition, are read for these.
inline constexpr size_t kMaxSellersAskedOfPast = 100;
// Enough for so many ids of the greatest length, with room.
inline constexpr size_t kMaxSellersBodyBytes = size_t{512} << 10;

// The body: {"sellers":["a","b"],"market":"PL","figures":["rating","smart","sla"],"window":7,
// "asOf","knownAt","clock","minPosition","atPosition"}; sellers and figures must be there, a market
// for smart, a window for sla. The answer:
// {"rows":[{"sellerId","rating":{...},"smart":{...},"sla":{...}}],"asOf"}, a row for each seller in
// the order asked, each figure as the door of its own gives it, null where there is none. All rows
// of a partition come from one view of it.
//
// InvalidArgument names the member.
absl::StatusOr<Question> SellersQuestion(QueryService& service, const HttpRequest& request);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_SELLERS_DOOR_H_
