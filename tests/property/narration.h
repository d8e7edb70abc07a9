// Tells a history (history.h) as records of a log.
#ifndef FLYWHEEL_TESTS_PROPERTY_NARRATION_H_
#define FLYWHEEL_TESTS_PROPERTY_NARRATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/strong.h"
#include "events/memory/memory_log.h"
#include "property/history.h"

namespace flywheel {

// The number of days on which a history may start.
inline constexpr size_t kFirstDays = 10;

// A record and where it stands.
struct NarratedRecord {
  Partition partition;
  Offset offset;
  std::string bytes;
};

struct Narration {
  std::unique_ptr<MemoryLog> log;
  std::vector<NarratedRecord> records;  // as appended
  // Instants at which something happens, and those 1 ms before and after; as told, with
  // repetitions.
  std::vector<Instant> instants;
  // The effective recorded_at of the records, as told.
  std::vector<Instant> recorded;
};

// What a history may tell.
enum class Scope : uint8_t {
  kAll,
  // Only what is the same in whatever order the log holds it (DOMAIN section 3, rule 2): facts of
  // orders and sellers without refusals that go by the log, acts with one content each, and nothing
  // that expires.
  kAnyOrder,
};

// Deterministic: equal histories give equal records at equal places.
Narration Narrate(const History& history, Scope scope = Scope::kAll);

// A log with the narration's records in another order, their stamps in the order of the log.
// REQUIRES: the narration holds events alone (Scope::kAnyOrder).
std::unique_ptr<MemoryLog> Shuffled(const Narration& narration, uint64_t seed);

// Sellers that histories are about.
std::vector<std::string> SellersOfHistories();
// A day's instant in some market: `day` and `time` as in Step.
Instant InstantAt(const History& history, const std::string& market, uint8_t day, uint8_t time);
// Markets of histories.
const std::vector<std::string>& MarketsOfHistories();

// One line for a person.
std::string Describe(const NarratedRecord& record);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_NARRATION_H_
