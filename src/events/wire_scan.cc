#include "events/wire_scan.h"

#include <new>
#include <type_traits>

#include "events/wire_reader.h"

namespace flywheel {
namespace {

using wire::Bytes;
using wire::Varint;

// Reads the value of a field when its tag is the one that was read last, and the next tag.
#define FLYWHEEL_FIELD(tag, read)         \
  if (in.Is(tag)) {                       \
    FLYWHEEL_RETURN_UNLESS_OK(read);      \
    FLYWHEEL_RETURN_UNLESS_OK(in.Next()); \
  }                                       \
  static_assert(true)
// ... as often as it comes.
#define FLYWHEEL_REPEATED_FIELD(tag, read) \
  while (in.Is(tag)) {                     \
    FLYWHEEL_RETURN_UNLESS_OK(read);       \
    FLYWHEEL_RETURN_UNLESS_OK(in.Next());  \
  }                                        \
  static_assert(true)

// One function per message: Fields reads its known fields into the view's members of that name. The
// fields stand in the order in which encoders write them, so that one pass of compares that are
// nearly always predicted takes a message; Message repeats the pass for those in another order.
// What a pass leaves, also a known field with another wire type than the schema's, is unknown and
// skipped.
template <Utf8Check kUtf8>
struct Scan {
  using In = wire::Reader<kUtf8>;

  // All fields of a message.
  template <class View>
  FLYWHEEL_INLINE static ScanResult Message(In in, View& view) {
    FLYWHEEL_RETURN_UNLESS_OK(in.Next());
    while (in.tag() != wire::kNoTag) {
      const char* field_at = in.field_at();
      FLYWHEEL_RETURN_UNLESS_OK(Fields(in, view));
      if (in.field_at() != field_at) continue;
      FLYWHEEL_RETURN_UNLESS_OK(in.Skip());
      FLYWHEEL_RETURN_UNLESS_OK(in.Next());
    }
    return ScanResult::kOk;
  }

  // A singular message field.
  template <class View>
  FLYWHEEL_INLINE static ScanResult Nested(In& in, uint32_t field, View& view) {
    std::string_view message;
    FLYWHEEL_RETURN_UNLESS_OK(in.Once(field, message));
    return Message(In(message, in.readable_end()), view);
  }

  // One element of a repeated message field. It is read to be checked; the view only says where it
  // stands.
  template <class Element>
  FLYWHEEL_INLINE static ScanResult Repeated(In& in, uint32_t field, RepeatedView<Element>& view) {
    std::string_view message;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(message));
    in.Count(field, view);
    Element element;
    return Message(In(message, in.readable_end()), element);
  }
  FLYWHEEL_INLINE static ScanResult Repeated(In& in, uint32_t field,
                                             RepeatedView<std::string_view>& view) {
    std::string_view text;
    FLYWHEEL_RETURN_UNLESS_OK(in.Text(text));
    in.Count(field, view);
    return ScanResult::kOk;
  }

