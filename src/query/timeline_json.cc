#include "query/timeline_json.h"

#include "base/instant_text.h"
#include "base/json_writer.h"
#include "events/event_json.h"

namespace flywheel {
namespace {

void WriteEntry(const TimelineEntry& entry, JsonWriter* json) {
  json->BeginObject().Field("at", FormatInstant(entry.occurred_at));
  json->Field("kind", NameOf(entry.kind)).FieldIfGiven("actor", ActorName(entry.actor));
  json->Field("place", FormatPlace(entry.place));
  if (entry.index != 0) json->Field("index", entry.index);
  json->Field("recordedAt", FormatInstant(entry.recorded_at));
  json->Flag("inEffect", entry.waits_for.empty());
  if (!entry.waits_for.empty()) {
    json->Key("waitsFor").BeginArray();
    for (const TimelineEntry::Missing& missing : entry.waits_for) {
      json->BeginObject().Field("what", NameOf(missing.what)).FieldIfGiven("id", missing.id);
      json->EndObject();
    }
    json->EndArray();
  }
  if (entry.texts_erased) json->Flag("textsErased", true);
  // What intake took can be written as JSON.
  const absl::StatusOr<std::string> event = EventToJson(entry.event.SerializeAsString());
  if (event.ok()) json->Key("event").Raw(*event);
  json->EndObject();
}

void WriteDue(const DueNext& due, JsonWriter* json) {
  json->BeginObject().Field("clock", NameOf(due.clock)).Field("id", due.id);
  json->Field("openedAt", FormatInstant(due.opened)).Field("due", FormatInstant(due.due));
  json->Field("state", NameOf(due.state)).Field("by", ActorName(due.by));
  json->EndObject();
}

}  // namespace

std::string ActorName(Actor actor) {
  if (actor == Actor::kUnspecified) return {};
  return events::v1::Actor::Value_Name(static_cast<events::v1::Actor::Value>(actor));
}

std::string_view NameOf(Subject subject) {
  switch (subject) {
    case Subject::kNone:
      return "order";
    case Subject::kParcel:
      return "parcel";
    case Subject::kComplaint:
      return "complaint";
    case Subject::kReview:
      return "review";
    case Subject::kReturn:
      return "return";
    case Subject::kRefund:
      return "refund";
  }
  return "";
}

std::string OrderMatchJson(const OrderMatch& match) {
  JsonWriter json;
  json.BeginObject().Field("idOf", NameOf(match.by)).Field("sellerId", match.seller_id);
  return json.Field("orderId", match.order_id).EndObject().TakeLine();
}

std::string TimelineJson(const OrderTimeline& timeline) {
  JsonWriter json;
  json.BeginObject().Field("orderId", timeline.order_id).Field("sellerId", timeline.seller_id);
  json.Field("market", timeline.market.text()).FieldIfGiven("buyerId", timeline.buyer_id);
  json.Flag("known", timeline.known).Field("asOf", FormatInstant(timeline.as_of));
  if (timeline.erased) json.Flag("erased", true);
  json.Key("entries").BeginArray();
  for (const TimelineEntry& entry : timeline.entries) WriteEntry(entry, &json);
  json.EndArray().Key("due").BeginArray();
  for (const DueNext& due : timeline.due) WriteDue(due, &json);
  json.EndArray().Flag("complete", timeline.complete);
  return json.EndObject().TakeLine();
}

}  // namespace flywheel
