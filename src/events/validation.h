// What the rules of validation.cc and intake share.
#ifndef FLYWHEEL_EVENTS_VALIDATION_H_
#define FLYWHEEL_EVENTS_VALIDATION_H_

#include <string_view>

#include "events/event_view.h"

namespace flywheel {

// The seller that a refusal may name: the event's seller_id as far as it was scanned, empty where
// it breaks the rules of an id.
std::string_view ReadableSellerId(const EventView& event);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_VALIDATION_H_
