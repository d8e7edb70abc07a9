// The events behind a figure as JSON.
#ifndef FLYWHEEL_QUERY_EXPLAINED_EVENT_JSON_H_
#define FLYWHEEL_QUERY_EXPLAINED_EVENT_JSON_H_

#include <vector>

#include "base/json_writer.h"
#include "projections/views/explained_event.h"

namespace flywheel {

// The key "events" and its array.
void WriteEvents(const std::vector<ExplainedEvent>& events, JsonWriter& json);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_EXPLAINED_EVENT_JSON_H_
