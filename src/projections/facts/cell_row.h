// The cell's own row: how far the log is folded, and what became of its records.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_CELL_ROW_H_
#define FLYWHEEL_PROJECTIONS_FACTS_CELL_ROW_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/vocabulary.h"

namespace flywheel {

// What became of the records of a partition. Every record is in exactly one of accepted,
// duplicates, repeats, waiting, refused, stale and control.
struct RecordCounts {
  uint64_t records = 0;
  uint64_t accepted = 0;               // events, decisions
  uint64_t duplicates = 0;             // acts that were accepted before
  uint64_t repeats = 0;                // identical repeats of a waiting or refused event
  uint64_t waiting = 0;                // events that wait now
  std::array<uint64_t, 11> refused{};  // by RefusalCode
  uint64_t stale = 0;
  uint64_t control = 0;  // policies, erasures, ticks, operator's acts without an event of their own

  uint64_t refused_in_all() const;
};

struct CellRow {
  uint64_t fold_version = 0;
  Offset next;               // of the first record that is not folded
  Offset last;               // of the last one that is; -1: none
  uint64_t last_hash = 0;    // of its bytes
  Instant last_recorded_at;  // effective: never falls
  Instant tick_clock;        // the latest tick
  Instant log_clock;         // the largest occurred_at
  // The newest event of a seller was taken within an hour of its occurred_at: the log is not an
  // import, so time passes by the wall clock.
  bool live = false;
  RecordCounts counts;

  static absl::StatusOr<CellRow> Decode(std::string_view bytes);
  void Encode(std::string* out) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_CELL_ROW_H_
