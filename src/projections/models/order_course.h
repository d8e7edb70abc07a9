// The course of an order: what its facts say, put together by parcel, complaint and return.
//
// Read models that run clocks on an order (5.2, 5.3) are functions of it.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_ORDER_COURSE_H_
#define FLYWHEEL_PROJECTIONS_MODELS_ORDER_COURSE_H_

#include <optional>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "base/market.h"
#include "base/strong.h"
#include "events/event_view.h"
#include "projections/facts/fact.h"
#include "projections/facts/order_row.h"
#include "projections/models/rating.h"

namespace flywheel {

// That something happened: when, and the record that says so.
struct Moment {
  Instant at;
  Place place;
};
struct MomentBy : Moment {
  Actor by = Actor::kUnspecified;
};

struct ComplaintCourse {
  std::string_view complaint_id;
  ComplaintKind kind = ComplaintKind::kUnspecified;
  ComplaintReason reason = ComplaintReason::kUnspecified;
  Moment opened;
  // In the order of acceptance.
  absl::InlinedVector<Moment, 1> reopened;
  absl::InlinedVector<MomentBy, 2> messages;
  struct Resolution : MomentBy {
    Outcome outcome = Outcome::kUnspecified;
  };
  absl::InlinedVector<Resolution, 1> resolutions;
};

struct ReturnCourse {
  std::string_view return_id;
  Moment filed;
  std::optional<Moment> carrier_scan;  // the first of any of its parcels
  std::optional<Moment> accepted;
  std::optional<Moment> rejected;
  std::optional<Moment> closed;
  std::optional<Moment> refunded;  // the first refund of kind ORDER that names it

  // The later of its decisions is a rejection; at one instant, the rejection stands.
  bool stands_rejected() const { return rejected && (!accepted || rejected->at >= accepted->at); }
};

// Views point into the row.
struct OrderCourse {
  MarketCode market;
  Moment placed;
  std::optional<Instant> promised_dispatch_by;
  std::optional<MomentBy> cancelled;
  std::optional<Moment> carrier_scan;  // the first of any outbound parcel; any scan but PENDING
  absl::InlinedVector<ComplaintCourse, 1> complaints;
  absl::InlinedVector<ReturnCourse, 1> returns;

  // Cancelled strictly before the first carrier scan of an outbound parcel, or without one.
  bool cancelled_before_dispatch() const {
    return cancelled && (!carrier_scan || cancelled->at < carrier_scan->at);
  }
};

// The course as the facts under the cut show it; nullopt without a placing. What speaks of a
// parcel, complaint or return that is not there under the cut has no part in it.
std::optional<OrderCourse> CourseOf(const OrderRow& order, const FactsUpTo& cut);

// The courses before and after a fact is appended to the row, in one reading of it.
struct CourseChange {
  OrderCourse before;
  OrderCourse after;
};
// REQUIRES: order.known(); the fact is not in the row yet. Views point into the row and the fact.
CourseChange CourseAround(const OrderRow& order, const Fact& fact);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_ORDER_COURSE_H_
