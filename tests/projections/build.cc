#include "projections/build.h"

#include "absl/time/time.h"

namespace flywheel::build {

Instant At(std::string_view rfc3339) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, std::string(rfc3339), &time, &error)) std::abort();
  return Instant(absl::ToUnixMillis(time));
}

pb::Event Event(Instant occurred_at) {
  pb::Event event;
  event.set_event_id("018f4e5c-0000-7000-8000-000000000001");
  Set(event.mutable_occurred_at(), occurred_at);
  event.set_seller_id("s");
  event.set_market("PL");
  event.set_source("test");
  return event;
}

pb::Event Placed(std::string_view order, std::string_view buyer, Instant at) {
  pb::Event event = Event(at);
  auto* placed = event.mutable_order_placed();
  placed->set_order_id(std::string(order));
  placed->set_buyer_id(std::string(buyer));
  auto* line = placed->add_lines();
  line->set_line_id("1");
  line->set_quantity(3);
  line->mutable_unit_price()->set_amount_minor(1000);
  line->mutable_unit_price()->set_currency("PLN");
  placed->mutable_total()->set_amount_minor(3500);
  placed->mutable_total()->set_currency("PLN");
  placed->mutable_delivery()->set_method(pb::DeliveryMethod::LOCKER);
  return event;
}

pb::Event Scanned(std::string_view order, std::string_view parcel, pb::ScanCode::Value code,
                  Instant at) {
  pb::Event event = Event(at);
  auto* scanned = event.mutable_parcel_scanned();
  scanned->set_order_id(std::string(order));
  scanned->set_parcel_id(std::string(parcel));
  scanned->set_code(code);
  return event;
}

pb::Event Posted(std::string_view order, std::string_view review, std::string_view buyer,
                 bool recommended, Instant at) {
  pb::Event event = Event(at);
  auto* posted = event.mutable_review_posted();
  posted->set_order_id(std::string(order));
  posted->set_review_id(std::string(review));
  posted->set_buyer_id(std::string(buyer));
  posted->set_recommended(recommended);
  posted->mutable_rates()->set_service(recommended ? 5 : 1);
  return event;
}

pb::Event Edited(std::string_view order, std::string_view review, bool recommended, Instant at) {
  pb::Event event = Event(at);
  auto* edited = event.mutable_review_edited();
  edited->set_order_id(std::string(order));
  edited->set_review_id(std::string(review));
  edited->set_recommended(recommended);
  return event;
}

pb::Event Answered(std::string_view order, std::string_view review, Instant at) {
  pb::Event event = Event(at);
  event.mutable_review_answered()->set_order_id(std::string(order));
  event.mutable_review_answered()->set_review_id(std::string(review));
  return event;
}

pb::Event Removed(std::string_view order, std::string_view review, pb::RemovedBy::Value by,
                  Instant at) {
  pb::Event event = Event(at);
  event.mutable_review_removed()->set_order_id(std::string(order));
  event.mutable_review_removed()->set_review_id(std::string(review));
  event.mutable_review_removed()->set_by(by);
  return event;
}

pb::Event Filed(std::string_view order, std::string_view id, std::string_view buyer, int quantity,
                Instant at) {
  pb::Event event = Event(at);
  auto* filed = event.mutable_return_filed();
  filed->set_order_id(std::string(order));
  filed->set_return_id(std::string(id));
  filed->set_buyer_id(std::string(buyer));
  auto* item = filed->add_items();
  item->set_line_id("1");
  item->set_quantity(quantity);
  item->set_reason(pb::ReturnReason::DAMAGED);
  return event;
}

pb::Event Rejected(std::string_view order, std::string_view id, Instant at) {
  pb::Event event = Event(at);
  event.mutable_return_rejected()->set_order_id(std::string(order));
  event.mutable_return_rejected()->set_return_id(std::string(id));
  event.mutable_return_rejected()->set_code(pb::ReturnRejection::ITEM_MISMATCH);
  return event;
}

pb::Event Refunded(std::string_view order, std::string_view id, int64_t amount_minor, Instant at) {
  pb::Event event = Event(at);
  auto* refund = event.mutable_refund_issued();
  refund->set_order_id(std::string(order));
  refund->set_refund_id(std::string(id));
  refund->mutable_amount()->set_amount_minor(amount_minor);
  refund->mutable_amount()->set_currency("PLN");
  refund->set_kind(pb::RefundKind::ORDER);
  return event;
}

std::string Record(pb::Event event, Instant recorded_at) {
  Set(event.mutable_recorded_at(), recorded_at);
  log::v1::Record record;
  *record.mutable_event() = std::move(event);
  return record.SerializeAsString();
}

}  // namespace flywheel::build
