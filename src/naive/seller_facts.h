// What the accepted events of a seller itself say.
#ifndef FLYWHEEL_NAIVE_SELLER_FACTS_H_
#define FLYWHEEL_NAIVE_SELLER_FACTS_H_

#include <cstdint>
#include <string>

#include "flywheel/events/v1/payloads.pb.h"
#include "naive/place.h"

namespace flywheel::naive {

struct Registration {
  Place place;
  int64_t occurred_at = 0;
  events::v1::SellerRegistered payload;
};

struct Standing {
  Place place;
  int64_t occurred_at = 0;
  std::string market;
  events::v1::SellerStandingChanged payload;
};

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_SELLER_FACTS_H_
