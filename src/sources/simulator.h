// A simulated marketplace: the same options give the same events, byte for byte, on every machine.
#ifndef FLYWHEEL_SOURCES_SIMULATOR_H_
#define FLYWHEEL_SOURCES_SIMULATOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "base/strong.h"
#include "sources/event_sink.h"

namespace flywheel {

// Of sources/dirt.h.
inline constexpr size_t kDirtKinds = 8;

struct SimulatorOptions {
  // Sellers, the largest first (seller s-000001 sells most). 1 to 1,000,000.
  uint32_t sellers = 100;
  // Orders placed in all. 1 to 1,000,000,000.
  uint32_t orders = 10'000;
  // Days in which they are placed; what becomes of the last ones goes on for up to some 200 days
  // more. 1 to 3,650.
  uint32_t days = 90;
  // Another seed is another marketplace.
  uint64_t seed = 1;
  // The first order is not placed before this instant. 1972 to 2179. 2025-01-01T00:00:00Z.
  Instant start{1735689600000};
  // Events that would happen after this instant are left out, so that nothing lies in the future of
  // whoever takes them. Unset: everything is told to its end.
  std::optional<Instant> until;

  // Disorder, each as events in a million (0 to 1,000,000). The default is a well-behaved world, in
  // which the events of an order come in the order in which they happened.
  uint32_t late_ppm = 0;          // published two hours to ten days after they happened
  uint32_t out_of_order_ppm = 0;  // published a minute to three hours after they happened
  uint32_t duplicate_ppm = 0;     // published twice, half of them under another event_id

  // Dirt: of a million events so many are followed by one that is to be refused, of each kind of
  // dirt as often (sources/dirt.h); and of a million orders without a review so many get one that
  // comes too late. The clean events stay the same, byte for byte. 0 to 1,000,000.
  uint32_t dirt_ppm = 0;

  // Sets the disorder as one share of a million, 0 (none) to 1,000,000: of all events then a tenth
  // comes late, three tenths come out of order and a tenth twice.
  void SetDisorder(uint32_t ppm) {
    late_ppm = ppm / 10;
    out_of_order_ppm = ppm / 10 * 3;
    duplicate_ppm = ppm / 10;
  }
};

// What a simulation made.
struct SimulatorSummary {
  uint64_t events = 0;  // with the dirt
  uint64_t orders = 0;
  std::array<uint64_t, 41> by_kind{};       // index: the payload's field number in Event
  std::array<uint64_t, kDirtKinds> dirt{};  // index: the kind of dirt; not counted in by_kind
  uint64_t most_orders_at_once = 0;         // alive at one time; what memory is needed for
};

// Checks the bounds: InvalidArgument names the first field outside of them.
absl::Status CheckSimulatorOptions(const SimulatorOptions& options);

// Makes the events and hands them to the sink in the order of their publishing: when they happened
// plus a delay of milliseconds to minutes, plus the disorder asked for. No recorded_at is set.
//
// The world: six markets of Central and Eastern Europe with their currencies and prices; sellers of
// Zipf size, each with a hidden quality that decides how it dispatches, packs, answers and refunds;
// buyers who come back sooner after a good experience, often to the same seller, some of them in
// two markets; evenings, Mondays and a season that peaks before Christmas; lockers, couriers,
// pickup points and post, which rest on Sundays and holidays; Smart! deliveries; late, damaged,
// incomplete, lost and never collected parcels; reviews, complaints, returns and refunds that
// follow from all of that.
//
// The mix, in a thousand events (1,000 sellers, 1,000,000 orders, 365 days, seed 1: 8.4 events an
// order): scanned 553, parcel registered 124, placed 118, paid 116, review posted 48, refund 9,
// cancelled 5, return filed 5, complaint message 5, return accepted 4, review answered 3, return
// closed 3, complaint resolved 3, complaint opened 2, all other kinds 2. 97.6 % of the reviews
// recommend. An event has 134 bytes.
//
// Errors: InvalidArgument (options), NotFound (no time zone data), what the sink returns.
// Limits: about 130 bytes for each order that is alive at once (10 million events of 30 days: 40 MB
// in all), 200 for each seller.
// Concurrency: calls with sinks of their own may run at once.
//
// `cut_off` gets the events that are to arrive cut off, whole, for it to cut them.
absl::Status Simulate(const SimulatorOptions& options, EventSink sink, EventSink cut_off,
                      SimulatorSummary* summary);
// The same where nobody wants what is cut off.
absl::Status Simulate(const SimulatorOptions& options, EventSink sink, SimulatorSummary* summary);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_SIMULATOR_H_
