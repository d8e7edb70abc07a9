#include "projections/facts/fact.h"

#include "base/status.h"
#include "events/wire_scan.h"

namespace flywheel {
namespace {

// Turns each payload into the body that a row keeps; `buyer` receives the buyer_id where the
// payload has one.
struct BodyOf {
  std::string_view* buyer;

  FactBody operator()(const OrderPlacedView& view) const {
    *buyer = view.buyer_id;
    OrderPlacedFact fact;
    ForEach(view.lines, [&fact](const OrderLineView& line) {
      fact.lines.push_back({line.line_id, line.quantity, line.unit_price});
    });
    fact.total = view.total;
    fact.delivery = view.delivery;
    return fact;
  }
  FactBody operator()(const OrderPaidView&) const { return OrderPaidFact{}; }
  FactBody operator()(const OrderCancelledView& view) const { return OrderCancelledFact{view.by}; }
  FactBody operator()(const ParcelRegisteredView& view) const {
    ParcelRegisteredFact fact;
    fact.parcel_id = view.parcel_id;
    fact.carrier_id = view.carrier_id;
    fact.direction = view.direction;
    ForEach(view.lines, [&fact](const LineQuantityView& line) {
      fact.lines.push_back({line.line_id, line.quantity});
    });
    fact.return_id = view.return_id;
    fact.list_price = view.list_price;
    fact.price_paid_by_buyer = view.price_paid_by_buyer;
    fact.covered_by = view.covered_by;
    return fact;
  }
  FactBody operator()(const ParcelScannedView& view) const {
    return ParcelScannedFact{view.parcel_id, view.code};
  }
  FactBody operator()(const ComplaintOpenedView& view) const {
    *buyer = view.buyer_id;
    return ComplaintOpenedFact{view.complaint_id, view.kind, view.reason, view.expectation};
  }
  FactBody operator()(const ComplaintMessagePostedView& view) const {
    return ComplaintMessagePostedFact{view.complaint_id, view.message_id, view.author};
  }
  FactBody operator()(const ComplaintResolvedView& view) const {
    return ComplaintResolvedFact{view.complaint_id, view.outcome, view.by};
  }
  FactBody operator()(const ComplaintReopenedView& view) const {
    return ComplaintReopenedFact{view.complaint_id, view.by};
  }
  FactBody operator()(const ComplaintEscalatedView& view) const {
    return ComplaintEscalatedFact{view.complaint_id, view.by};
  }
  FactBody operator()(const ReviewPostedView& view) const {
    *buyer = view.buyer_id;
    return ReviewPostedFact{view.review_id, view.recommended, view.rates};
  }
  FactBody operator()(const ReviewEditedView& view) const {
    return ReviewEditedFact{view.review_id, view.recommended, view.rates};
  }
  FactBody operator()(const ReviewAnsweredView& view) const {
    return ReviewAnsweredFact{view.review_id};
  }
  FactBody operator()(const ReviewRemovalRequestedView& view) const {
    return ReviewRemovalRequestedFact{view.review_id};
  }
  FactBody operator()(const ReviewRemovedView& view) const {
    return ReviewRemovedFact{view.review_id, view.by};
  }
  FactBody operator()(const ReturnFiledView& view) const {
    *buyer = view.buyer_id;
    ReturnFiledFact fact;
    fact.return_id = view.return_id;
    ForEach(view.items, [&fact](const ReturnItemView& item) {
      fact.items.push_back({item.line_id, item.quantity, item.reason});
    });
    return fact;
  }
  FactBody operator()(const ReturnAcceptedView& view) const {
    return ReturnAcceptedFact{view.return_id};
  }
  FactBody operator()(const ReturnRejectedView& view) const {
    return ReturnRejectedFact{view.return_id, view.code};
  }
  FactBody operator()(const ReturnClosedView& view) const {
    return ReturnClosedFact{view.return_id};
  }
  FactBody operator()(const RefundIssuedView& view) const {
    return RefundIssuedFact{view.refund_id, view.return_id, view.complaint_id, view.amount,
                            view.kind};
  }
  template <class Other>
  FactBody operator()(const Other&) const {
    FLYWHEEL_CHECK(false, "a fact is about an order");
    return OrderPaidFact{};
  }
};

struct IdOfBody {
  std::string_view operator()(const OrderPlacedFact&) const { return {}; }
  std::string_view operator()(const OrderPaidFact&) const { return {}; }
  std::string_view operator()(const OrderCancelledFact&) const { return {}; }
  std::string_view operator()(const ParcelRegisteredFact& fact) const { return fact.parcel_id; }
  std::string_view operator()(const ParcelScannedFact& fact) const { return fact.parcel_id; }
  std::string_view operator()(const RefundIssuedFact& fact) const { return fact.refund_id; }
  template <class Body>
  std::string_view operator()(const Body& fact) const {
    if constexpr (requires { fact.complaint_id; }) {
      return fact.complaint_id;
    } else if constexpr (requires { fact.review_id; }) {
      return fact.review_id;
    } else {
      return fact.return_id;
    }
  }
};

}  // namespace

Fact FactOf(const EventView& event, Place place, Instant recorded_at) {
  Fact fact;
  fact.kind = event.kind;
  fact.place = place;
  fact.occurred_at = *event.occurred_at;
  fact.recorded_at = recorded_at;
  fact.market = MarketCode(event.market);
  fact.body = std::visit(BodyOf{&fact.buyer_id}, event.payload);
  return fact;
}

std::string_view SubjectIdOf(const Fact& fact) { return std::visit(IdOfBody{}, fact.body); }

}  // namespace flywheel
