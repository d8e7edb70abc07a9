#include "events/record_view.h"

#include "events/wire_reader.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

using In = wire::Reader<Utf8Check::kTrust>;
using wire::Bytes;
using wire::Varint;

static_assert(static_cast<int>(RecordKind::kEvent) == log::v1::Record::kEventFieldNumber);
static_assert(static_cast<int>(RecordKind::kDecision) == log::v1::Record::kDecisionFieldNumber);
static_assert(static_cast<int>(RecordKind::kRefused) == log::v1::Record::kRefusedFieldNumber);
static_assert(static_cast<int>(RecordKind::kResubmitted) ==
              log::v1::Record::kResubmittedFieldNumber);
static_assert(static_cast<int>(RecordKind::kDiscarded) == log::v1::Record::kDiscardedFieldNumber);

ScanResult EventOfDecision(In& in, RepeatedView<EventView>& events) {
  std::string_view bytes;
  FLYWHEEL_RETURN_UNLESS_OK(in.Blob(bytes));
  in.Count(11, events);
  EventView event;
  return ScanEvent(bytes, Utf8Check::kTrust, &event);
}

ScanResult Field(In& in, DecisionView& view, std::optional<Instant>& recorded_at) {
  switch (in.tag()) {
    case Bytes(1):
      return in.Blob(view.decision_id);
    case Bytes(2):
      return in.Moment(2, recorded_at);
    case Bytes(3):
      return in.Text(view.seller_id);
    case Bytes(4):
      return in.Text(view.order_id);
    case Varint(5):
      return in.Uint64(view.order_version);
    case Bytes(6):
      return in.Text(view.command);
    case Varint(7):
      return in.EnumValue(view.actor);
    case Bytes(8):
      return in.Text(view.actor_id);
    case Bytes(9):
      return in.Text(view.idempotency_key);
    case Bytes(10):
      return in.Blob(view.content_hash);
    case Bytes(11):
      return EventOfDecision(in, view.events);
    default:
      return in.Skip();
  }
}

ScanResult Field(In& in, RefusedView& view, std::optional<Instant>& recorded_at) {
  switch (in.tag()) {
    case Bytes(1):
      return in.Moment(1, recorded_at);
    case Bytes(2):
      return in.Text(view.source);
    case Bytes(3):
      return in.Text(view.source_place);
    case Bytes(4):
      return in.Blob(view.sha256);
    case Varint(5):
      return in.Uint64(view.length);
    case Varint(6):
      return in.EnumValue(view.code);
    case Bytes(7):
      return in.Text(view.field);
    case Bytes(8):
      return in.Text(view.sentence);
    case Bytes(9):
      return in.Text(view.seller_id);
    default:
      return in.Skip();
  }
}

ScanResult Field(In& in, ResubmittedView& view, std::optional<Instant>& recorded_at) {
  switch (in.tag()) {
    case Bytes(1):
      return in.Moment(1, recorded_at);
    case Varint(2):
      return in.Int64(view.entry_offset);
    case Bytes(3):
      return in.Text(view.actor_id);
    case Bytes(4): {
      std::string_view bytes;
      FLYWHEEL_RETURN_UNLESS_OK(in.Once(4, bytes));
      return ScanEvent(bytes, Utf8Check::kTrust, &view.event);
    }
    default:
      return in.Skip();
  }
}

ScanResult Field(In& in, DiscardedView& view, std::optional<Instant>& recorded_at) {
  switch (in.tag()) {
    case Bytes(1):
      return in.Moment(1, recorded_at);
    case Varint(2):
      return in.Int64(view.entry_offset);
    case Bytes(3):
      return in.Text(view.actor_id);
    case Bytes(4):
      return in.Text(view.reason);
    default:
      return in.Skip();
  }
}

// The bytes of the record's one kind; a second one is unusual.
ScanResult Begin(In& in, RecordKind kind, RecordView* record, std::string_view& bytes) {
  if (record->kind != RecordKind::kNone) return ScanResult::kUnusual;
  record->kind = kind;
  return in.Blob(bytes);
}

template <RecordKind kKind>
ScanResult Body(In& in, RecordView* record) {
  std::string_view bytes;
  FLYWHEEL_RETURN_UNLESS_OK(Begin(in, kKind, record, bytes));
  auto& body = record->body.emplace<static_cast<size_t>(kKind)>();
  return wire::ReadFields<Utf8Check::kTrust>(
      bytes, [&](In& inner) { return Field(inner, body, record->recorded_at); });
}

ScanResult EventBody(In& in, RecordView* record) {
  std::string_view bytes;
  FLYWHEEL_RETURN_UNLESS_OK(Begin(in, RecordKind::kEvent, record, bytes));
  // Nearly every record is an event, so its view is there from the record before.
  EventView* event = std::get_if<EventView>(&record->body);
  if (event == nullptr) event = &record->body.emplace<EventView>();
  const ScanResult scanned = ScanEvent(bytes, Utf8Check::kTrust, event);
  record->recorded_at = event->recorded_at;
  return scanned;
}

}  // namespace

ScanResult ScanRecord(std::string_view bytes, RecordView* record) {
  record->kind = RecordKind::kNone;
  record->recorded_at.reset();
  const ScanResult scanned = wire::ReadFields<Utf8Check::kTrust>(bytes, [record](In& in) {
    switch (in.tag()) {
      case Bytes(1):
        return EventBody(in, record);
      case Bytes(2):
        return Body<RecordKind::kDecision>(in, record);
      case Bytes(3):
        return Body<RecordKind::kRefused>(in, record);
      case Bytes(4):
        return Body<RecordKind::kResubmitted>(in, record);
      case Bytes(5):
        return Body<RecordKind::kDiscarded>(in, record);
      default:
        return in.Skip();
    }
  });
  if (record->kind == RecordKind::kNone) record->body.emplace<std::monostate>();
  return scanned;
}

void ForEach(const RepeatedView<EventView>& field,
             absl::FunctionRef<void(const EventView&)> visit) {
  wire::ForEachElement(field, [&visit](std::string_view bytes) {
    EventView event;
    if (ScanEvent(bytes, Utf8Check::kTrust, &event) == ScanResult::kOk) visit(event);
  });
}

}  // namespace flywheel
