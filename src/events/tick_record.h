// The record of the log by which time passes where nothing arrives.
#ifndef FLYWHEEL_EVENTS_TICK_RECORD_H_
#define FLYWHEEL_EVENTS_TICK_RECORD_H_

#include <string>

#include "base/strong.h"

namespace flywheel {

// A flywheel.log.v1.Record with a TimePassed. Its event_id is a UUIDv8 of the tick's instant and
// its stamp.
//
// REQUIRES: both instants are within kEarliestInstant and kLatestInstant.
std::string TickRecord(Instant tick, Instant recorded_at);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_TICK_RECORD_H_
