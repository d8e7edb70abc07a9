// Events that a simulated marketplace should not publish, each made to be refused for one reason.
#ifndef FLYWHEEL_SOURCES_DIRT_H_
#define FLYWHEEL_SOURCES_DIRT_H_

#include <cstdint>
#include <string_view>

#include "flywheel/events/v1/event.pb.h"
#include "sources/marketplace.h"
#include "sources/order_life.h"
#include "sources/simulator.h"

namespace flywheel {

// What is wrong with an event, and what becomes of it.
enum class Dirt : uint8_t {
  kUndecodable,    // cut off on its way: UNDECODABLE
  kUnknownMarket,  // of a market that nobody knows: INVALID
  kWrongMarket,    // of another market than its order's: WRONG_MARKET
  kUnknownOrder,   // about an order that never comes: waits, then WAIT_EXPIRED
  kWrongBuyer,     // a complaint by somebody who did not buy: WRONG_BUYER
  kOverRefund,     // more money than the order's total: OVER_REFUND
  kOverReturn,     // more of a line than was bought: OVER_RETURN
  kLateReview,     // of an order that has none, 400 days after the purchase: REVIEW_TOO_LATE
};
// "undecodable", "unknownMarket", ...
std::string_view NameOf(Dirt dirt);

// When a review is too late, after the purchase.
inline constexpr int64_t kLateReviewMillis = 400 * kMillisPerDay;

// Fills an empty event with dirt that goes with a step of an order's life: at the step's instant,
// about its order. One of kUndecodable is whole, for whoever cuts it off. Other draws give other
// acts.
void MakeDirtyEvent(const Marketplace& marketplace, const OrderLife& life, const LifeStep& step,
                    Dirt dirt, uint64_t draw, events::v1::Event* event);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_DIRT_H_
