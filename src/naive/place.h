// Where a record stands, and which kind of event it may hold.
#ifndef FLYWHEEL_NAIVE_PLACE_H_
#define FLYWHEEL_NAIVE_PLACE_H_

#include <compare>
#include <cstdint>

#include "flywheel/events/v1/event.pb.h"

namespace flywheel::naive {

using Kind = events::v1::Event::PayloadCase;

struct Place {
  int32_t partition = 0;
  int64_t offset = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_PLACE_H_
