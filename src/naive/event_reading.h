// What acceptance needs to know of an event, read from the generated message.
#ifndef FLYWHEEL_NAIVE_EVENT_READING_H_
#define FLYWHEEL_NAIVE_EVENT_READING_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "flywheel/events/v1/event.pb.h"
#include "naive/order_facts.h"
#include "naive/policies.h"

namespace flywheel::naive {

// Several texts as one, so that different texts never give the same.
std::string Key(std::initializer_list<std::string_view> parts);

// The payload's order_id; empty where there is none.
const std::string& OrderOf(const events::v1::Event& event);

// True for all payloads but those of sellers, policies, erasures and ticks.
bool IsAboutOrder(const events::v1::Event& event);

// Which act of its order (and of its kind) an event about an order is: the table of DOMAIN section
// 3.
std::string ActOf(const events::v1::Event& event);

// Equal for two events that are identical but for event_id, recorded_at, correlation_id and
// causation_id.
std::string IdentityOf(const events::v1::Event& event);

// The little of intake that what follows relies on, as a sentence; nullopt when nothing is wrong.
std::optional<std::string> IntakeFault(const Policies& policies, const events::v1::Event& event);

Opinion OpinionOf(const events::v1::ReviewPosted& review);
Opinion OpinionOf(const events::v1::ReviewEdited& review);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_EVENT_READING_H_