  FLYWHEEL_INLINE static ScanResult Fields(In& in, Money& view) {
    FLYWHEEL_FIELD(Varint(1), in.Int64(view.amount_minor));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.currency));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, OrderLineView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.line_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.offer_id));
    FLYWHEEL_FIELD(Varint(3), in.Int32(view.quantity));
    FLYWHEEL_FIELD(Bytes(4), Nested(in, 4, view.unit_price));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, LineQuantityView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.line_id));
    FLYWHEEL_FIELD(Varint(2), in.Int32(view.quantity));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnItemView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.line_id));
    FLYWHEEL_FIELD(Varint(2), in.Int32(view.quantity));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.reason));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.comment));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, RatesView& view) {
    FLYWHEEL_FIELD(Varint(1), in.Int32(view.delivery));
    FLYWHEEL_FIELD(Varint(2), in.Int32(view.delivery_cost));
    FLYWHEEL_FIELD(Varint(3), in.Int32(view.description));
    FLYWHEEL_FIELD(Varint(4), in.Int32(view.service));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, DeliveryView& view) {
    FLYWHEEL_FIELD(Varint(1), in.EnumValue(view.method));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.carrier_id));
    FLYWHEEL_FIELD(Bytes(3), Nested(in, 3, view.list_price));
    FLYWHEEL_FIELD(Bytes(4), Nested(in, 4, view.price_paid_by_buyer));
    FLYWHEEL_FIELD(Varint(5), in.EnumValue(view.covered_by));
    FLYWHEEL_FIELD(Varint(6), in.Bool(view.smart));
    FLYWHEEL_FIELD(Bytes(7), in.Moment(7, view.promised_dispatch_by));
    FLYWHEEL_FIELD(Bytes(8), in.Moment(8, view.promised_delivery_by));
    return ScanResult::kOk;
  }

  FLYWHEEL_INLINE static ScanResult Fields(In& in, SellerRegisteredView& view) {
    FLYWHEEL_FIELD(Varint(1), in.Bool(view.business));
    FLYWHEEL_FIELD(Varint(2), in.Bool(view.pharmacy));
    FLYWHEEL_REPEATED_FIELD(Bytes(3), Repeated(in, 3, view.markets));
    FLYWHEEL_FIELD(Bytes(4), in.Moment(4, view.registered_at));
    return ScanResult::kOk;
  }
  // The return policy's fields stand in the standing's view; this names them for the scan.
  struct ReturnPolicyFields {
    bool& free_returns;
    int32_t& withdrawal_days;
  };
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnPolicyFields& view) {
    FLYWHEEL_FIELD(Varint(1), in.Bool(view.free_returns));
    FLYWHEEL_FIELD(Varint(2), in.Int32(view.withdrawal_days));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult ReturnPolicy(In& in, SellerStandingChangedView& view) {
    view.return_policy_given = true;
    ReturnPolicyFields fields{view.free_returns, view.withdrawal_days};
    return Nested(in, 4, fields);
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, SellerStandingChangedView& view) {
    FLYWHEEL_FIELD(Varint(1), in.Bool(view.fees_paid));
    FLYWHEEL_FIELD(Varint(2), in.Bool(view.regulation_breach));
    FLYWHEEL_FIELD(Varint(3), in.Bool(view.super_seller));
    FLYWHEEL_FIELD(Bytes(4), ReturnPolicy(in, view));
    FLYWHEEL_FIELD(Varint(5), in.Int32(view.smart_delivery_methods));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult PlacedDelivery(In& in, DeliveryView& view) {
    view.given = true;
    return Nested(in, 5, view);
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, OrderPlacedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.buyer_id));
    FLYWHEEL_REPEATED_FIELD(Bytes(3), Repeated(in, 3, view.lines));
    FLYWHEEL_FIELD(Bytes(4), Nested(in, 4, view.total));
    FLYWHEEL_FIELD(Bytes(5), PlacedDelivery(in, view.delivery));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, OrderPaidView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, OrderCancelledView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Varint(2), in.EnumValue(view.by));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ParcelRegisteredView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.parcel_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.carrier_id));
    FLYWHEEL_FIELD(Varint(4), in.EnumValue(view.direction));
    FLYWHEEL_REPEATED_FIELD(Bytes(5), Repeated(in, 5, view.lines));
    FLYWHEEL_FIELD(Bytes(6), in.Text(view.return_id));
    FLYWHEEL_FIELD(Bytes(7), Nested(in, 7, view.list_price));
    FLYWHEEL_FIELD(Bytes(8), Nested(in, 8, view.price_paid_by_buyer));
    FLYWHEEL_FIELD(Varint(9), in.EnumValue(view.covered_by));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ParcelScannedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.parcel_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.code));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.location));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ComplaintOpenedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.buyer_id));
    FLYWHEEL_FIELD(Varint(4), in.EnumValue(view.kind));
    FLYWHEEL_FIELD(Varint(5), in.EnumValue(view.reason));
    FLYWHEEL_FIELD(Varint(6), in.EnumValue(view.expectation));
    FLYWHEEL_FIELD(Bytes(7), in.Text(view.message));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ComplaintMessagePostedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.message_id));
    FLYWHEEL_FIELD(Varint(4), in.EnumValue(view.author));
    FLYWHEEL_FIELD(Bytes(5), in.Text(view.text));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ComplaintResolvedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.outcome));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.reason));
    FLYWHEEL_FIELD(Varint(5), in.EnumValue(view.by));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ComplaintReopenedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.by));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ComplaintEscalatedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.by));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReviewPostedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.review_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.buyer_id));
    FLYWHEEL_FIELD(Varint(4), in.Bool(view.recommended));
    FLYWHEEL_FIELD(Bytes(5), Nested(in, 5, view.rates));
    FLYWHEEL_FIELD(Bytes(6), in.Text(view.comment));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReviewEditedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.review_id));
    FLYWHEEL_FIELD(Varint(3), in.Bool(view.recommended));
    FLYWHEEL_FIELD(Bytes(4), Nested(in, 4, view.rates));
    FLYWHEEL_FIELD(Bytes(5), in.Text(view.comment));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReviewAnsweredView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.review_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.text));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReviewRemovalRequestedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.review_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReviewRemovedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.review_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.by));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnFiledView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.return_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.reference_number));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.buyer_id));
    FLYWHEEL_REPEATED_FIELD(Bytes(5), Repeated(in, 5, view.items));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnAcceptedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.return_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnRejectedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.return_id));
    FLYWHEEL_FIELD(Varint(3), in.EnumValue(view.code));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, ReturnClosedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.return_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, RefundIssuedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.order_id));
    FLYWHEEL_FIELD(Bytes(2), in.Text(view.refund_id));
    FLYWHEEL_FIELD(Bytes(3), in.Text(view.return_id));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.complaint_id));
    FLYWHEEL_FIELD(Bytes(5), Nested(in, 5, view.amount));
    FLYWHEEL_FIELD(Varint(6), in.EnumValue(view.kind));
    FLYWHEEL_FIELD(Bytes(7), in.Text(view.reason));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, PolicyPublishedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Once(1, view.policy));
    FLYWHEEL_FIELD(Varint(2), in.Uint32(view.version));
    FLYWHEEL_FIELD(Bytes(3), in.Moment(3, view.effective_from));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, BuyerErasedView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.buyer_id));
    return ScanResult::kOk;
  }
  FLYWHEEL_INLINE static ScanResult Fields(In&, TimePassedView&) { return ScanResult::kOk; }

  template <EventKind kKind>
  [[gnu::noinline]] static ScanResult PayloadMessage(std::string_view bytes,
                                                     const char* readable_end, EventView& event) {
    constexpr size_t kAlternative = static_cast<size_t>(kKind) - 15;
    event.kind = kKind;
    event.payload_bytes = bytes;
    return Message(In(bytes, readable_end), event.payload.emplace<kAlternative>());
  }
  template <EventKind kKind>
  FLYWHEEL_INLINE static ScanResult Payload(In& in, EventView& event) {
    if (event.kind != EventKind::kNone) [[unlikely]] {
      return ScanResult::kUnusual;
    }
    std::string_view bytes;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(bytes));
    FLYWHEEL_RETURN_UNLESS_OK(PayloadMessage<kKind>(bytes, in.readable_end(), event));
    return in.Next();
  }

  // The one payload, by its tag; kOk also where the tag is none of a payload.
  FLYWHEEL_INLINE static ScanResult AnyPayload(In& in, EventView& view) {
    switch (in.tag()) {
      case Bytes(16):
        return Payload<EventKind::kSellerRegistered>(in, view);
      case Bytes(17):
        return Payload<EventKind::kSellerStandingChanged>(in, view);
      case Bytes(18):
        return Payload<EventKind::kOrderPlaced>(in, view);
      case Bytes(19):
        return Payload<EventKind::kOrderPaid>(in, view);
      case Bytes(20):
        return Payload<EventKind::kOrderCancelled>(in, view);
      case Bytes(21):
        return Payload<EventKind::kParcelRegistered>(in, view);
      case Bytes(22):
        return Payload<EventKind::kParcelScanned>(in, view);
      case Bytes(23):
        return Payload<EventKind::kComplaintOpened>(in, view);
      case Bytes(24):
        return Payload<EventKind::kComplaintMessagePosted>(in, view);
      case Bytes(25):
        return Payload<EventKind::kComplaintResolved>(in, view);
      case Bytes(26):
        return Payload<EventKind::kComplaintReopened>(in, view);
      case Bytes(27):
        return Payload<EventKind::kComplaintEscalated>(in, view);
      case Bytes(28):
        return Payload<EventKind::kReviewPosted>(in, view);
      case Bytes(29):
        return Payload<EventKind::kReviewEdited>(in, view);
      case Bytes(30):
        return Payload<EventKind::kReviewAnswered>(in, view);
      case Bytes(31):
        return Payload<EventKind::kReviewRemovalRequested>(in, view);
      case Bytes(32):
        return Payload<EventKind::kReviewRemoved>(in, view);
      case Bytes(33):
        return Payload<EventKind::kReturnFiled>(in, view);
      case Bytes(34):
        return Payload<EventKind::kReturnAccepted>(in, view);
      case Bytes(35):
        return Payload<EventKind::kReturnRejected>(in, view);
      case Bytes(36):
        return Payload<EventKind::kReturnClosed>(in, view);
      case Bytes(37):
        return Payload<EventKind::kRefundIssued>(in, view);
      case Bytes(38):
        return Payload<EventKind::kPolicyPublished>(in, view);
      case Bytes(39):
        return Payload<EventKind::kBuyerErased>(in, view);
      case Bytes(40):
        return Payload<EventKind::kTimePassed>(in, view);
      default:
        return ScanResult::kOk;
    }
  }
  FLYWHEEL_INLINE static ScanResult Fields(In& in, EventView& view) {
    FLYWHEEL_FIELD(Bytes(1), in.Text(view.event_id));
    FLYWHEEL_FIELD(Bytes(2), in.Moment(2, view.occurred_at));
    FLYWHEEL_FIELD(Bytes(3), in.Moment(3, view.recorded_at));
    FLYWHEEL_FIELD(Bytes(4), in.Text(view.seller_id));
    FLYWHEEL_FIELD(Bytes(5), in.Text(view.market));
    FLYWHEEL_FIELD(Bytes(6), in.Text(view.source));
    FLYWHEEL_FIELD(Bytes(7), in.Text(view.correlation_id));
    FLYWHEEL_FIELD(Bytes(8), in.Text(view.causation_id));
    FLYWHEEL_FIELD(Varint(9), in.EnumValue(view.actor));
    return AnyPayload(in, view);
  }
};

