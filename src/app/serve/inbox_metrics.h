// The inbox's part of /metrics.
#ifndef FLYWHEEL_APP_SERVE_INBOX_METRICS_H_
#define FLYWHEEL_APP_SERVE_INBOX_METRICS_H_

#include "events/kafka/inbox.h"
#include "query/metrics.h"

namespace flywheel {

void WriteInbox(const InboxState& state, MetricsText& text);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_INBOX_METRICS_H_
