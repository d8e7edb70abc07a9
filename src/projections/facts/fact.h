// A fact: an event as an order's row keeps it. Texts (messages, comments, reasons in words,
// locations, offers) stay in the log, where the fact's place finds them.
#ifndef FLYWHEEL_PROJECTIONS_FACTS_FACT_H_
#define FLYWHEEL_PROJECTIONS_FACTS_FACT_H_

#include <cstdint>
#include <string_view>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "base/market.h"
#include "base/money.h"
#include "base/strong.h"
#include "events/event_view.h"

namespace flywheel {

// Where a fact stands in its partition: the record's offset, and the event's index within a
// decision (else 0).
struct Place {
  Offset offset;
  uint32_t index = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

struct OrderLine {
  std::string_view line_id;
  int32_t quantity = 0;
  Money unit_price;
};
struct LineQuantity {
  std::string_view line_id;
  int32_t quantity = 0;
};
struct ReturnItem {
  std::string_view line_id;
  int32_t quantity = 0;
  ReturnReason reason = ReturnReason::kUnspecified;
};

// The bodies: what each kind keeps besides its instants and place. Ids have the names of DOMAIN.md.
struct OrderPlacedFact {
  absl::InlinedVector<OrderLine, 2> lines;
  Money total;
  DeliveryView delivery;
};
struct OrderPaidFact {};
struct OrderCancelledFact {
  Actor by = Actor::kUnspecified;
};
struct ParcelRegisteredFact {
  std::string_view parcel_id;
  std::string_view carrier_id;
  Direction direction = Direction::kUnspecified;
  absl::InlinedVector<LineQuantity, 2> lines;
  std::string_view return_id;
  Money list_price;
  Money price_paid_by_buyer;
  Payer covered_by = Payer::kUnspecified;
};
struct ParcelScannedFact {
  std::string_view parcel_id;
  ScanCode code = ScanCode::kUnspecified;
};
struct ComplaintOpenedFact {
  std::string_view complaint_id;
  ComplaintKind kind = ComplaintKind::kUnspecified;
  ComplaintReason reason = ComplaintReason::kUnspecified;
  Expectation expectation = Expectation::kUnspecified;
};
struct ComplaintMessagePostedFact {
  std::string_view complaint_id;
  std::string_view message_id;
  Actor author = Actor::kUnspecified;
};
struct ComplaintResolvedFact {
  std::string_view complaint_id;
  Outcome outcome = Outcome::kUnspecified;
  Actor by = Actor::kUnspecified;
};
struct ComplaintReopenedFact {
  std::string_view complaint_id;
  Actor by = Actor::kUnspecified;
};
struct ComplaintEscalatedFact {
  std::string_view complaint_id;
  Actor by = Actor::kUnspecified;
};
struct ReviewPostedFact {
  std::string_view review_id;
  bool recommended = false;
  RatesView rates;
};
struct ReviewEditedFact {
  std::string_view review_id;
  bool recommended = false;
  RatesView rates;
};
struct ReviewAnsweredFact {
  std::string_view review_id;
};
struct ReviewRemovalRequestedFact {
  std::string_view review_id;
};
struct ReviewRemovedFact {
  std::string_view review_id;
  RemovedBy by = RemovedBy::kUnspecified;
};
struct ReturnFiledFact {
  std::string_view return_id;
  absl::InlinedVector<ReturnItem, 2> items;
};
struct ReturnAcceptedFact {
  std::string_view return_id;
};
struct ReturnRejectedFact {
  std::string_view return_id;
  ReturnRejection code = ReturnRejection::kUnspecified;
};
struct ReturnClosedFact {
  std::string_view return_id;
};
struct RefundIssuedFact {
  std::string_view refund_id;
  std::string_view return_id;
  std::string_view complaint_id;
  Money amount;
  RefundKind kind = RefundKind::kUnspecified;
};

// In the order of EventKind from kOrderPlaced on.
using FactBody =
    std::variant<OrderPlacedFact, OrderPaidFact, OrderCancelledFact, ParcelRegisteredFact,
                 ParcelScannedFact, ComplaintOpenedFact, ComplaintMessagePostedFact,
                 ComplaintResolvedFact, ComplaintReopenedFact, ComplaintEscalatedFact,
                 ReviewPostedFact, ReviewEditedFact, ReviewAnsweredFact, ReviewRemovalRequestedFact,
                 ReviewRemovedFact, ReturnFiledFact, ReturnAcceptedFact, ReturnRejectedFact,
                 ReturnClosedFact, RefundIssuedFact>;

// Its string_views point into the event or the row that it was read from.
struct Fact {
  EventKind kind = EventKind::kNone;
  Place place;
  Instant occurred_at;
  Instant recorded_at;
  MarketCode market;          // of the event; in a row, the order's
  std::string_view buyer_id;  // of OrderPlaced, ComplaintOpened, ReviewPosted, ReturnFiled; in a
                              // row of OrderPlaced alone
  FactBody body;
};

// The fact that an event about an order states. REQUIRES: IsAboutOrder(event.kind) and
// event.occurred_at is set.
Fact FactOf(const EventView& event, Place place, Instant recorded_at);

// The things of an order that several facts speak of, each with ids of its own.
enum class Subject : uint8_t { kNone, kParcel, kComplaint, kReview, kReturn, kRefund };
constexpr Subject SubjectOf(EventKind kind) {
  switch (kind) {
    case EventKind::kParcelRegistered:
    case EventKind::kParcelScanned:
      return Subject::kParcel;
    case EventKind::kComplaintOpened:
    case EventKind::kComplaintMessagePosted:
    case EventKind::kComplaintResolved:
    case EventKind::kComplaintReopened:
    case EventKind::kComplaintEscalated:
      return Subject::kComplaint;
    case EventKind::kReviewPosted:
    case EventKind::kReviewEdited:
    case EventKind::kReviewAnswered:
    case EventKind::kReviewRemovalRequested:
    case EventKind::kReviewRemoved:
      return Subject::kReview;
    case EventKind::kReturnFiled:
    case EventKind::kReturnAccepted:
    case EventKind::kReturnRejected:
    case EventKind::kReturnClosed:
      return Subject::kReturn;
    case EventKind::kRefundIssued:
      return Subject::kRefund;
    default:
      return Subject::kNone;
  }
}

// The id of the thing that the fact speaks of; empty for facts about the order itself.
std::string_view SubjectIdOf(const Fact& fact);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_FACTS_FACT_H_
