// The instant that a question is answered for where it names none (DOMAIN section 2, as_of).
#ifndef FLYWHEEL_QUERY_QUERY_CLOCK_H_
#define FLYWHEEL_QUERY_QUERY_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "base/strong.h"

namespace flywheel {

enum class QueryClock : uint8_t {
  kDefault,  // the later of both
  kLog,      // the latest instant in the log
  kWall,     // now
};

// `wall` is brought within the instants that there are.
inline Instant AsOf(QueryClock clock, Instant wall, Instant log_clock) {
  const Instant now = std::clamp(wall, kEarliestInstant, kLatestInstant);
  switch (clock) {
    case QueryClock::kLog:
      return log_clock;
    case QueryClock::kWall:
      return now;
    case QueryClock::kDefault:
      break;
  }
  return std::max(now, log_clock);
}

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_QUERY_CLOCK_H_
