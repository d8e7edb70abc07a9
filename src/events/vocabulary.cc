#include "events/vocabulary.h"

#include <array>
#include <cstddef>

#include "flywheel/events/v1/event.pb.h"
#include "flywheel/events/v1/types.pb.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

namespace pb = flywheel::events::v1;

struct KindNames {
  EventKind kind;
  int field_number;  // of the schema
  std::string_view name;
  std::string_view field;
};

constexpr std::array kKinds = {
    KindNames{EventKind::kSellerRegistered, pb::Event::kSellerRegisteredFieldNumber,
              "SellerRegistered", "seller_registered"},
    KindNames{EventKind::kSellerStandingChanged, pb::Event::kSellerStandingChangedFieldNumber,
              "SellerStandingChanged", "seller_standing_changed"},
    KindNames{EventKind::kOrderPlaced, pb::Event::kOrderPlacedFieldNumber, "OrderPlaced",
              "order_placed"},
    KindNames{EventKind::kOrderPaid, pb::Event::kOrderPaidFieldNumber, "OrderPaid", "order_paid"},
    KindNames{EventKind::kOrderCancelled, pb::Event::kOrderCancelledFieldNumber, "OrderCancelled",
              "order_cancelled"},
    KindNames{EventKind::kParcelRegistered, pb::Event::kParcelRegisteredFieldNumber,
              "ParcelRegistered", "parcel_registered"},
    KindNames{EventKind::kParcelScanned, pb::Event::kParcelScannedFieldNumber, "ParcelScanned",
              "parcel_scanned"},
    KindNames{EventKind::kComplaintOpened, pb::Event::kComplaintOpenedFieldNumber,
              "ComplaintOpened", "complaint_opened"},
    KindNames{EventKind::kComplaintMessagePosted, pb::Event::kComplaintMessagePostedFieldNumber,
              "ComplaintMessagePosted", "complaint_message_posted"},
    KindNames{EventKind::kComplaintResolved, pb::Event::kComplaintResolvedFieldNumber,
              "ComplaintResolved", "complaint_resolved"},
    KindNames{EventKind::kComplaintReopened, pb::Event::kComplaintReopenedFieldNumber,
              "ComplaintReopened", "complaint_reopened"},
    KindNames{EventKind::kComplaintEscalated, pb::Event::kComplaintEscalatedFieldNumber,
              "ComplaintEscalated", "complaint_escalated"},
    KindNames{EventKind::kReviewPosted, pb::Event::kReviewPostedFieldNumber, "ReviewPosted",
              "review_posted"},
    KindNames{EventKind::kReviewEdited, pb::Event::kReviewEditedFieldNumber, "ReviewEdited",
              "review_edited"},
    KindNames{EventKind::kReviewAnswered, pb::Event::kReviewAnsweredFieldNumber, "ReviewAnswered",
              "review_answered"},
    KindNames{EventKind::kReviewRemovalRequested, pb::Event::kReviewRemovalRequestedFieldNumber,
              "ReviewRemovalRequested", "review_removal_requested"},
    KindNames{EventKind::kReviewRemoved, pb::Event::kReviewRemovedFieldNumber, "ReviewRemoved",
              "review_removed"},
    KindNames{EventKind::kReturnFiled, pb::Event::kReturnFiledFieldNumber, "ReturnFiled",
              "return_filed"},
    KindNames{EventKind::kReturnAccepted, pb::Event::kReturnAcceptedFieldNumber, "ReturnAccepted",
              "return_accepted"},
    KindNames{EventKind::kReturnRejected, pb::Event::kReturnRejectedFieldNumber, "ReturnRejected",
              "return_rejected"},
    KindNames{EventKind::kReturnClosed, pb::Event::kReturnClosedFieldNumber, "ReturnClosed",
              "return_closed"},
    KindNames{EventKind::kRefundIssued, pb::Event::kRefundIssuedFieldNumber, "RefundIssued",
              "refund_issued"},
    KindNames{EventKind::kPolicyPublished, pb::Event::kPolicyPublishedFieldNumber,
              "PolicyPublished", "policy_published"},
    KindNames{EventKind::kBuyerErased, pb::Event::kBuyerErasedFieldNumber, "BuyerErased",
              "buyer_erased"},
    KindNames{EventKind::kTimePassed, pb::Event::kTimePassedFieldNumber, "TimePassed",
              "time_passed"},
};

