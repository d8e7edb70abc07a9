#include "query/explained_event_json.h"

#include "base/instant_text.h"

namespace flywheel {

void WriteEvents(const std::vector<ExplainedEvent>& events, JsonWriter& json) {
  json.Key("events").BeginArray();
  for (const ExplainedEvent& event : events) {
    json.BeginObject().Field("kind", NameOf(event.kind));
    json.Field("occurredAt", FormatInstant(event.occurred_at));
    json.Field("recordedAt", FormatInstant(event.recorded_at));
    json.Field("place", FormatPlace({event.partition, event.place.offset}));
    if (event.place.index != 0) json.Field("index", event.place.index);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace flywheel
