#include "events/wire_scan.h"

#include <type_traits>
#include <variant>

#include "events/wire_reader.h"

namespace flywheel {
namespace {

using wire::Bytes;
using wire::Varint;

// One function per message: its known fields, each read into the view's member of that name. Any
// other field, or one with another wire type than the schema's, is unknown and skipped.
template <Utf8Check kUtf8>
struct Scan {
  using In = wire::Reader<kUtf8>;

  // All fields of a message.
  template <class View>
  FLYWHEEL_INLINE static ScanResult Message(std::string_view bytes, View& view) {
    return wire::ReadFields<kUtf8>(bytes,
                                   [&view](In& in, uint32_t tag) { return Field(in, tag, view); });
  }

  // A singular message field.
  template <class View>
  FLYWHEEL_INLINE static ScanResult Nested(In& in, uint32_t field, View& view) {
    std::string_view message;
    FLYWHEEL_RETURN_UNLESS_OK(in.Once(field, message));
    return Message(message, view);
  }

  // One element of a repeated message field. It is read to be checked; the view only says where it
  // stands.
  template <class Element>
  FLYWHEEL_INLINE static ScanResult Repeated(In& in, uint32_t field, RepeatedView<Element>& view) {
    std::string_view message;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(message));
    in.Count(field, view);
    Element element;
    return Message(message, element);
  }
  FLYWHEEL_INLINE static ScanResult Repeated(In& in, uint32_t field,
                                             RepeatedView<std::string_view>& view) {
    std::string_view text;
    FLYWHEEL_RETURN_UNLESS_OK(in.Text(text));
    in.Count(field, view);
    return ScanResult::kOk;
  }

  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, Money& view) {
    switch (tag) {
      case Varint(1):
        return in.Int64(view.amount_minor);
      case Bytes(2):
        return in.Text(view.currency);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, OrderLineView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.line_id);
      case Bytes(2):
        return in.Text(view.offer_id);
      case Varint(3):
        return in.Int32(view.quantity);
      case Bytes(4):
        return Nested(in, 4, view.unit_price);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, LineQuantityView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.line_id);
      case Varint(2):
        return in.Int32(view.quantity);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnItemView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.line_id);
      case Varint(2):
        return in.Int32(view.quantity);
      case Varint(3):
        return in.EnumValue(view.reason);
      case Bytes(4):
        return in.Text(view.comment);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, RatesView& view) {
    switch (tag) {
      case Varint(1):
        return in.Int32(view.delivery);
      case Varint(2):
        return in.Int32(view.delivery_cost);
      case Varint(3):
        return in.Int32(view.description);
      case Varint(4):
        return in.Int32(view.service);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, DeliveryView& view) {
    switch (tag) {
      case Varint(1):
        return in.EnumValue(view.method);
      case Bytes(2):
        return in.Text(view.carrier_id);
      case Bytes(3):
        return Nested(in, 3, view.list_price);
      case Bytes(4):
        return Nested(in, 4, view.price_paid_by_buyer);
      case Varint(5):
        return in.EnumValue(view.covered_by);
      case Varint(6):
        return in.Bool(view.smart);
      case Bytes(7):
        return in.Moment(7, view.promised_dispatch_by);
      case Bytes(8):
        return in.Moment(8, view.promised_delivery_by);
      default:
        return in.Skip(tag);
    }
  }

  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, SellerRegisteredView& view) {
    switch (tag) {
      case Varint(1):
        return in.Bool(view.business);
      case Varint(2):
        return in.Bool(view.pharmacy);
      case Bytes(3):
        return Repeated(in, 3, view.markets);
      case Bytes(4):
        return in.Moment(4, view.registered_at);
      default:
        return in.Skip(tag);
    }
  }
  // The return policy's fields stand in the standing's view; this names them for the scan.
  struct ReturnPolicyFields {
    bool& free_returns;
    int32_t& withdrawal_days;
  };
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnPolicyFields& view) {
    switch (tag) {
      case Varint(1):
        return in.Bool(view.free_returns);
      case Varint(2):
        return in.Int32(view.withdrawal_days);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, SellerStandingChangedView& view) {
    switch (tag) {
      case Varint(1):
        return in.Bool(view.fees_paid);
      case Varint(2):
        return in.Bool(view.regulation_breach);
      case Varint(3):
        return in.Bool(view.super_seller);
      case Bytes(4): {
        view.return_policy_given = true;
        ReturnPolicyFields fields{view.free_returns, view.withdrawal_days};
        return Nested(in, 4, fields);
      }
      case Varint(5):
        return in.Int32(view.smart_delivery_methods);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, OrderPlacedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.buyer_id);
      case Bytes(3):
        return Repeated(in, 3, view.lines);
      case Bytes(4):
        return Nested(in, 4, view.total);
      case Bytes(5):
        view.delivery.given = true;
        return Nested(in, 5, view.delivery);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, OrderPaidView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, OrderCancelledView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Varint(2):
        return in.EnumValue(view.by);
      case Bytes(3):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ParcelRegisteredView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.parcel_id);
      case Bytes(3):
        return in.Text(view.carrier_id);
      case Varint(4):
        return in.EnumValue(view.direction);
      case Bytes(5):
        return Repeated(in, 5, view.lines);
      case Bytes(6):
        return in.Text(view.return_id);
      case Bytes(7):
        return Nested(in, 7, view.list_price);
      case Bytes(8):
        return Nested(in, 8, view.price_paid_by_buyer);
      case Varint(9):
        return in.EnumValue(view.covered_by);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ParcelScannedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.parcel_id);
      case Varint(3):
        return in.EnumValue(view.code);
      case Bytes(4):
        return in.Text(view.location);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ComplaintOpenedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.complaint_id);
      case Bytes(3):
        return in.Text(view.buyer_id);
      case Varint(4):
        return in.EnumValue(view.kind);
      case Varint(5):
        return in.EnumValue(view.reason);
      case Varint(6):
        return in.EnumValue(view.expectation);
      case Bytes(7):
        return in.Text(view.message);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ComplaintMessagePostedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.complaint_id);
      case Bytes(3):
        return in.Text(view.message_id);
      case Varint(4):
        return in.EnumValue(view.author);
      case Bytes(5):
        return in.Text(view.text);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ComplaintResolvedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.complaint_id);
      case Varint(3):
        return in.EnumValue(view.outcome);
      case Bytes(4):
        return in.Text(view.reason);
      case Varint(5):
        return in.EnumValue(view.by);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ComplaintReopenedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.complaint_id);
      case Varint(3):
        return in.EnumValue(view.by);
      case Bytes(4):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ComplaintEscalatedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.complaint_id);
      case Varint(3):
        return in.EnumValue(view.by);
      case Bytes(4):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReviewPostedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.review_id);
      case Bytes(3):
        return in.Text(view.buyer_id);
      case Varint(4):
        return in.Bool(view.recommended);
      case Bytes(5):
        return Nested(in, 5, view.rates);
      case Bytes(6):
        return in.Text(view.comment);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReviewEditedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.review_id);
      case Varint(3):
        return in.Bool(view.recommended);
      case Bytes(4):
        return Nested(in, 4, view.rates);
      case Bytes(5):
        return in.Text(view.comment);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReviewAnsweredView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.review_id);
      case Bytes(3):
        return in.Text(view.text);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReviewRemovalRequestedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.review_id);
      case Bytes(3):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReviewRemovedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.review_id);
      case Varint(3):
        return in.EnumValue(view.by);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnFiledView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.return_id);
      case Bytes(3):
        return in.Text(view.reference_number);
      case Bytes(4):
        return in.Text(view.buyer_id);
      case Bytes(5):
        return Repeated(in, 5, view.items);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnAcceptedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.return_id);
      case Bytes(3):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnRejectedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.return_id);
      case Varint(3):
        return in.EnumValue(view.code);
      case Bytes(4):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, ReturnClosedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.return_id);
      case Bytes(3):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, RefundIssuedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.order_id);
      case Bytes(2):
        return in.Text(view.refund_id);
      case Bytes(3):
        return in.Text(view.return_id);
      case Bytes(4):
        return in.Text(view.complaint_id);
      case Bytes(5):
        return Nested(in, 5, view.amount);
      case Varint(6):
        return in.EnumValue(view.kind);
      case Bytes(7):
        return in.Text(view.reason);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, PolicyPublishedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Once(1, view.policy);
      case Varint(2):
        return in.Uint32(view.version);
      case Bytes(3):
        return in.Moment(3, view.effective_from);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, BuyerErasedView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.buyer_id);
      default:
        return in.Skip(tag);
    }
  }
  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, TimePassedView&) {
    return in.Skip(tag);
  }

  template <EventKind kKind>
  [[gnu::noinline]] static ScanResult PayloadMessage(std::string_view bytes, EventView& event) {
    constexpr size_t kAlternative = static_cast<size_t>(kKind) - 15;
    event.kind = kKind;
    event.payload_bytes = bytes;
    return Message(bytes, event.payload.emplace<kAlternative>());
  }
  template <EventKind kKind>
  FLYWHEEL_INLINE static ScanResult Payload(In& in, EventView& event) {
    if (event.kind != EventKind::kNone) [[unlikely]] {
      return ScanResult::kUnusual;
    }
    std::string_view bytes;
    FLYWHEEL_RETURN_UNLESS_OK(in.Blob(bytes));
    return PayloadMessage<kKind>(bytes, event);
  }

  FLYWHEEL_INLINE static ScanResult Field(In& in, uint32_t tag, EventView& view) {
    switch (tag) {
      case Bytes(1):
        return in.Text(view.event_id);
      case Bytes(2):
        return in.Moment(2, view.occurred_at);
      case Bytes(3):
        return in.Moment(3, view.recorded_at);
      case Bytes(4):
        return in.Text(view.seller_id);
      case Bytes(5):
        return in.Text(view.market);
      case Bytes(6):
        return in.Text(view.source);
      case Bytes(7):
        return in.Text(view.correlation_id);
      case Bytes(8):
        return in.Text(view.causation_id);
      case Varint(9):
        return in.EnumValue(view.actor);
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
        return in.Skip(tag);
    }
  }
};

using TrustedScan = Scan<Utf8Check::kTrust>;

template <class Element>
void ForEachMessage(const RepeatedView<Element>& field,
                    absl::FunctionRef<void(const Element&)> visit) {
  wire::ForEachElement(field, [&visit](std::string_view bytes) {
    Element element;
    if (TrustedScan::Message(bytes, element) == ScanResult::kOk) visit(element);
  });
}

}  // namespace

ScanResult ScanEvent(std::string_view bytes, Utf8Check utf8, EventView* event) {
  *event = EventView();
  event->bytes = bytes;
  return utf8 == Utf8Check::kCheck ? Scan<Utf8Check::kCheck>::Message(bytes, *event)
                                   : TrustedScan::Message(bytes, *event);
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
