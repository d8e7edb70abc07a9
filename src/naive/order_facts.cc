#include "naive/order_facts.h"

#include "naive/calendar.h"
#include "naive/event_reading.h"

namespace flywheel::naive {
namespace {

using events::v1::Event;

void ApplyPlaced(Order& order, const Event& event, int64_t at) {
  const events::v1::OrderPlaced& placed = event.order_placed();
  order.known = true;
  order.market = event.market();
  order.buyer_id = placed.buyer_id();
  order.placed_at = at;
  order.total = placed.total().amount_minor();
  order.currency = placed.total().currency();
  for (const events::v1::OrderLine& line : placed.lines()) {
    order.bought[line.line_id()] += line.quantity();
  }
  if (placed.delivery().has_promised_dispatch_by()) {
    order.promised_dispatch_by = MillisOf(placed.delivery().promised_dispatch_by());
  }
}

void ApplyReview(Order& order, const Event& event, int64_t at) {
  if (event.has_review_posted()) {
    const events::v1::ReviewPosted& review = event.review_posted();
    order.review = PostedReview{review.review_id(), at, OpinionOf(review)};
  } else if (event.has_review_edited()) {
    const events::v1::ReviewEdited& edit = event.review_edited();
    order.edits.push_back({edit.review_id(), at, OpinionOf(edit)});
  } else if (event.has_review_answered()) {
    order.answers.push_back({event.review_answered().review_id(), at});
  } else if (event.has_review_removed()) {
    order.removals.push_back({event.review_removed().review_id(), at, event.review_removed().by()});
  }
}

void ApplyParcel(Order& order, const Event& event, int64_t at) {
  if (event.has_parcel_registered()) {
    const events::v1::ParcelRegistered& parcel = event.parcel_registered();
    order.parcels.push_back({parcel.parcel_id(), at, parcel.direction(), parcel.return_id()});
  } else if (event.has_parcel_scanned()) {
    order.scans.push_back({event.parcel_scanned().parcel_id(), at, event.parcel_scanned().code()});
  }
}

void ApplyComplaint(Order& order, const Event& event, int64_t at) {
  if (event.has_complaint_opened()) {
    const events::v1::ComplaintOpened& opened = event.complaint_opened();
    order.complaints.push_back({opened.complaint_id(), at, opened.kind()});
  } else if (event.has_complaint_message_posted()) {
    const events::v1::ComplaintMessagePosted& message = event.complaint_message_posted();
    order.messages.push_back({message.complaint_id(), at, message.author()});
  } else if (event.has_complaint_resolved()) {
    const events::v1::ComplaintResolved& resolved = event.complaint_resolved();
    order.resolutions.push_back({resolved.complaint_id(), at, resolved.by()});
  } else if (event.has_complaint_reopened()) {
    const events::v1::ComplaintReopened& reopened = event.complaint_reopened();
    order.reopenings.push_back({reopened.complaint_id(), at, reopened.by()});
  }
}

void ApplyReturn(Order& order, const Event& event, int64_t at) {
  if (event.has_return_filed()) {
    const events::v1::ReturnFiled& filed = event.return_filed();
    order.returns.push_back({filed.return_id(), at, ItemsOf(filed)});
  } else if (event.has_return_accepted()) {
    order.return_decisions.push_back({event.return_accepted().return_id(), at, false});
  } else if (event.has_return_rejected()) {
    order.return_decisions.push_back({event.return_rejected().return_id(), at, true});
  } else if (event.has_return_closed()) {
    order.return_closures.push_back({event.return_closed().return_id(), at});
  } else if (event.has_refund_issued()) {
    const events::v1::RefundIssued& refund = event.refund_issued();
    if (refund.kind() != events::v1::RefundKind::ORDER) return;
    order.refunds.push_back({refund.return_id(), refund.complaint_id(), at,
                             refund.amount().amount_minor(), refund.amount().currency()});
  }
}

}  // namespace

std::map<std::string, int64_t> ItemsOf(const events::v1::ReturnFiled& filed) {
  std::map<std::string, int64_t> items;
  for (const events::v1::ReturnItem& item : filed.items()) items[item.line_id()] += item.quantity();
  return items;
}

// Each of the parts takes what is its own.
void Apply(Order& order, const Event& event) {
  const int64_t at = MillisOf(event.occurred_at());
  if (event.has_order_placed()) ApplyPlaced(order, event, at);
  if (event.has_order_cancelled()) order.cancelled_at = at;
  ApplyReview(order, event, at);
  ApplyParcel(order, event, at);
  ApplyComplaint(order, event, at);
  ApplyReturn(order, event, at);
}

}  // namespace flywheel::naive
