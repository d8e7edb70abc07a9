#include "events/publish_outcome_json.h"

#include "base/status.h"

namespace flywheel {

void WriteOutcome(const PublishOutcome& outcome, bool dry_run, JsonWriter& json) {
  json.BeginObject().Field("line", outcome.number).FieldIfGiven("eventId", outcome.event_id);
  switch (outcome.kind) {
    case PublishOutcome::Kind::kAccepted:
      if (dry_run) {
        json.Field("status", "valid");
        break;
      }
      json.Field("status", "accepted").Field("partition", outcome.place.partition.number());
      json.Field("offset", outcome.place.offset.number());
      break;
    case PublishOutcome::Kind::kRefused:
      json.Field("status", "refused").Field("code", NameOf(outcome.refusal.code));
      json.FieldIfGiven("field", outcome.refusal.field).Field("reason", outcome.refusal.sentence);
      break;
    case PublishOutcome::Kind::kNotPublished:
      json.Field("status", "notPublished").Field("reason", MessageOf(outcome.error));
      break;
  }
  json.EndObject();
}

std::string OutcomeLine(const PublishOutcome& outcome, bool dry_run) {
  JsonWriter json;
  WriteOutcome(outcome, dry_run, json);
  return json.TakeLine();
}

}  // namespace flywheel
