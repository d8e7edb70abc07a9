// An order's timeline as JSON.
#ifndef FLYWHEEL_QUERY_TIMELINE_JSON_H_
#define FLYWHEEL_QUERY_TIMELINE_JSON_H_

#include <string>

#include "projections/views/order_lookup.h"
#include "projections/views/order_timeline.h"

namespace flywheel {

// "BUYER"; empty where nobody is named.
std::string ActorName(Actor actor);
// "order", "parcel", "complaint", "review", "return", "refund".
std::string_view NameOf(Subject subject);

// One line about an order that an id fits: {"idOf","sellerId","orderId"}.
std::string OrderMatchJson(const OrderMatch& match);

// One line:
// {"orderId","sellerId","market","buyerId","known","asOf","entries":[{"at","kind","actor","place",
// "recordedAt","inEffect","waitsFor":[{"what","id"}],"textsErased","event"}],"due":[{"clock","id",
// "openedAt","due","state","by"}],"complete"}. "event" is the event as it stands in the log, by
// protobuf's own mapping; of an erased buyer without the texts. What does not apply is left out.
std::string TimelineJson(const OrderTimeline& timeline);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_TIMELINE_JSON_H_
