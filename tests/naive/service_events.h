// Events of sellers, parcels, complaints and returns, beside those of history.h.
#ifndef FLYWHEEL_TESTS_NAIVE_SERVICE_EVENTS_H_
#define FLYWHEEL_TESTS_NAIVE_SERVICE_EVENTS_H_

#include <cstdint>
#include <string>

#include "naive/history.h"

namespace flywheel::naive {

using events::v1::Actor;
using events::v1::ComplaintKind;
using events::v1::Direction;
using events::v1::RefundKind;
using events::v1::ScanCode;

inline constexpr int64_t kHour = 60 * 60 * kSecond;

// A business, no pharmacy.
inline Event Registered(int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_seller_registered()->set_business(true);
  return event;
}

// Fees paid, no breach, free returns for 14 days.
inline Event GoodStanding(int64_t occurred_at, const std::string& market = "PL") {
  Event event = Standing(occurred_at, market);
  auto* returns = event.mutable_seller_standing_changed()->mutable_return_policy();
  returns->set_free_returns(true);
  returns->set_withdrawal_days(14);
  return event;
}

inline Event SuperStanding(int64_t occurred_at) {
  Event event = GoodStanding(occurred_at);
  event.mutable_seller_standing_changed()->set_super_seller(true);
  return event;
}

inline Event PromisedBy(int64_t promised_dispatch_by, Event placed) {
  Set(placed.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by(),
      promised_dispatch_by);
  return placed;
}

inline Event Cancelled(const std::string& order_id, int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_order_cancelled()->set_order_id(order_id);
  return event;
}

// Parcel "p", or the one of a return.
inline Event Parcel(const std::string& order_id, int64_t occurred_at,
                    Direction::Value direction = Direction::OUTBOUND,
                    const std::string& return_id = "", const std::string& parcel_id = "p") {
  Event event = Envelope(occurred_at);
  auto* parcel = event.mutable_parcel_registered();
  parcel->set_order_id(order_id);
  parcel->set_parcel_id(parcel_id);
  parcel->set_direction(direction);
  parcel->set_return_id(return_id);
  return event;
}

inline Event ScannedParcel(const std::string& order_id, const std::string& parcel_id,
                           int64_t occurred_at) {
  Event event = Scanned(order_id, occurred_at);
  event.mutable_parcel_scanned()->set_parcel_id(parcel_id);
  return event;
}

// Complaint "c" of buyer "b".
inline Event Complained(const std::string& order_id, int64_t occurred_at,
                        ComplaintKind::Value kind = ComplaintKind::DISPUTE) {
  Event event = Envelope(occurred_at);
  auto* opened = event.mutable_complaint_opened();
  opened->set_order_id(order_id);
  opened->set_complaint_id("c");
  opened->set_buyer_id("b");
  opened->set_kind(kind);
  return event;
}

inline Event Messaged(const std::string& order_id, int64_t occurred_at,
                      Actor::Value author = Actor::SELLER) {
  Event event = Envelope(occurred_at);
  auto* message = event.mutable_complaint_message_posted();
  message->set_order_id(order_id);
  message->set_complaint_id("c");
  message->set_message_id("m:" + std::to_string(occurred_at) + ":" + std::to_string(author));
  message->set_author(author);
  return event;
}

inline Event Resolved(const std::string& order_id, int64_t occurred_at,
                      Actor::Value by = Actor::SELLER) {
  Event event = Envelope(occurred_at);
  auto* resolved = event.mutable_complaint_resolved();
  resolved->set_order_id(order_id);
  resolved->set_complaint_id("c");
  resolved->set_by(by);
  return event;
}

inline Event Reopened(const std::string& order_id, int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_complaint_reopened()->set_order_id(order_id);
  event.mutable_complaint_reopened()->set_complaint_id("c");
  return event;
}

inline Event ReturnClosed(const std::string& order_id, const std::string& return_id,
                          int64_t occurred_at) {
  Event event = Envelope(occurred_at);
  event.mutable_return_closed()->set_order_id(order_id);
  event.mutable_return_closed()->set_return_id(return_id);
  return event;
}

// One grosz of the order, for a return.
inline Event RefundedFor(const std::string& return_id, const std::string& order_id,
                         int64_t occurred_at, RefundKind::Value kind = RefundKind::ORDER) {
  Event event = Refunded(order_id, "f:" + std::to_string(occurred_at), occurred_at, 1, "PLN", kind);
  event.mutable_refund_issued()->set_return_id(return_id);
  return event;
}

}  // namespace flywheel::naive

#endif  // FLYWHEEL_TESTS_NAIVE_SERVICE_EVENTS_H_
