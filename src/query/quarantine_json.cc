#include "query/quarantine_json.h"

#include <optional>
#include <variant>

#include "base/instant_text.h"
#include "base/status.h"
#include "events/record_view.h"
#include "events/vocabulary.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/quarantine_row.h"
#include "query/record_json.h"

namespace flywheel {
namespace {

// Who closed the entry, and why: as the record says by which it was closed.
absl::Status WriteClosing(EventLog& log, const PlacedEntry& entry, JsonWriter& json) {
  if (!entry.row.closed) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadRecord(log, {entry.place.partition, *entry.row.closed}));
  RecordView record;
  if (ScanRecord(bytes, &record) != ScanResult::kOk) return absl::OkStatus();
  if (const auto* resubmitted = std::get_if<ResubmittedView>(&record.body)) {
    json.FieldIfGiven("closedBy", resubmitted->actor_id);
  } else if (const auto* discarded = std::get_if<DiscardedView>(&record.body)) {
    json.FieldIfGiven("closedBy", discarded->actor_id);
    json.FieldIfGiven("closedBecause", discarded->reason);
  }
  return absl::OkStatus();
}

}  // namespace

void WriteEntry(const PlacedEntry& entry, JsonWriter& json) {
  const QuarantineRow& row = entry.row;
  const auto place = [&](Offset offset) { return FormatPlace({entry.place.partition, offset}); };
  json.Field("place", FormatPlace(entry.place)).Field("state", NameOf(row.state));
  json.FieldIfGiven("code", CodeText(row)).FieldIfGiven("field", row.field);
  json.FieldIfGiven("reason", SentenceOf(row));
  json.FieldIfGiven("kind", NameOf(row.kind)).FieldIfGiven("sellerId", row.seller_id);
  json.FieldIfGiven("orderId", row.order_id).FieldIfGiven("market", row.market.text());
  json.FieldIfGiven("eventId", row.event_id);
  if (row.kind != EventKind::kNone) json.Field("occurredAt", FormatInstant(row.occurred_at));
  json.Field("recordedAt", FormatInstant(row.recorded_at)).FieldIfGiven("source", row.source);
  json.FieldIfGiven("sourcePlace", row.source_place).Field("repeats", row.repeats);
  if (row.state != QuarantineRow::State::kWaiting) {
    json.Field("decidedAt", place(row.decided));
    json.Field("decidedRecordedAt", FormatInstant(row.decided_at));
  }
  if (row.closed) {
    json.Field("closedAt", place(*row.closed));
    json.Field("closedRecordedAt", FormatInstant(row.closed_at));
  }
}

std::string EntryJson(const PlacedEntry& entry) {
  JsonWriter json;
  json.BeginObject();
  WriteEntry(entry, json);
  return json.EndObject().TakeLine();
}

absl::Status WriteWholeEntry(EventLog& log, const PlacedEntry& entry, std::string_view record_bytes,
                             JsonWriter& json) {
  WriteEntry(entry, json);
  RETURN_IF_ERROR(WriteClosing(log, entry, json));
  if (const std::optional<std::string> event = EventOfRecordJson(record_bytes)) {
    json.Key("event").Raw(*event);
  } else {
    json.Key("record").Raw(RecordJson(record_bytes));
  }
  return absl::OkStatus();
}

}  // namespace flywheel
