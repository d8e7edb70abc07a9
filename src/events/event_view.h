// An event seen through its wire bytes: the fields that are needed, as views, without building a
// message.
//
// The views mirror flywheel.events.v1 field by field. Their string_views point into the scanned
// bytes and live as long as those. A field that is not on the wire has its default value: empty, 0,
// false, kNone, not given.
#ifndef FLYWHEEL_EVENTS_EVENT_VIEW_H_
#define FLYWHEEL_EVENTS_EVENT_VIEW_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/money.h"
#include "base/strong.h"
#include "events/vocabulary.h"

namespace flywheel {

// A repeated field: the bytes of the message from its first element to its last (other fields may
// stand between them). Iterate with ForEach (wire_scan.h).
template <class Element>
struct RepeatedView {
  std::string_view message;
  int field_number = 0;
  int count = 0;  // elements on the wire
};

struct OrderLineView {
  std::string_view line_id;
  std::string_view offer_id;
  int32_t quantity = 0;
  Money unit_price;
};
struct LineQuantityView {
  std::string_view line_id;
  int32_t quantity = 0;
};
struct ReturnItemView {
  std::string_view line_id;
  int32_t quantity = 0;
  ReturnReason reason = ReturnReason::kUnspecified;
  std::string_view comment;
};
struct RatesView {
  int32_t delivery = 0;
  int32_t delivery_cost = 0;
  int32_t description = 0;
  int32_t service = 0;
};
struct DeliveryView {
  bool given = false;
  DeliveryMethod method = DeliveryMethod::kUnspecified;
  std::string_view carrier_id;
  Money list_price;
  Money price_paid_by_buyer;
  Payer covered_by = Payer::kUnspecified;
  bool smart = false;
  std::optional<Instant> promised_dispatch_by;
  std::optional<Instant> promised_delivery_by;
};

struct SellerRegisteredView {
  bool business = false;
  bool pharmacy = false;
  RepeatedView<std::string_view> markets;
  std::optional<Instant> registered_at;
};
struct SellerStandingChangedView {
  bool fees_paid = false;
  bool regulation_breach = false;
  bool super_seller = false;
  bool free_returns = false;    // return_policy.free_returns
  int32_t withdrawal_days = 0;  // return_policy.withdrawal_days
  bool return_policy_given = false;
  int32_t smart_delivery_methods = 0;
};
struct OrderPlacedView {
  std::string_view order_id;
  std::string_view buyer_id;
  RepeatedView<OrderLineView> lines;
  Money total;
  DeliveryView delivery;
};
struct OrderPaidView {
  std::string_view order_id;
};
struct OrderCancelledView {
  std::string_view order_id;
  Actor by = Actor::kUnspecified;
  std::string_view reason;
};
struct ParcelRegisteredView {
  std::string_view order_id;
  std::string_view parcel_id;
  std::string_view carrier_id;
  Direction direction = Direction::kUnspecified;
  RepeatedView<LineQuantityView> lines;
  std::string_view return_id;
  Money list_price;
  Money price_paid_by_buyer;
  Payer covered_by = Payer::kUnspecified;
};
struct ParcelScannedView {
  std::string_view order_id;
  std::string_view parcel_id;
  ScanCode code = ScanCode::kUnspecified;
  std::string_view location;
};
struct ComplaintOpenedView {
  std::string_view order_id;
  std::string_view complaint_id;
  std::string_view buyer_id;
  ComplaintKind kind = ComplaintKind::kUnspecified;
  ComplaintReason reason = ComplaintReason::kUnspecified;
  Expectation expectation = Expectation::kUnspecified;
  std::string_view message;
};
struct ComplaintMessagePostedView {
  std::string_view order_id;
  std::string_view complaint_id;
  std::string_view message_id;
  Actor author = Actor::kUnspecified;
  std::string_view text;
};
struct ComplaintResolvedView {
  std::string_view order_id;
  std::string_view complaint_id;
  Outcome outcome = Outcome::kUnspecified;
  std::string_view reason;
  Actor by = Actor::kUnspecified;
};
struct ComplaintReopenedView {
  std::string_view order_id;
  std::string_view complaint_id;
  Actor by = Actor::kUnspecified;
  std::string_view reason;
};
struct ComplaintEscalatedView {
  std::string_view order_id;
  std::string_view complaint_id;
  Actor by = Actor::kUnspecified;
  std::string_view reason;
};
struct ReviewPostedView {
  std::string_view order_id;
  std::string_view review_id;
  std::string_view buyer_id;
  bool recommended = false;
  RatesView rates;
  std::string_view comment;
};
struct ReviewEditedView {
  std::string_view order_id;
  std::string_view review_id;
  bool recommended = false;
  RatesView rates;
  std::string_view comment;
};
struct ReviewAnsweredView {
  std::string_view order_id;
  std::string_view review_id;
  std::string_view text;
};
struct ReviewRemovalRequestedView {
  std::string_view order_id;
  std::string_view review_id;
  std::string_view reason;
};
struct ReviewRemovedView {
  std::string_view order_id;
  std::string_view review_id;
  RemovedBy by = RemovedBy::kUnspecified;
};
struct ReturnFiledView {
  std::string_view order_id;
  std::string_view return_id;
  std::string_view reference_number;
  std::string_view buyer_id;
  RepeatedView<ReturnItemView> items;
};
struct ReturnAcceptedView {
  std::string_view order_id;
  std::string_view return_id;
  std::string_view reason;
};
struct ReturnRejectedView {
  std::string_view order_id;
  std::string_view return_id;
  ReturnRejection code = ReturnRejection::kUnspecified;
  std::string_view reason;
};
struct ReturnClosedView {
  std::string_view order_id;
  std::string_view return_id;
  std::string_view reason;
};
struct RefundIssuedView {
  std::string_view order_id;
  std::string_view refund_id;
  std::string_view return_id;
  std::string_view complaint_id;
  Money amount;
  RefundKind kind = RefundKind::kUnspecified;
  std::string_view reason;
};
struct PolicyPublishedView {
  std::string_view policy;  // bytes of flywheel.policy.v1.Policy
  uint32_t version = 0;
  std::optional<Instant> effective_from;
};
struct BuyerErasedView {
  std::string_view buyer_id;
};
struct TimePassedView {};

// The alternatives stand in the order of EventKind: index = kind - 15 (0 is "no payload").
using PayloadView =
    std::variant<std::monostate, SellerRegisteredView, SellerStandingChangedView, OrderPlacedView,
                 OrderPaidView, OrderCancelledView, ParcelRegisteredView, ParcelScannedView,
                 ComplaintOpenedView, ComplaintMessagePostedView, ComplaintResolvedView,
                 ComplaintReopenedView, ComplaintEscalatedView, ReviewPostedView, ReviewEditedView,
                 ReviewAnsweredView, ReviewRemovalRequestedView, ReviewRemovedView, ReturnFiledView,
                 ReturnAcceptedView, ReturnRejectedView, ReturnClosedView, RefundIssuedView,
                 PolicyPublishedView, BuyerErasedView, TimePassedView>;

struct EventView {
  std::string_view bytes;  // the whole Event
  std::string_view event_id;
  std::optional<Instant> occurred_at;
  std::optional<Instant> recorded_at;
  std::string_view seller_id;
  std::string_view market;
  std::string_view source;
  std::string_view correlation_id;
  std::string_view causation_id;
  Actor actor = Actor::kUnspecified;
  EventKind kind = EventKind::kNone;
  std::string_view payload_bytes;  // the payload message's bytes
  PayloadView payload;
};

// The order that the event speaks of; empty for the events that speak of none.
std::string_view OrderOf(const EventView& event);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EVENT_VIEW_H_
