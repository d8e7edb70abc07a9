// What was announced about a seller's Smart! eligibility in a market while the log was read: the
// history of read model 5.2.
#ifndef FLYWHEEL_NAIVE_SMART_HISTORY_H_
#define FLYWHEEL_NAIVE_SMART_HISTORY_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "flywheel/events/v1/event.pb.h"
#include "naive/place.h"
#include "naive/policies.h"
#include "naive/smart_conditions.h"
#include "naive/smart_state.h"

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

// Keeps what was announced. Before the first change: not fulfilled.
class SmartHistory {
 public:
  // REQUIRES: as SmartState.
  SmartHistory(const Policies& policies, std::string market, int64_t at)
      : state_(policies, std::move(market), at) {}

  // The instant up to which time was followed.
  int64_t at() const { return state_.at(); }
  const SmartState& state() const { return state_; }
  // In the order in which they were announced; instants do not fall.
  const std::vector<SmartChange>& changes() const { return changes_; }

  // Announces what changes by time alone up to and including an instant. An earlier one than at()
  // does nothing.
  void StepTo(const Policies& policies, int64_t to);

  void SetSeller(const SmartSeller& seller) { state_.SetSeller(seller); }
  void Put(const std::string& order_id, const SmartOrder& order) { state_.Put(order_id, order); }
  // Announces the change, if there is one, that an event made at at().
  void Announce(const SmartEvent& cause);

 private:
  bool announced() const { return !changes_.empty() && changes_.back().fulfilled; }

  SmartState state_;
  std::vector<SmartChange> changes_;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SMART_HISTORY_H_
