// An event as JSON and back, by protobuf's own mapping.
#ifndef FLYWHEEL_EVENTS_EVENT_JSON_H_
#define FLYWHEEL_EVENTS_EVENT_JSON_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "events/intake.h"

namespace flywheel {

// A text over this many bytes is INVALID: no event of kMaxEventBytes needs as much.
inline constexpr size_t kMaxJsonBytes = size_t{2} << 20;

// One JSON object, a flywheel.events.v1.Event, as the event's bytes; Prepare takes them. Names may
// be lowerCamelCase or the schema's own; an instant is an RFC 3339 text; an enum is its name or
// number; an integer may be a text; null is the same as a field left out.
//
// Stricter than libprotobuf 3.21's own reader, which takes "recommended": "no" for true, drops
// [null] and [[]], and lets the second of two equal names win.
//
// The refusal is UNDECODABLE where the text is no JSON (empty, cut off, trailing text, NaN, invalid
// UTF-8), INVALID where it is but does not fit the schema: no object, an unknown field or enum
// name, a value of another type, a number out of range (1e400), a name given twice, two payloads,
// an instant that is none. `field` is then the path in the schema's names. Nothing beyond the
// schema's own depth is read, however deep the text is nested.
std::variant<std::string, IntakeRefusal> EventFromJson(std::string_view json);

// An event's bytes as one line of JSON: names in lowerCamelCase, enums by name (an unknown one by
// number), fields that are not set are left out, 64-bit numbers as strings. An instant of whole
// seconds is printed without decimals ("2024-02-29T12:00:00Z"), any other with 3. InvalidArgument
// when the bytes are no Event or hold an instant outside of the years 1 to 9999.
absl::StatusOr<std::string> EventToJson(std::string_view event_bytes);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EVENT_JSON_H_
