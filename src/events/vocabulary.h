// The words of flywheel.events.v1 as plain enums: kinds of payloads and coded values. Numbers equal
// the schema's (held by static_assert in vocabulary.cc), so a scanned varint becomes one by a cast
// after a range check.
#ifndef FLYWHEEL_EVENTS_VOCABULARY_H_
#define FLYWHEEL_EVENTS_VOCABULARY_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace flywheel {

// The payload of an event; the number is its field number in Event.
enum class EventKind : uint8_t {
  kNone = 0,
  kSellerRegistered = 16,
  kSellerStandingChanged = 17,
  kOrderPlaced = 18,
  kOrderPaid = 19,
  kOrderCancelled = 20,
  kParcelRegistered = 21,
  kParcelScanned = 22,
  kComplaintOpened = 23,
  kComplaintMessagePosted = 24,
  kComplaintResolved = 25,
  kComplaintReopened = 26,
  kComplaintEscalated = 27,
  kReviewPosted = 28,
  kReviewEdited = 29,
  kReviewAnswered = 30,
  kReviewRemovalRequested = 31,
  kReviewRemoved = 32,
  kReturnFiled = 33,
  kReturnAccepted = 34,
  kReturnRejected = 35,
  kReturnClosed = 36,
  kRefundIssued = 37,
  kPolicyPublished = 38,
  kBuyerErased = 39,
  kTimePassed = 40,
};

inline constexpr EventKind kFirstEventKind = EventKind::kSellerRegistered;
inline constexpr EventKind kLastEventKind = EventKind::kTimePassed;

// "ReviewPosted", as DOMAIN names it; "" for kNone.
std::string_view NameOf(EventKind kind);
// "review_posted", the field of the oneof; "" for kNone.
std::string_view FieldOf(EventKind kind);

// Some kinds of events.
class EventKindSet {
 public:
  constexpr EventKindSet(std::initializer_list<EventKind> kinds) {
    for (const EventKind kind : kinds) bits_ |= Bit(kind);
  }
  static constexpr EventKindSet All() {
    EventKindSet all({});
    all.bits_ = ~uint64_t{0};
    return all;
  }
  constexpr bool contains(EventKind kind) const { return (bits_ & Bit(kind)) != 0; }

 private:
  static constexpr uint64_t Bit(EventKind kind) { return uint64_t{1} << static_cast<int>(kind); }

  uint64_t bits_ = 0;
};

// True for the events that speak of an order: all but seller, policy, privacy and control events.
constexpr bool IsAboutOrder(EventKind kind) {
  return kind >= EventKind::kOrderPlaced && kind <= EventKind::kRefundIssued;
}
// True for the events that Flywheel alone makes; doors refuse them.
constexpr bool IsMadeByFlywheelAlone(EventKind kind) { return kind >= EventKind::kPolicyPublished; }

enum class Actor : uint8_t { kUnspecified, kBuyer, kSeller, kMarketplace, kCarrier, kSystem };
enum class DeliveryMethod : uint8_t { kUnspecified, kLocker, kCourier, kPickupPoint, kPost };
enum class Payer : uint8_t { kUnspecified, kMarketplace, kSeller, kBuyer };
enum class Direction : uint8_t { kUnspecified, kOutbound, kReturn };
enum class ScanCode : uint8_t {
  kUnspecified,
  kPending,
  kInTransit,
  kReleasedForDelivery,
  kAvailableForPickup,
  kNoticeLeft,
  kIssue,
  kDelivered,
  kReturned
};
enum class ComplaintKind : uint8_t { kUnspecified, kDispute, kClaim };
enum class ComplaintReason : uint8_t {
  kUnspecified,
  kNoProductReceived,
  kNoProductInParcel,
  kMissingProductElement,
  kProductAndParcelDamagedInTransit,
  kProductDamagedParcelIntact,
  kDefectFoundDuringUse,
  kNotAsDescribed,
  kReceivedItemsNotMatchingDescription,
  kReceivedIncompleteOrder,
  kSellerDoesNotWantToAcceptReturn,
  kNoRefundAfterReturningProduct,
  kNoRefundAfterCancelingOrder,
  kOther
};
enum class Expectation : uint8_t { kUnspecified, kRefund, kPartialRefund, kExchange, kRepair };
enum class Outcome : uint8_t {
  kUnspecified,
  kAcceptedRefund,
  kAcceptedPartialRefund,
  kAcceptedExchange,
  kAcceptedRepair,
  kRejected,
  kWithdrawn
};
enum class RemovedBy : uint8_t { kUnspecified, kBuyer, kMarketplace, kBuyerAfterCompensation };
enum class RefundKind : uint8_t { kUnspecified, kOrder, kPostage, kGoodwill };
enum class ReturnReason : uint8_t {
  kUnspecified,
  kNone,
  kMistake,
  kTransport,
  kDamaged,
  kNotAsDescribed,
  kDontLikeIt,
  kOverdueDelivery,
  kIncomplete,
  kHiddenFlaw,
  kDifferent,
  kCounterfeit,
  kNotNew,
  kTooLarge,
  kTooSmall,
  kNotAsExpected,
  kOrderedForComparison
};
enum class ReturnRejection : uint8_t {
  kUnspecified,
  kRefundRejected,
  kNewItemSent,
  kItemFixed,
  kMissingPartSent,
  kItemMismatch,
  kBusinessPurchase,
  kNoReturnRight
};

// The greatest value of an enum that the schema knows: a scanned number above it is unknown.
template <class Enum>
inline constexpr Enum kLastOf{};
template <>
inline constexpr Actor kLastOf<Actor> = Actor::kSystem;
template <>
inline constexpr DeliveryMethod kLastOf<DeliveryMethod> = DeliveryMethod::kPost;
template <>
inline constexpr Payer kLastOf<Payer> = Payer::kBuyer;
template <>
inline constexpr Direction kLastOf<Direction> = Direction::kReturn;
template <>
inline constexpr ScanCode kLastOf<ScanCode> = ScanCode::kReturned;
template <>
inline constexpr ComplaintKind kLastOf<ComplaintKind> = ComplaintKind::kClaim;
template <>
inline constexpr ComplaintReason kLastOf<ComplaintReason> = ComplaintReason::kOther;
template <>
inline constexpr Expectation kLastOf<Expectation> = Expectation::kRepair;
template <>
inline constexpr Outcome kLastOf<Outcome> = Outcome::kWithdrawn;
template <>
inline constexpr RemovedBy kLastOf<RemovedBy> = RemovedBy::kBuyerAfterCompensation;
template <>
inline constexpr RefundKind kLastOf<RefundKind> = RefundKind::kGoodwill;
template <>
inline constexpr ReturnReason kLastOf<ReturnReason> = ReturnReason::kOrderedForComparison;
template <>
inline constexpr ReturnRejection kLastOf<ReturnRejection> = ReturnRejection::kNoReturnRight;

// flywheel.log.v1.RefusalCode.
enum class RefusalCode : uint8_t {
  kUnspecified,
  kUndecodable,
  kInvalid,
  kWrongMarket,
  kWrongBuyer,
  kReviewTooLate,
  kOverReturn,
  kOverRefund,
  kOrderFull,
  kStale,
  kWaitExpired
};
// "WRONG_MARKET".
std::string_view NameOf(RefusalCode code);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_VOCABULARY_H_
