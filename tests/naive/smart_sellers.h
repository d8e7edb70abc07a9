// Sellers on their way to Smart!.
#ifndef FLYWHEEL_TESTS_NAIVE_SMART_SELLERS_H_
#define FLYWHEEL_TESTS_NAIVE_SMART_SELLERS_H_

#include <cstdint>
#include <string>

#include "naive/history.h"
#include "naive/service_events.h"

namespace flywheel::naive {

inline const int64_t kStart = At("2024-03-01T10:00:00Z");
// A day later: when Rate's reviews are posted.
inline const int64_t kRated = At("2024-03-02T10:00:00Z");

// Registered at kStart, in good standing with free returns: only ratings are missing.
inline History StandingSeller() {
  History history;
  history.Add(Registered(kStart));
  history.Add(GoodStanding(kStart));
  return history;
}

// Orders of new buyers ("buyer 0", "buyer 1", ...), placed at kStart and reviewed at kRated.
inline void Rate(History& history, int recommending, int others) {
  const Seller* seller = history.replay().FindSeller("s");
  int64_t number = seller == nullptr ? 0 : static_cast<int64_t>(seller->orders.size());
  for (int i = 0; i < recommending + others; ++i, ++number) {
    const std::string order = "r" + std::to_string(number);
    const std::string buyer = "buyer " + std::to_string(number);
    history.Add(Placed(order, kStart, buyer));
    history.Add(Reviewed(order, kRated, i < recommending, buyer));
  }
}

}  // namespace flywheel::naive

#endif  // FLYWHEEL_TESTS_NAIVE_SMART_SELLERS_H_
