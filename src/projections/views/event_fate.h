// What became of the events of a record.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_EVENT_FATE_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_EVENT_FATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/event_view.h"
#include "events/record_view.h"
#include "events/vocabulary.h"
#include "projections/cell/cell_view.h"

namespace flywheel {

struct EventFate {
  enum class State : uint8_t {
    kAccepted,  // a fact, or a control event in effect
    // Its act is there already: `of` is the record that stated it. Or its decision's id is, with
    // other events: then `of` is not known.
    kDuplicate,
    kRepeat,       // identical to the quarantine entry `of`, and counts on it alone
    kWaiting,      // for its order
    kRefused,      // with a code
    kResubmitted,  // refused, and judged again, perhaps mended, by the record `closed`
    kDiscarded,    // refused, and given up by the record `closed`
    kStale,        // of a decision on an older version of its order
    kNoEffect,     // a resubmission whose entry was not open
    kNotFolded,    // the rows do not reach so far yet
  };

  State state = State::kAccepted;
  RefusalCode code = RefusalCode::kUnspecified;  // of what was refused, also where closed since
  std::string field;                             // of a refusal at intake
  std::string sentence;                          // why; for a person
  std::optional<Offset> of;
  std::optional<Offset> decided;  // the record at which it was refused
  std::optional<Offset> closed;
  uint64_t repeats = 0;  // identical repeats that came since
  // The record's own, or its predecessor's where that is later; nullopt where the rows do not tell.
  std::optional<Instant> recorded_at;
};

// "ACCEPTED", "DUPLICATE", "REPEAT", ...
std::string_view NameOf(EventFate::State state);

// One event of a record.
struct RecordedEvent {
  uint32_t index = 0;  // in its decision; else 0
  // Of a Refused record its seller and door alone, of a decision that has no events its seller.
  EventView event;
  EventFate fate;
};

// The events of the record at `offset` of the view's partition, in order: one; as many as a
// decision has, at least one; none for a Discarded record. Views live as long as the record's
// bytes.
//
// Exact but for identical repeats: one that came while the first still waited counts as a duplicate
// once that is accepted; of several entries of one content the newest is named; and of several
// decisions with one id it is told by their events which was taken.
//
// Errors: those of the rows.
absl::StatusOr<std::vector<RecordedEvent>> FatesOf(const CellView& view, Offset offset,
                                                   const RecordView& record);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_EVENT_FATE_H_
