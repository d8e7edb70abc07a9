// What the accepted facts of an order say up to an instant, put together by complaint and return.
//
// A fact counts from the instant on at which it and everything it speaks of have occurred, and then
// at its own occurred_at: a scan waits for the registration of its parcel, a parcel that names a
// return (and its scans) for the filing, a message for the opening of its complaint, a refund for
// the return and the complaint it names, and everything for the placing of the order.
#ifndef FLYWHEEL_NAIVE_ORDER_COURSE_H_
#define FLYWHEEL_NAIVE_ORDER_COURSE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flywheel/events/v1/event.pb.h"
#include "naive/order_facts.h"

namespace flywheel::naive {

struct CourseStep {
  int64_t at = 0;
  events::v1::Actor::Value by = events::v1::Actor::UNSPECIFIED;
};

struct ComplaintCourse {
  std::string complaint_id;
  bool is_claim = false;
  int64_t opened_at = 0;
  std::vector<int64_t> reopened_at;
  std::vector<CourseStep> messages;
  std::vector<CourseStep> resolutions;
};

struct ReturnCourse {
  std::string return_id;
  int64_t filed_at = 0;
  std::optional<int64_t> scanned_at;  // first carrier scan of its parcels
  std::optional<int64_t> accepted_at;
  std::optional<int64_t> rejected_at;
  std::optional<int64_t> closed_at;
  std::optional<int64_t> refunded_at;  // first refund of kind ORDER

  // The later decision stands; at one instant the rejection.
  bool StandsRejected() const {
    return rejected_at && (!accepted_at || *rejected_at >= *accepted_at);
  }
};

struct OrderCourse {
  int64_t placed_at = 0;
  std::optional<int64_t> promised_dispatch_by;
  std::optional<int64_t> cancelled_at;
  std::optional<int64_t> dispatched_at;  // first carrier scan of an outbound parcel
  std::vector<ComplaintCourse> complaints;
  std::vector<ReturnCourse> returns;

  // Strictly before the first carrier scan, or without one.
  bool IsCancelledBeforeDispatch() const {
    return cancelled_at && (!dispatched_at || *cancelled_at < *dispatched_at);
  }
};

// nullopt: the order is not placed by then.
std::optional<OrderCourse> CourseOf(const Order& order, int64_t as_of);

// The order's review as it stands at an instant.
struct StandingReview {
  int64_t posted_at = 0;
  std::string review_id;
  bool recommended = false;
};

// nullopt: there is none, or it is removed.
std::optional<StandingReview> ReviewAt(const Order& order, int64_t as_of);

}  // namespace flywheel::naive

#endif  // FLYWHEEL_NAIVE_ORDER_COURSE_H_