#undef FLYWHEEL_FIELD
#undef FLYWHEEL_REPEATED_FIELD

using CheckedScan = Scan<Utf8Check::kCheck>;
using TrustedScan = Scan<Utf8Check::kTrust>;

template <class Element>
void ForEachMessage(const RepeatedView<Element>& field,
                    absl::FunctionRef<void(const Element&)> visit) {
  wire::ForEachElement(field, [&visit](std::string_view bytes) {
    Element element;
    if (TrustedScan::Message(TrustedScan::In(bytes), element) == ScanResult::kOk) visit(element);
  });
}

}  // namespace

ScanResult ScanEvent(std::string_view bytes, Utf8Check utf8, EventView* event) {
  // Made anew in place, which leaves the payload's bytes alone; an assignment would copy all of
  // them.
  static_assert(std::is_trivially_destructible_v<EventView>);
  ::new (static_cast<void*>(event)) EventView;
  event->bytes = bytes;
  return utf8 == Utf8Check::kCheck ? CheckedScan::Message(CheckedScan::In(bytes), *event)
                                   : TrustedScan::Message(TrustedScan::In(bytes), *event);
}

void ForEach(const RepeatedView<OrderLineView>& field,
             absl::FunctionRef<void(const OrderLineView&)> visit) {
  ForEachMessage(field, visit);
}
void ForEach(const RepeatedView<LineQuantityView>& field,
             absl::FunctionRef<void(const LineQuantityView&)> visit) {
  ForEachMessage(field, visit);
}
void ForEach(const RepeatedView<ReturnItemView>& field,
             absl::FunctionRef<void(const ReturnItemView&)> visit) {
  ForEachMessage(field, visit);
}
void ForEach(const RepeatedView<std::string_view>& field,
             absl::FunctionRef<void(std::string_view)> visit) {
  wire::ForEachElement(field, visit);
}

}  // namespace flywheel