constexpr size_t IndexOf(EventKind kind) {
  return static_cast<size_t>(kind) - static_cast<size_t>(kFirstEventKind);
}

constexpr bool KindsEqualTheSchema() {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (IndexOf(kKinds[i].kind) != i) return false;
    if (static_cast<int>(kKinds[i].kind) != kKinds[i].field_number) return false;
  }
  return IndexOf(kLastEventKind) + 1 == kKinds.size();
}
static_assert(KindsEqualTheSchema(), "EventKind is the payload's field number in Event");

// The last value of one of our enums has the number of the schema's last value of that name; with
// the first value 0 and no gaps on either side, all numbers are the same.
#define FLYWHEEL_SAME_LAST(Enum, kLast, LAST)                                              \
  static_assert(static_cast<int>(Enum::kLast) == pb::Enum::LAST &&                         \
                    pb::Enum::LAST == pb::Enum::Value_MAX && kLastOf<Enum> == Enum::kLast, \
                #Enum " has the schema's numbers")
#define FLYWHEEL_SAME(Enum, kValue, VALUE)                         \
  static_assert(static_cast<int>(Enum::kValue) == pb::Enum::VALUE, \
                #Enum "::" #kValue " has the schema's number")

FLYWHEEL_SAME(Actor, kBuyer, BUYER);
FLYWHEEL_SAME(Actor, kSeller, SELLER);
FLYWHEEL_SAME(Actor, kMarketplace, MARKETPLACE);
FLYWHEEL_SAME(Actor, kCarrier, CARRIER);
FLYWHEEL_SAME_LAST(Actor, kSystem, SYSTEM);
FLYWHEEL_SAME(DeliveryMethod, kLocker, LOCKER);
FLYWHEEL_SAME(DeliveryMethod, kCourier, COURIER);
FLYWHEEL_SAME(DeliveryMethod, kPickupPoint, PICKUP_POINT);
FLYWHEEL_SAME_LAST(DeliveryMethod, kPost, POST);
FLYWHEEL_SAME(Payer, kMarketplace, MARKETPLACE);
FLYWHEEL_SAME(Payer, kSeller, SELLER);
FLYWHEEL_SAME_LAST(Payer, kBuyer, BUYER);
FLYWHEEL_SAME(Direction, kOutbound, OUTBOUND);
FLYWHEEL_SAME_LAST(Direction, kReturn, RETURN);
FLYWHEEL_SAME(ScanCode, kPending, PENDING);
FLYWHEEL_SAME(ScanCode, kInTransit, IN_TRANSIT);
FLYWHEEL_SAME(ScanCode, kReleasedForDelivery, RELEASED_FOR_DELIVERY);
FLYWHEEL_SAME(ScanCode, kAvailableForPickup, AVAILABLE_FOR_PICKUP);
FLYWHEEL_SAME(ScanCode, kNoticeLeft, NOTICE_LEFT);
FLYWHEEL_SAME(ScanCode, kIssue, ISSUE);
FLYWHEEL_SAME(ScanCode, kDelivered, DELIVERED);
FLYWHEEL_SAME_LAST(ScanCode, kReturned, RETURNED);
FLYWHEEL_SAME(ComplaintKind, kDispute, DISPUTE);
FLYWHEEL_SAME_LAST(ComplaintKind, kClaim, CLAIM);
FLYWHEEL_SAME(ComplaintReason, kNoProductReceived, NO_PRODUCT_RECEIVED);
FLYWHEEL_SAME(ComplaintReason, kNoProductInParcel, NO_PRODUCT_IN_PARCEL);
FLYWHEEL_SAME(ComplaintReason, kMissingProductElement, MISSING_PRODUCT_ELEMENT);
FLYWHEEL_SAME(ComplaintReason, kProductAndParcelDamagedInTransit,
              PRODUCT_AND_PARCEL_DAMAGED_IN_TRANSIT);
FLYWHEEL_SAME(ComplaintReason, kProductDamagedParcelIntact, PRODUCT_DAMAGED_PARCEL_INTACT);
FLYWHEEL_SAME(ComplaintReason, kDefectFoundDuringUse, DEFECT_FOUND_DURING_USE);
FLYWHEEL_SAME(ComplaintReason, kNotAsDescribed, NOT_AS_DESCRIBED);
FLYWHEEL_SAME(ComplaintReason, kReceivedItemsNotMatchingDescription,
              RECEIVED_ITEMS_NOT_MATCHING_DESCRIPTION);
FLYWHEEL_SAME(ComplaintReason, kReceivedIncompleteOrder, RECEIVED_INCOMPLETE_ORDER);
FLYWHEEL_SAME(ComplaintReason, kSellerDoesNotWantToAcceptReturn,
              SELLER_DOES_NOT_WANT_TO_ACCEPT_RETURN);
FLYWHEEL_SAME(ComplaintReason, kNoRefundAfterReturningProduct, NO_REFUND_AFTER_RETURNING_PRODUCT);
FLYWHEEL_SAME(ComplaintReason, kNoRefundAfterCancelingOrder, NO_REFUND_AFTER_CANCELING_ORDER);
FLYWHEEL_SAME_LAST(ComplaintReason, kOther, OTHER);
FLYWHEEL_SAME(Expectation, kRefund, REFUND);
FLYWHEEL_SAME(Expectation, kPartialRefund, PARTIAL_REFUND);
FLYWHEEL_SAME(Expectation, kExchange, EXCHANGE);
FLYWHEEL_SAME_LAST(Expectation, kRepair, REPAIR);
FLYWHEEL_SAME(Outcome, kAcceptedRefund, ACCEPTED_REFUND);
FLYWHEEL_SAME(Outcome, kAcceptedPartialRefund, ACCEPTED_PARTIAL_REFUND);
FLYWHEEL_SAME(Outcome, kAcceptedExchange, ACCEPTED_EXCHANGE);
FLYWHEEL_SAME(Outcome, kAcceptedRepair, ACCEPTED_REPAIR);
FLYWHEEL_SAME(Outcome, kRejected, REJECTED);
FLYWHEEL_SAME_LAST(Outcome, kWithdrawn, WITHDRAWN);
FLYWHEEL_SAME(RemovedBy, kBuyer, BUYER);
FLYWHEEL_SAME(RemovedBy, kMarketplace, MARKETPLACE);
FLYWHEEL_SAME_LAST(RemovedBy, kBuyerAfterCompensation, BUYER_AFTER_COMPENSATION);
FLYWHEEL_SAME(RefundKind, kOrder, ORDER);
FLYWHEEL_SAME(RefundKind, kPostage, POSTAGE);
FLYWHEEL_SAME_LAST(RefundKind, kGoodwill, GOODWILL);
FLYWHEEL_SAME(ReturnReason, kNone, NONE);
FLYWHEEL_SAME(ReturnReason, kMistake, MISTAKE);
FLYWHEEL_SAME(ReturnReason, kTransport, TRANSPORT);
FLYWHEEL_SAME(ReturnReason, kDamaged, DAMAGED);
FLYWHEEL_SAME(ReturnReason, kNotAsDescribed, NOT_AS_DESCRIBED);
FLYWHEEL_SAME(ReturnReason, kDontLikeIt, DONT_LIKE_IT);
FLYWHEEL_SAME(ReturnReason, kOverdueDelivery, OVERDUE_DELIVERY);
FLYWHEEL_SAME(ReturnReason, kIncomplete, INCOMPLETE);
FLYWHEEL_SAME(ReturnReason, kHiddenFlaw, HIDDEN_FLAW);
FLYWHEEL_SAME(ReturnReason, kDifferent, DIFFERENT);
FLYWHEEL_SAME(ReturnReason, kCounterfeit, COUNTERFEIT);
FLYWHEEL_SAME(ReturnReason, kNotNew, NOT_NEW);
FLYWHEEL_SAME(ReturnReason, kTooLarge, TOO_LARGE);
FLYWHEEL_SAME(ReturnReason, kTooSmall, TOO_SMALL);
FLYWHEEL_SAME(ReturnReason, kNotAsExpected, NOT_AS_EXPECTED);
FLYWHEEL_SAME_LAST(ReturnReason, kOrderedForComparison, ORDERED_FOR_COMPARISON);
FLYWHEEL_SAME(ReturnRejection, kRefundRejected, REFUND_REJECTED);
FLYWHEEL_SAME(ReturnRejection, kNewItemSent, NEW_ITEM_SENT);
FLYWHEEL_SAME(ReturnRejection, kItemFixed, ITEM_FIXED);
FLYWHEEL_SAME(ReturnRejection, kMissingPartSent, MISSING_PART_SENT);
FLYWHEEL_SAME(ReturnRejection, kItemMismatch, ITEM_MISMATCH);
FLYWHEEL_SAME(ReturnRejection, kBusinessPurchase, BUSINESS_PURCHASE);
FLYWHEEL_SAME_LAST(ReturnRejection, kNoReturnRight, NO_RETURN_RIGHT);

#undef FLYWHEEL_SAME
#undef FLYWHEEL_SAME_LAST

struct RefusalName {
  RefusalCode code;
  int number;  // of the schema
  std::string_view name;
};

constexpr std::array kRefusalNames = {
    RefusalName{RefusalCode::kUnspecified, log::v1::RefusalCode::UNSPECIFIED, "UNSPECIFIED"},
    RefusalName{RefusalCode::kUndecodable, log::v1::RefusalCode::UNDECODABLE, "UNDECODABLE"},
    RefusalName{RefusalCode::kInvalid, log::v1::RefusalCode::INVALID, "INVALID"},
    RefusalName{RefusalCode::kWrongMarket, log::v1::RefusalCode::WRONG_MARKET, "WRONG_MARKET"},
    RefusalName{RefusalCode::kWrongBuyer, log::v1::RefusalCode::WRONG_BUYER, "WRONG_BUYER"},
    RefusalName{RefusalCode::kReviewTooLate, log::v1::RefusalCode::REVIEW_TOO_LATE,
                "REVIEW_TOO_LATE"},
    RefusalName{RefusalCode::kOverReturn, log::v1::RefusalCode::OVER_RETURN, "OVER_RETURN"},
    RefusalName{RefusalCode::kOverRefund, log::v1::RefusalCode::OVER_REFUND, "OVER_REFUND"},
    RefusalName{RefusalCode::kOrderFull, log::v1::RefusalCode::ORDER_FULL, "ORDER_FULL"},
    RefusalName{RefusalCode::kStale, log::v1::RefusalCode::STALE, "STALE"},
    RefusalName{RefusalCode::kWaitExpired, log::v1::RefusalCode::WAIT_EXPIRED, "WAIT_EXPIRED"},
};

constexpr bool RefusalCodesEqualTheSchema() {
  for (size_t i = 0; i < kRefusalNames.size(); ++i) {
    if (static_cast<size_t>(kRefusalNames[i].code) != i) return false;
    if (static_cast<size_t>(kRefusalNames[i].number) != i) return false;
  }
  return kRefusalNames.size() == log::v1::RefusalCode::Value_MAX + 1;
}
static_assert(RefusalCodesEqualTheSchema());

bool IsPayload(EventKind kind) { return kind >= kFirstEventKind && kind <= kLastEventKind; }

}  // namespace

std::string_view NameOf(EventKind kind) {
  return IsPayload(kind) ? kKinds[IndexOf(kind)].name : std::string_view();
}

std::string_view FieldOf(EventKind kind) {
  return IsPayload(kind) ? kKinds[IndexOf(kind)].field : std::string_view();
}

std::string_view NameOf(RefusalCode code) {
  const size_t index = static_cast<size_t>(code);
  return index < kRefusalNames.size() ? kRefusalNames[index].name : std::string_view();
}

}  // namespace flywheel
