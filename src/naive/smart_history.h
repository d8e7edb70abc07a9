// What was announced about a seller's Smart! eligibility in a market while the log was read: the
// history of read model 5.2.
#ifndef FLYWHEEL_NAIVE_SMART_HISTORY_H_
#define FLYWHEEL_NAIVE_SMART_HISTORY_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flywheel/events/v1/event.pb.h"
#include "naive/place.h"

namespace flywheel::naive {

// What ended or began by time alone.
enum class SmartRule { kRatingWindow, kDispatchDeadline, kTrackedWindow, kPolicy };

// RATING_WINDOW, DISPATCH_DEADLINE, TRACKED_WINDOW or POLICY.
std::string_view NameOf(SmartRule rule);

// The accepted event that made a change.
struct SmartEvent {
  Place place;
  int32_t index = 0;  // within a decision; else 0
  Kind kind = Kind::PAYLOAD_NOT_SET;
  std::string event_id;
  std::string order_id;  // empty for an event of the seller
  friend bool operator==(const SmartEvent&, const SmartEvent&) = default;
};

struct SmartChange {
  int64_t at = 0;  // of a rule: when it expired
  bool fulfilled = false;
  std::variant<SmartEvent, SmartRule> cause;
  friend bool operator==(const SmartChange&, const SmartChange&) = default;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SMART_HISTORY_H_
