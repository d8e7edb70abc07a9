// What becomes of an event of a known order: DOMAIN section 3, rules 1 and 3.
#ifndef FLYWHEEL_NAIVE_VERDICT_H_
#define FLYWHEEL_NAIVE_VERDICT_H_

#include <string>
#include <variant>

#include "flywheel/events/v1/event.pb.h"
#include "flywheel/log/v1/record.pb.h"
#include "naive/order_facts.h"
#include "naive/policies.h"

namespace flywheel::naive {

using Code = log::v1::RefusalCode::Value;

struct Accepted {};
struct Duplicate {};
struct Refusal {
  Code code;
  std::string sentence;
};
using Verdict = std::variant<Accepted, Duplicate, Refusal>;

// REQUIRES: the event is about an order.
bool IsKnownAct(const Order& order, const events::v1::Event& event);

// REQUIRES: the order is known, and the event is about it.
Verdict VerdictOn(const Policies& policies, const Order& order, const events::v1::Event& event);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_VERDICT_H_
