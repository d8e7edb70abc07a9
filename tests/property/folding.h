// Folds a log in all the ways that must not matter.
#ifndef FLYWHEEL_TESTS_PROPERTY_FOLDING_H_
#define FLYWHEEL_TESTS_PROPERTY_FOLDING_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/store/memory_store.h"
#include "projections/views/rating_reader.h"

namespace flywheel {

// A number below `bound`.
inline uint64_t Below(std::mt19937_64& random, uint64_t bound) { return random() % bound; }

// Batches, flushes and caches as the dice fall; the caches are often too small for a single row.
CellOptions RandomCellOptions(std::mt19937_64& random);

// All partitions of a log, folded to its end, over stores in memory.
struct FoldedLog {
  std::vector<std::unique_ptr<Cell>> cells;

  std::vector<const RowReader*> stores() const;
  RatingReader reader() const { return RatingReader(stores()); }
  // The digest of each partition's rows.
  std::vector<std::string> digests() const;
};
FoldedLog FoldLog(EventLog* log, std::mt19937_64& random);

// The records whose effective recorded_at lies at or before an instant: a prefix of each
// partition, at the same offsets.
std::unique_ptr<EventLog> KnownPrefix(EventLog* log, Instant known_at);

// The records before a place of each partition.
std::unique_ptr<EventLog> PrefixBefore(EventLog* log, const PlacesBefore& before);
// A place of each partition, up to its end; most often one with a record.
PlacesBefore AnyPlaces(EventLog* log, std::mt19937_64& random);

// Rows that outlive the cells that use them, with a fault at a chosen call.
//
// A crash leaves the rows of the last Flush or of any later Write: a store may make a batch durable
// before it is asked to, though never a part of one.
class CrashingStore {
 public:
  // The calls that can fail.
  enum class Call : uint8_t { kGet, kWrite, kFlush };

  explicit CrashingStore(uint64_t seed, MemoryStore rows = {})
      : rows_(std::move(rows)), random_(seed) {}

  // A view for a cell; at most one at a time.
  std::unique_ptr<RowStore> Open();
  // The call of that number from now on, counted from 1 over Write and Flush, or over Get, fails;
  // 0: none does. A Write that fails wrote nothing.
  void FailAtWrite(uint64_t number) { writes_left_ = number; }
  void FailAtGet(uint64_t number) { gets_left_ = number; }
  // What a crash leaves.
  void Crash();

  const MemoryStore& rows() const { return rows_; }
  // Calls of Write and Flush so far.
  uint64_t writes() const { return writes_; }

 private:
  class View;

  // Counts a call down; the error when it is the one.
  absl::Status Arrive(uint64_t* left);

  MemoryStore rows_;
  std::mt19937_64 random_;
  uint64_t writes_ = 0;
  uint64_t writes_left_ = 0;  // 0: none fails
  uint64_t gets_left_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_FOLDING_H_
