#include "naive/event_reading.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "naive/calendar.h"

namespace flywheel::naive {
namespace {

using events::v1::Event;

// nullptr: no payload.
const google::protobuf::Message* PayloadOf(const Event& event) {
  const google::protobuf::Reflection& fields = *Event::GetReflection();
  const google::protobuf::FieldDescriptor* field =
      fields.GetOneofFieldDescriptor(event, Event::descriptor()->oneof_decl(0));
  if (field == nullptr) return nullptr;
  return &fields.GetMessage(event, field);
}

std::string Text(int64_t number) { return absl::StrCat(number); }

template <class Review>
Opinion OpinionIn(const Review& review) {
  const events::v1::Rates& rates = review.rates();
  return {review.recommended(),
          {rates.delivery(), rates.delivery_cost(), rates.description(), rates.service()}};
}

}  // namespace

std::string Key(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (std::string_view part : parts) {
    absl::StrAppend(&key, part.size(), ":");
    key += part;
  }
  return key;
}

const std::string& OrderOf(const Event& event) {
  static const std::string& none = *new std::string();
  switch (event.payload_case()) {
    case Event::kOrderPlaced:
      return event.order_placed().order_id();
    case Event::kOrderPaid:
      return event.order_paid().order_id();
    case Event::kOrderCancelled:
      return event.order_cancelled().order_id();
    case Event::kParcelRegistered:
      return event.parcel_registered().order_id();
    case Event::kParcelScanned:
      return event.parcel_scanned().order_id();
    case Event::kComplaintOpened:
      return event.complaint_opened().order_id();
    case Event::kComplaintMessagePosted:
      return event.complaint_message_posted().order_id();
    case Event::kComplaintResolved:
      return event.complaint_resolved().order_id();
    case Event::kComplaintReopened:
      return event.complaint_reopened().order_id();
    case Event::kComplaintEscalated:
      return event.complaint_escalated().order_id();
    case Event::kReviewPosted:
      return event.review_posted().order_id();
    case Event::kReviewEdited:
      return event.review_edited().order_id();
    case Event::kReviewAnswered:
      return event.review_answered().order_id();
    case Event::kReviewRemovalRequested:
      return event.review_removal_requested().order_id();
    case Event::kReviewRemoved:
      return event.review_removed().order_id();
    case Event::kReturnFiled:
      return event.return_filed().order_id();
    case Event::kReturnAccepted:
      return event.return_accepted().order_id();
    case Event::kReturnRejected:
      return event.return_rejected().order_id();
    case Event::kReturnClosed:
      return event.return_closed().order_id();
    case Event::kRefundIssued:
      return event.refund_issued().order_id();
    default:
      return none;
  }
}

bool IsAboutOrder(const Event& event) {
  switch (event.payload_case()) {
    case Event::PAYLOAD_NOT_SET:
    case Event::kSellerRegistered:
    case Event::kSellerStandingChanged:
    case Event::kPolicyPublished:
    case Event::kBuyerErased:
    case Event::kTimePassed:
      return false;
    default:
      return true;
  }
}

std::string ActOf(const Event& event) {
  const std::string time = Text(MillisOf(event.occurred_at()));
  switch (event.payload_case()) {
    case Event::kParcelRegistered:
      return event.parcel_registered().parcel_id();
    case Event::kParcelScanned:
      return Key({event.parcel_scanned().parcel_id(), Text(event.parcel_scanned().code()), time});
    case Event::kComplaintOpened:
      return event.complaint_opened().complaint_id();
    case Event::kComplaintMessagePosted:
      return Key({event.complaint_message_posted().complaint_id(),
                  event.complaint_message_posted().message_id()});
    case Event::kComplaintResolved:
      return Key({event.complaint_resolved().complaint_id(), time});
    case Event::kComplaintReopened:
      return Key({event.complaint_reopened().complaint_id(), time});
    case Event::kComplaintEscalated:
      return Key({event.complaint_escalated().complaint_id(), time});
    case Event::kReviewEdited:
      return Key({event.review_edited().review_id(), time});
    case Event::kReviewAnswered:
      return event.review_answered().review_id();
    case Event::kReviewRemovalRequested:
      return event.review_removal_requested().review_id();
    case Event::kReviewRemoved:
      return event.review_removed().review_id();
    case Event::kReturnFiled:
      return event.return_filed().return_id();
    case Event::kReturnAccepted:
      return event.return_accepted().return_id();
    case Event::kReturnRejected:
      return event.return_rejected().return_id();
    case Event::kReturnClosed:
      return event.return_closed().return_id();
    case Event::kRefundIssued:
      return event.refund_issued().refund_id();
    default:
      return "";  // placed, paid, cancelled and the review: the order itself
  }
}

std::string IdentityOf(const Event& event) {
  const google::protobuf::Message* payload = PayloadOf(event);
  const std::string payload_bytes = payload == nullptr ? "" : payload->SerializeAsString();
  const std::string time = event.has_occurred_at() ? Text(MillisOf(event.occurred_at())) : "none";
  return Key({"event", event.seller_id(), event.market(), time, event.source(), Text(event.actor()),
              Text(event.payload_case()), payload_bytes});
}

std::optional<std::string> IntakeFault(const Policies& policies, const Event& event) {
  if (event.payload_case() == Event::PAYLOAD_NOT_SET) return "there is no payload";
  if (!event.has_occurred_at()) return "occurred_at is missing";
  const bool made_by_flywheel =
      event.has_policy_published() || event.has_buyer_erased() || event.has_time_passed();
  if (made_by_flywheel) return std::nullopt;
  if (event.seller_id().empty() || event.seller_id() == "*") return "seller_id is missing";
  if (!policies.ZoneOf(event.market())) return absl::StrCat("unknown market ", event.market());
  if (IsAboutOrder(event) && OrderOf(event).empty()) return "order_id is missing";
  return std::nullopt;
}

Opinion OpinionOf(const events::v1::ReviewPosted& review) { return OpinionIn(review); }
Opinion OpinionOf(const events::v1::ReviewEdited& review) { return OpinionIn(review); }

}  // namespace flywheel::naive
