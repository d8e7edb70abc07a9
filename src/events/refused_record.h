// The record of what intake refused where there is nobody to answer.
#ifndef FLYWHEEL_EVENTS_REFUSED_RECORD_H_
#define FLYWHEEL_EVENTS_REFUSED_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strong.h"
#include "events/intake.h"

namespace flywheel {

// A source, place, field or sentence over this many bytes is cut in the record, which so stays
// below 3 KiB, however large the message: refusals cite what a publisher wrote.
inline constexpr size_t kMaxRefusedTextBytes = 512;

// Where refused bytes came from.
struct RefusedOrigin {
  std::string_view source;        // the door, e.g. a topic's name
  std::string_view source_place;  // the place there
};

// The place of a message in a topic, "3@1278".
std::string PlaceInTopic(int32_t partition, int64_t offset);

// A flywheel.log.v1.Refused. Its identity is source, place and SHA-256 of the bytes, so a message
// that is read again is a repeat. It goes to the partition of the seller, where the refusal names
// one, else to that of its identity: to the same one each time.
//
// REQUIRES: recorded_at is within kEarliestInstant and kLatestInstant; partitions > 0.
PreparedRecord MakeRefused(const RefusedOrigin& origin, std::string_view bytes,
                           const IntakeRefusal& refusal, Instant recorded_at, int32_t partitions);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_REFUSED_RECORD_H_
