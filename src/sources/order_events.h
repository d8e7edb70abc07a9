// The simulator's events as messages.
#ifndef FLYWHEEL_SOURCES_ORDER_EVENTS_H_
#define FLYWHEEL_SOURCES_ORDER_EVENTS_H_

#include "flywheel/events/v1/event.pb.h"
#include "sources/marketplace.h"
#include "sources/order_life.h"

namespace flywheel {

// Fills an empty event with one step of an order's life.
void MakeOrderEvent(const Marketplace& marketplace, const OrderLife& life, const LifeStep& step,
                    events::v1::Event* event);

// Fills an empty event with news of a seller.
void MakeSellerEvent(const Marketplace& marketplace, const SellerStep& step,
                     events::v1::Event* event);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_ORDER_EVENTS_H_
