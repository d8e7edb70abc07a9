// What a publisher's message in the inbox topic holds, as the bytes of an event.
#ifndef FLYWHEEL_EVENTS_INBOX_MESSAGE_H_
#define FLYWHEEL_EVENTS_INBOX_MESSAGE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/types/span.h"
#include "events/intake.h"

namespace flywheel {

// More message indexes in a Confluent framing are refused: they are the depth of one message type
// inside others.
inline constexpr int kMaxMessageIndexes = 16;

// A header of a message. Names may come more than once; a null value is the same as no header.
struct MessageHeader {
  std::string_view name;
  std::optional<std::string_view> value;
};

// The parts of a message that intake reads. Its key, timestamp and place say nothing about the
// event.
struct InboxMessage {
  std::optional<std::string_view> value;  // nullopt: a tombstone
  absl::Span<const MessageHeader> headers;
};

// The event's bytes, which Prepare takes, or why there are none. Pure; any bytes may come.
//
// The value is one of:
// - the bytes of a flywheel.events.v1.Event;
// - Confluent's framing (a zero byte, a schema id of 4 bytes, the message indexes as zigzag
//   varints: their count, then each; the count 0 stands for the index 0), then such bytes; or after
//   the schema id, JSON. The ids are not looked up: they belong to the publisher's registry.
// - JSON (event_json.h): where the header `content-type` says application/json or ends in +json,
//   and where the first byte that is not white space is a brace or bracket. No event that intake
//   takes begins so: as a tag these bytes begin a group, and after a line feed, the tag of
//   event_id, they are a length that no UUID has. Nor does one begin with a zero byte.
//
// CloudEvents attributes in binary mode (headers ce_id, ce_source, ce_type, ce_time,
// ce_specversion; any may be missing) fill event_id, source and occurred_at where the event has
// none. INVALID, with the header or the event's field as `field`: a header that is empty, longer
// than kMaxIdBytes, no UTF-8 or there twice with different values; ce_specversion other than 1.0; a
// ce_type other than flywheel.events.v1.Event or flywheel.events.v1.<its payload>; a ce_time that
// is no RFC 3339 instant; an attribute that differs from the event's own field. A ce_id that is no
// UUID stands for IdOfCloudEvent. Structured mode (application/cloudevents...) is refused.
//
// Refusals name the seller where it can be read. UNDECODABLE: a tombstone, an empty value, a
// framing that is cut off, what EventFromJson calls so. Bytes that are no event are given as they
// are: Prepare refuses them.
std::variant<std::string, IntakeRefusal> EventFromInbox(const InboxMessage& message);

// The event_id of a CloudEvent whose id is no UUID: CloudEvents tells events apart by source and id
// together, so it is the UUIDv8 of the first 16 bytes of SHA-256 over the source, a zero byte and
// the id.
std::string IdOfCloudEvent(std::string_view source, std::string_view id);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_INBOX_MESSAGE_H_
