// Instants to ask a history's log for.
#ifndef FLYWHEEL_TESTS_PROPERTY_INSTANTS_H_
#define FLYWHEEL_TESTS_PROPERTY_INSTANTS_H_

#include <random>

#include "base/strong.h"
#include "property/history.h"
#include "property/narration.h"

namespace flywheel {

// An instant at which something happens or 1 ms next to one, one on a day of the history, the log
// clock, or one after it.
Instant AnyInstant(const History& history, const Narration& narration, Instant log_clock,
                   std::mt19937_64& random);

// The last millisecond of a day in one of the history's markets.
Instant AnyDayEnd(const History& history, std::mt19937_64& random);

// The recorded_at of a record, or 1 ms next to it. REQUIRES: there is a record.
Instant AnyKnownAt(const Narration& narration, std::mt19937_64& random);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_PROPERTY_INSTANTS_H_
