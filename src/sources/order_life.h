// What becomes of one simulated order, from the purchase to the last refund.
#ifndef FLYWHEEL_SOURCES_ORDER_LIFE_H_
#define FLYWHEEL_SOURCES_ORDER_LIFE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "base/strong.h"
#include "events/vocabulary.h"
#include "sources/marketplace.h"

namespace flywheel {

// All that distinguishes an order; its life follows from this and the marketplace.
struct OrderSeed {
  Instant placed;
  uint32_t index = 0;  // from 0, in the order of the purchases
  uint32_t buyer = 0;
  uint32_t seller = 0;
  uint8_t market = 0;
};

// One event of an order's life.
struct LifeStep {
  Instant occurred;
  Instant published;
  uint32_t draw = 0;  // decides what is of no consequence: words, the event_id
  EventKind kind = EventKind::kNone;
  uint8_t code = 0;     // by kind: scan code, outcome, removed by, rejection, refund kind
  uint8_t thing = 0;    // index of the parcel, complaint, or refund
  uint8_t message = 0;  // index of a message in its complaint
  Actor actor = Actor::kUnspecified;
  bool other_id = false;  // a repeat that carries an event_id of its own
};

struct LifeLine {
  uint32_t offer = 0;  // of the seller
  int32_t quantity = 1;
  int64_t unit_price = 0;
};

struct LifeParcel {
  bool back = false;  // belongs to the return
  uint8_t lines = 0;  // a bit for each line; 0: all
};

struct LifeComplaint {
  ComplaintKind kind = ComplaintKind::kDispute;
  ComplaintReason reason = ComplaintReason::kOther;
  Expectation expectation = Expectation::kUnspecified;
};

struct LifeRefund {
  int64_t amount = 0;
  bool of_return = false;
  int8_t complaint = -1;  // index, or none
};

struct LifeReview {
  bool recommended = false;
  std::array<int32_t, 4> rates{};  // delivery, delivery cost, description, service
  bool worded = false;
};

// Another purchase of the same buyer that this order leads to.
struct Comeback {
  Instant at;
  bool wanted = false;
  bool same_seller = false;
};

// The whole life. The vectors keep their memory from one order to the next.
struct OrderLife {
  static constexpr size_t kMaxLines = 6;

  OrderSeed seed;
  std::vector<LifeLine> lines;
  int64_t total = 0;
  DeliveryMethod method = DeliveryMethod::kCourier;
  int64_t delivery_price = 0;
  int64_t delivery_paid = 0;
  Payer covered_by = Payer::kUnspecified;
  bool smart = false;
  Instant dispatch_by;
  Instant delivery_by;
  std::vector<LifeParcel> parcels;
  std::vector<LifeComplaint> complaints;
  std::vector<LifeRefund> refunds;
  LifeReview review;
  LifeReview edited;
  uint8_t returned_lines = 0;  // a bit for each line
  ReturnReason return_reason = ReturnReason::kNone;
  int64_t label_price = 0;
  int64_t label_paid = 0;
  Payer label_covered_by = Payer::kUnspecified;
  Comeback comeback;
  std::vector<LifeStep> steps;  // by published
};

// Makes `*life` the life of the order: a pure function of the marketplace and the seed. Steps
// happen in a causal order; with no disorder in the options they are published in it as well.
void MakeOrderLife(const Marketplace& marketplace, const OrderSeed& seed, OrderLife* life);

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_ORDER_LIFE_H_
