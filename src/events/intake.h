// Intake: the one way from any door into the log.
//
// The pure half (Prepare) decodes, validates, stamps and routes; the impure half (appending) is the
// caller's, since each door batches and answers in its own way.
#ifndef FLYWHEEL_EVENTS_INTAKE_H_
#define FLYWHEEL_EVENTS_INTAKE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/strong.h"
#include "events/event_view.h"
#include "events/policy.h"

namespace flywheel {

// An event over this many bytes is INVALID.
inline constexpr size_t kMaxEventBytes = size_t{256} << 10;
// An id over this many bytes is INVALID.
inline constexpr size_t kMaxIdBytes = 256;
// DOMAIN: occurred_at may lie at most this far after recorded_at.
inline constexpr int64_t kMaxFutureMillis = 5 * kMillisPerMinute;

// Why intake does not take an event.
struct IntakeRefusal {
  RefusalCode code = RefusalCode::kUnspecified;  // kUndecodable or kInvalid
  std::string field;      // path of the field, e.g. "review_posted.rates.service"; may be empty
  std::string sentence;   // for a person
  std::string seller_id;  // where it could be read
};

// What intake appends.
struct PreparedRecord {
  Partition partition;
  std::string record_bytes;  // a serialized flywheel.log.v1.Record
};

// Checks a scanned event against every rule that needs the event alone; the first broken rule, in
// the order of the fields, is given. nullopt: valid. `recorded_at` is the stamp that it would get.
// The rules stand in validation.cc.
std::optional<IntakeRefusal> Validate(const EventView& event, Instant recorded_at,
                                      const PolicyBook& policies);

// Decodes the bytes of a flywheel.events.v1.Event, validates, replaces recorded_at by the stamp,
// and routes by seller_id. What is legal but unusual on the wire is parsed and serialized again, so
// that the log holds only what ScanEvent reads. Refuses the kinds that Flywheel alone makes.
std::variant<PreparedRecord, IntakeRefusal> Prepare(std::string_view event_bytes,
                                                    Instant recorded_at, const PolicyBook& policies,
                                                    int32_t partitions);

// The partition of a seller: murmur2 of the seller_id's bytes as Kafka's Java client computes it,
// its sign bit cleared, modulo the number of partitions
// (org.apache.kafka.clients.producer.internals.BuiltInPartitioner).
Partition PartitionOf(std::string_view seller_id, int32_t partitions);

// org.apache.kafka.common.utils.Utils.murmur2.
int32_t Murmur2(std::string_view bytes);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_INTAKE_H_
