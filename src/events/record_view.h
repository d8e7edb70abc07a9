// A record of the log seen through its wire bytes, as event_view.h does it for an event.
#ifndef FLYWHEEL_EVENTS_RECORD_VIEW_H_
#define FLYWHEEL_EVENTS_RECORD_VIEW_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "absl/functional/function_ref.h"
#include "base/strong.h"
#include "events/event_view.h"
#include "events/vocabulary.h"
#include "events/wire_scan.h"

namespace flywheel {

// What a record is; the number is its field number in flywheel.log.v1.Record.
enum class RecordKind : uint8_t {
  kNone = 0,
  kEvent = 1,
  kDecision = 2,
  kRefused = 3,
  kResubmitted = 4,
  kDiscarded = 5,
};

// The views mirror flywheel.log.v1 field by field, except that recorded_at of every kind stands in
// RecordView.
struct DecisionView {
  std::string_view decision_id;
  std::string_view seller_id;
  std::string_view order_id;
  uint64_t order_version = 0;
  std::string_view command;
  Actor actor = Actor::kUnspecified;
  std::string_view actor_id;
  std::string_view idempotency_key;
  std::string_view content_hash;
  RepeatedView<EventView> events;
};
struct RefusedView {
  std::string_view source;
  std::string_view source_place;
  std::string_view sha256;
  uint64_t length = 0;
  RefusalCode code = RefusalCode::kUnspecified;
  std::string_view field;
  std::string_view sentence;
  std::string_view seller_id;
};
struct ResubmittedView {
  int64_t entry_offset = 0;
  std::string_view actor_id;
  EventView event;  // its bytes are empty when the record holds none
};
struct DiscardedView {
  int64_t entry_offset = 0;
  std::string_view actor_id;
  std::string_view reason;
};

// The alternatives stand in the order of RecordKind: index = kind.
using RecordBody = std::variant<std::monostate, EventView, DecisionView, RefusedView,
                                ResubmittedView, DiscardedView>;

struct RecordView {
  RecordKind kind = RecordKind::kNone;
  std::optional<Instant> recorded_at;  // of an event: the event's
  RecordBody body;
};

// Scans one flywheel.log.v1.Record that comes from the log: texts are trusted to be UTF-8. The
// results are those of ScanEvent; a record that Flywheel wrote is never kUnusual. On kOk a kind of
// kNone is a record of a later version. Never throws, never allocates.
ScanResult ScanRecord(std::string_view bytes, RecordView* record);

// Calls `visit` for each event of a decision, in order.
void ForEach(const RepeatedView<EventView>& field, absl::FunctionRef<void(const EventView&)> visit);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_RECORD_VIEW_H_
