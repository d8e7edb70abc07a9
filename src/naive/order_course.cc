#include "naive/order_course.h"

#include <algorithm>
#include <utility>

namespace flywheel::naive {
namespace {

using events::v1::Direction;
using events::v1::ScanCode;

void KeepFirst(int64_t at, std::optional<int64_t>& first) {
  first = std::min(first.value_or(at), at);
}

ReturnCourse* FindReturn(OrderCourse& course, const std::string& return_id) {
  for (ReturnCourse& candidate : course.returns) {
    if (candidate.return_id == return_id) return &candidate;
  }
  return nullptr;
}

ComplaintCourse* FindComplaint(OrderCourse& course, const std::string& complaint_id) {
  for (ComplaintCourse& candidate : course.complaints) {
    if (candidate.complaint_id == complaint_id) return &candidate;
  }
  return nullptr;
}

void AddComplaints(const Order& order, int64_t as_of, OrderCourse& course) {
  for (const OpenedComplaint& opened : order.complaints) {
    if (opened.opened_at > as_of) continue;
    const bool is_claim = opened.kind == events::v1::ComplaintKind::CLAIM;
    course.complaints.push_back({opened.complaint_id, is_claim, opened.opened_at, {}, {}, {}});
  }
  for (const ComplaintStep& step : order.reopenings) {
    ComplaintCourse* complaint = FindComplaint(course, step.complaint_id);
    if (complaint != nullptr && step.at <= as_of) complaint->reopened_at.push_back(step.at);
  }
  for (const ComplaintStep& step : order.messages) {
    ComplaintCourse* complaint = FindComplaint(course, step.complaint_id);
    if (complaint != nullptr && step.at <= as_of) complaint->messages.push_back({step.at, step.by});
  }
  for (const ComplaintStep& step : order.resolutions) {
    ComplaintCourse* complaint = FindComplaint(course, step.complaint_id);
    if (complaint != nullptr && step.at <= as_of) {
      complaint->resolutions.push_back({step.at, step.by});
    }
  }
}

void AddReturns(const Order& order, int64_t as_of, OrderCourse& course) {
  for (const FiledReturn& filed : order.returns) {
    if (filed.filed_at > as_of) continue;
    ReturnCourse added;
    added.return_id = filed.return_id;
    added.filed_at = filed.filed_at;
    course.returns.push_back(std::move(added));
  }
  for (const ReturnDecision& decision : order.return_decisions) {
    ReturnCourse* of_return = FindReturn(course, decision.return_id);
    if (of_return == nullptr || decision.decided_at > as_of) continue;
    (decision.rejected ? of_return->rejected_at : of_return->accepted_at) = decision.decided_at;
  }
  for (const ReturnClosure& closure : order.return_closures) {
    ReturnCourse* of_return = FindReturn(course, closure.return_id);
    if (of_return != nullptr && closure.closed_at <= as_of) {
      of_return->closed_at = closure.closed_at;
    }
  }
}

// REQUIRES: complaints and returns are added.
void AddRefunds(const Order& order, int64_t as_of, OrderCourse& course) {
  for (const OrderRefund& refund : order.refunds) {
    ReturnCourse* of_return = FindReturn(course, refund.return_id);
    if (of_return == nullptr || refund.issued_at > as_of) continue;
    const bool names_unknown_complaint =
        !refund.complaint_id.empty() && FindComplaint(course, refund.complaint_id) == nullptr;
    if (!names_unknown_complaint) KeepFirst(refund.issued_at, of_return->refunded_at);
  }
}

// REQUIRES: returns are added.
void AddScans(const Order& order, int64_t as_of, OrderCourse& course) {
  for (const RegisteredParcel& parcel : order.parcels) {
    if (parcel.registered_at > as_of) continue;
    ReturnCourse* of_return = FindReturn(course, parcel.return_id);
    if (!parcel.return_id.empty() && of_return == nullptr) continue;
    for (const ParcelScan& scan : order.scans) {
      if (scan.parcel_id != parcel.parcel_id || scan.scanned_at > as_of) continue;
      if (scan.code == ScanCode::PENDING) continue;
      if (parcel.direction == Direction::OUTBOUND) KeepFirst(scan.scanned_at, course.dispatched_at);
      if (parcel.direction == Direction::RETURN && of_return != nullptr) {
        KeepFirst(scan.scanned_at, of_return->scanned_at);
      }
    }
  }
}

}  // namespace

std::optional<OrderCourse> CourseOf(const Order& order, int64_t as_of) {
  if (!order.known || order.placed_at > as_of) return std::nullopt;
  OrderCourse course;
  course.placed_at = order.placed_at;
  course.promised_dispatch_by = order.promised_dispatch_by;
  if (order.cancelled_at && *order.cancelled_at <= as_of) course.cancelled_at = order.cancelled_at;
  AddComplaints(order, as_of, course);
  AddReturns(order, as_of, course);
  AddRefunds(order, as_of, course);
  AddScans(order, as_of, course);
  return course;
}

std::optional<StandingReview> ReviewAt(const Order& order, int64_t as_of) {
  if (!order.known || order.placed_at > as_of) return std::nullopt;
  if (!order.review || order.review->posted_at > as_of) return std::nullopt;
  const PostedReview& posted = *order.review;
  for (const ReviewRemoval& removal : order.removals) {
    if (removal.review_id == posted.review_id && removal.removed_at <= as_of) return std::nullopt;
  }
  StandingReview review{posted.posted_at, posted.review_id, posted.opinion.recommended};
  int64_t said_at = posted.posted_at;
  for (const ReviewEdit& edit : order.edits) {
    const bool counts = edit.review_id == posted.review_id && edit.edited_at <= as_of;
    if (!counts || edit.edited_at < said_at) continue;
    said_at = edit.edited_at;
    review.recommended = edit.opinion.recommended;
  }
  return review;
}

}  // namespace flywheel::naive
