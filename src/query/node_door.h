// What a node says of itself: GET /v1/node, /livez, /readyz, and the metrics of its cells.
#ifndef FLYWHEEL_QUERY_NODE_DOOR_H_
#define FLYWHEEL_QUERY_NODE_DOOR_H_

#include "query/http/http_message.h"
#include "query/metrics.h"
#include "query/service.h"

namespace flywheel {

// {"node","address","ready","partitions",
//  "cells":[{"partition","state","sentence","owner","position","end","lagEvents","lagSeconds",
//            "freshAt"}, ...]}, one for each partition of the log; "position" to "freshAt" where
// the node has a view.
HttpResponse NodeAnswer(const QueryService& service);

// 503 with the reason where it is not.
HttpResponse ReadyAnswer(const QueryService& service);

HttpResponse LiveAnswer();

// Position, lag and state of each partition; what became of the records of those with a view.
void WriteCells(const QueryService& service, MetricsText& text);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_NODE_DOOR_H_
