// An entry of the quarantine: an event that was not accepted (yet), why, and what became of it.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_QUARANTINE_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_QUARANTINE_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/vocabulary.h"

namespace flywheel {

// The key has the offset of the record. An entry that waits is deleted when its event is accepted.
struct QuarantineRow {
  enum class State : uint8_t { kWaiting, kRefused, kResubmitted, kDiscarded };

  State state = State::kRefused;
  RefusalCode code = RefusalCode::kUnspecified;  // unspecified while waiting
  EventKind kind = EventKind::kNone;             // none where the bytes could not be read
  std::string seller_id;
  std::string order_id;
  MarketCode market;
  std::string event_id;
  Instant occurred_at;
  Instant recorded_at;
  std::string field;         // of a refusal at intake
  std::string sentence;      // of a refusal at intake
  std::string source;        // the event's source; of a refusal at intake, the door
  std::string source_place;  // of a refusal at intake
  uint64_t repeats = 0;      // identical repeats that came since
  // The record at which it was refused (the entry's own unless it had waited), and its recorded_at.
  Offset decided;
  Instant decided_at;
  // The operator's act, and its recorded_at.
  std::optional<Offset> closed;
  Instant closed_at;

  bool open() const { return state == State::kWaiting || state == State::kRefused; }
  // An open refusal at intake that names a seller makes answers about that seller incomplete.
  bool refused_at_intake() const {
    return code == RefusalCode::kUndecodable || code == RefusalCode::kInvalid;
  }
  size_t heap_bytes() const {
    return seller_id.capacity() + order_id.capacity() + event_id.capacity() + sentence.capacity() +
           source.capacity();
  }

  static absl::StatusOr<QuarantineRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

// "WAITING", "REFUSED", "RESUBMITTED", "DISCARDED".
std::string_view NameOf(QuarantineRow::State state);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_QUARANTINE_ROW_H_
