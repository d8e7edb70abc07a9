// Reads an event's wire bytes into views, about eight times faster than building the message
// (bench/events_bench.cc).
#ifndef FLYWHEEL_EVENTS_WIRE_SCAN_H_
#define FLYWHEEL_EVENTS_WIRE_SCAN_H_

#include <string_view>

#include "absl/functional/function_ref.h"
#include "events/event_view.h"

namespace flywheel {

// What a scan found.
enum class ScanResult : uint8_t {
  kOk,
  // libprotobuf refuses these bytes too: truncated, bad tag, invalid UTF-8 in a string field, ...
  kMalformed,
  // Legal on the wire, but not as one encoder writes it: a singular message field that occurs twice
  // (protobuf merges them), two payloads, a group, nanos outside 0..999999999, an instant outside
  // of kEarliestInstant..kLatestInstant. Parse with libprotobuf and serialize again, or refuse.
  kUnusual,
};

// Whether string fields are checked for valid UTF-8. Bytes from the log were checked at intake.
enum class Utf8Check : uint8_t { kCheck, kTrust };

// Scans one Event. On kOk, `*event` holds exactly what libprotobuf's parse of the same bytes holds
// (a differential fuzz test says so), with instants cut down to milliseconds and unknown enum
// values kept as their number where they fit in a byte, else 255. The policy inside PolicyPublished
// is not looked into: PolicyBook::Publish judges it. On another result the view holds what was read
// up to the fault. Never throws, never allocates.
ScanResult ScanEvent(std::string_view bytes, Utf8Check utf8, EventView* event);

// Calls `visit` for each element of a repeated field of a message that ScanEvent has accepted.
void ForEach(const RepeatedView<OrderLineView>& field,
             absl::FunctionRef<void(const OrderLineView&)> visit);
void ForEach(const RepeatedView<LineQuantityView>& field,
             absl::FunctionRef<void(const LineQuantityView&)> visit);
void ForEach(const RepeatedView<ReturnItemView>& field,
             absl::FunctionRef<void(const ReturnItemView&)> visit);
void ForEach(const RepeatedView<std::string_view>& field,
             absl::FunctionRef<void(std::string_view)> visit);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_WIRE_SCAN_H_
