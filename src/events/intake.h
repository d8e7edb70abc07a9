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

// An amount over this is INVALID, so that the amounts of all facts of an order can be summed in 64
// bits.
inline constexpr int64_t kMaxAmountMinor = 1'000'000'000'000'000;
// A list (lines, items, markets) of more elements is INVALID.
inline constexpr int kMaxListElements = 1000;
// Stands for all sellers in totals, so no seller may be called so.
inline constexpr std::string_view kAllSellers = "*";

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
//
// - event_id: a UUID of any version in its text form of 36 characters.
// - occurred_at: given; kEarliestInstant to kLatestInstant; at most kMaxFutureMillis after the
//   stamp. Other instants: in the same range (the scan says so).
// - seller_id, market: given, but for the kinds that Flywheel alone makes; the seller is not "*";
//   the policy knows the market at occurred_at.
// - payload: exactly one, of a kind that is known.
// - ids: given where the schema says "required"; at most kMaxIdBytes; no control characters (C0,
//   DEL, C1). Ids are also source, correlation_id, causation_id, carrier_id, offer_id and
//   reference_number.
// - enums: a value of the schema; not UNSPECIFIED where the schema says "required".
// - rates: 0 to 5. Quantities, withdrawal_days and smart_delivery_methods: not negative.
// - money: where it is given (not all unset), 0 to kMaxAmountMinor and a currency of three capital
//   letters. OrderPlaced.total and RefundIssued.amount must be given.
// - lists: at most kMaxListElements. The line_ids of an order differ. Markets are two capital
//   letters each.
// - delivery: given in OrderPlaced.
// - texts: any valid UTF-8 (the scan says so).
std::optional<IntakeRefusal> Validate(const EventView& event, Instant recorded_at,
                                      const PolicyBook& policies);

// Decodes the bytes of a flywheel.events.v1.Event, validates, replaces recorded_at by the stamp
// (whatever the publisher set there), and routes by seller_id. Fields that the schema does not know
// are kept. What is legal but unusual on the wire is parsed and serialized again, so that the log
// holds only what ScanEvent reads; but two payloads and groups are refused. Refuses the kinds that
// Flywheel alone makes, and events over kMaxEventBytes.
//
// REQUIRES: recorded_at is within kEarliestInstant and kLatestInstant; partitions > 0.
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
