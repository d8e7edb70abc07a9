#include "projections/models/order_course.h"

#include <utility>

namespace flywheel {
namespace {

// Facts about a thing may stand before the one that makes it known, so all are gathered first.
struct Parcel {
  std::string_view parcel_id;
  Direction direction;
  std::string_view return_id;
};
struct Scan {
  std::string_view parcel_id;
  Moment moment;
};
template <class What>
struct About {
  std::string_view id;
  What what;
};
struct Refund {
  std::string_view return_id;
  std::string_view complaint_id;
  Moment moment;
};
struct Gathered {
  absl::InlinedVector<Parcel, 1> parcels;
  absl::InlinedVector<Scan, 6> scans;
  absl::InlinedVector<About<Moment>, 1> reopened;
  absl::InlinedVector<About<MomentBy>, 2> messages;
  absl::InlinedVector<About<ComplaintCourse::Resolution>, 1> resolutions;
  absl::InlinedVector<About<Moment>, 1> accepted;
  absl::InlinedVector<About<Moment>, 1> rejected;
  absl::InlinedVector<About<Moment>, 1> closed;
  absl::InlinedVector<Refund, 1> refunds;
};

template <class Things, class Id>
auto* Find(Things& things, Id id, std::string_view wanted) {
  for (auto& thing : things) {
    if (thing.*id == wanted) return &thing;
  }
  return static_cast<decltype(&things.front())>(nullptr);
}

ComplaintCourse* FindComplaint(OrderCourse& course, std::string_view id) {
  return Find(course.complaints, &ComplaintCourse::complaint_id, id);
}
ReturnCourse* FindReturn(OrderCourse& course, std::string_view id) {
  return Find(course.returns, &ReturnCourse::return_id, id);
}

void KeepFirst(const Moment& moment, std::optional<Moment>* first) {
  if (!*first || moment.at < (*first)->at) *first = moment;
}

// The kinds that Gather makes something of.
constexpr EventKindSet kGathered = {
    EventKind::kOrderPlaced,       EventKind::kOrderCancelled,
    EventKind::kParcelRegistered,  EventKind::kParcelScanned,
    EventKind::kComplaintOpened,   EventKind::kComplaintMessagePosted,
    EventKind::kComplaintResolved, EventKind::kComplaintReopened,
    EventKind::kReturnFiled,       EventKind::kReturnAccepted,
    EventKind::kReturnRejected,    EventKind::kReturnClosed,
    EventKind::kRefundIssued};

void Gather(const Fact& fact, OrderCourse* course, Gathered* gathered) {
  const Moment moment{fact.occurred_at, fact.place};
  if (const auto* placed = std::get_if<OrderPlacedFact>(&fact.body)) {
    course->market = fact.market;
    course->placed = moment;
    course->promised_dispatch_by = placed->delivery.promised_dispatch_by;
  } else if (const auto* cancelled = std::get_if<OrderCancelledFact>(&fact.body)) {
    course->cancelled = MomentBy{moment, cancelled->by};
  } else if (const auto* parcel = std::get_if<ParcelRegisteredFact>(&fact.body)) {
    gathered->parcels.push_back({parcel->parcel_id, parcel->direction, parcel->return_id});
  } else if (const auto* scan = std::get_if<ParcelScannedFact>(&fact.body)) {
    if (scan->code != ScanCode::kPending) gathered->scans.push_back({scan->parcel_id, moment});
  } else if (const auto* opened = std::get_if<ComplaintOpenedFact>(&fact.body)) {
    ComplaintCourse& complaint = course->complaints.emplace_back();
    complaint.complaint_id = opened->complaint_id;
    complaint.kind = opened->kind;
    complaint.reason = opened->reason;
    complaint.opened = moment;
  } else if (const auto* reopened = std::get_if<ComplaintReopenedFact>(&fact.body)) {
    gathered->reopened.push_back({reopened->complaint_id, moment});
  } else if (const auto* message = std::get_if<ComplaintMessagePostedFact>(&fact.body)) {
    gathered->messages.push_back({message->complaint_id, MomentBy{moment, message->author}});
  } else if (const auto* resolved = std::get_if<ComplaintResolvedFact>(&fact.body)) {
    gathered->resolutions.push_back(
        {resolved->complaint_id,
         ComplaintCourse::Resolution{MomentBy{moment, resolved->by}, resolved->outcome}});
  } else if (const auto* filed = std::get_if<ReturnFiledFact>(&fact.body)) {
    ReturnCourse& of_return = course->returns.emplace_back();
    of_return.return_id = filed->return_id;
    of_return.filed = moment;
  } else if (const auto* accepted = std::get_if<ReturnAcceptedFact>(&fact.body)) {
    gathered->accepted.push_back({accepted->return_id, moment});
  } else if (const auto* rejected = std::get_if<ReturnRejectedFact>(&fact.body)) {
    gathered->rejected.push_back({rejected->return_id, moment});
  } else if (const auto* closed = std::get_if<ReturnClosedFact>(&fact.body)) {
    gathered->closed.push_back({closed->return_id, moment});
  } else if (const auto* refund = std::get_if<RefundIssuedFact>(&fact.body)) {
    if (refund->kind == RefundKind::kOrder && !refund->return_id.empty()) {
      gathered->refunds.push_back({refund->return_id, refund->complaint_id, moment});
    }
  }
}

void AddScans(const Gathered& gathered, OrderCourse* course) {
  for (const Scan& scan : gathered.scans) {
    const Parcel* const parcel = Find(gathered.parcels, &Parcel::parcel_id, scan.parcel_id);
    if (parcel == nullptr) continue;
    ReturnCourse* const of_return =
        parcel->return_id.empty() ? nullptr : FindReturn(*course, parcel->return_id);
    if (!parcel->return_id.empty() && of_return == nullptr) continue;
    if (parcel->direction == Direction::kOutbound) {
      KeepFirst(scan.moment, &course->carrier_scan);
    } else if (of_return != nullptr) {
      KeepFirst(scan.moment, &of_return->carrier_scan);
    }
  }
}

void AddComplaints(const Gathered& gathered, OrderCourse* course) {
  for (const auto& [id, reopened] : gathered.reopened) {
    if (auto* complaint = FindComplaint(*course, id)) complaint->reopened.push_back(reopened);
  }
  for (const auto& [id, message] : gathered.messages) {
    if (auto* complaint = FindComplaint(*course, id)) complaint->messages.push_back(message);
  }
  for (const auto& [id, resolution] : gathered.resolutions) {
    if (auto* complaint = FindComplaint(*course, id)) complaint->resolutions.push_back(resolution);
  }
}

void AddReturns(const Gathered& gathered, OrderCourse* course) {
  for (const auto& [id, moment] : gathered.accepted) {
    if (auto* of_return = FindReturn(*course, id)) of_return->accepted = moment;
  }
  for (const auto& [id, moment] : gathered.rejected) {
    if (auto* of_return = FindReturn(*course, id)) of_return->rejected = moment;
  }
  for (const auto& [id, moment] : gathered.closed) {
    if (auto* of_return = FindReturn(*course, id)) of_return->closed = moment;
  }
  for (const Refund& refund : gathered.refunds) {
    ReturnCourse* const of_return = FindReturn(*course, refund.return_id);
    const bool names_unknown =
        !refund.complaint_id.empty() && FindComplaint(*course, refund.complaint_id) == nullptr;
    if (of_return != nullptr && !names_unknown) KeepFirst(refund.moment, &of_return->refunded);
  }
}

void PutTogether(const Gathered& gathered, OrderCourse* course) {
  AddScans(gathered, course);
  AddComplaints(gathered, course);
  AddReturns(gathered, course);
}

}  // namespace

std::optional<OrderCourse> CourseOf(const OrderRow& order, const FactsUpTo& cut) {
  OrderCourse course;
  Gathered gathered;
  bool placed = false;
  order.ForEachFact(kGathered, [&](const Fact& fact) {
    if (!cut.Includes(fact)) return true;
    placed = placed || fact.kind == EventKind::kOrderPlaced;
    Gather(fact, &course, &gathered);
    return true;
  });
  if (!placed) return std::nullopt;
  PutTogether(gathered, &course);
  return course;
}

CourseChange CourseAround(const OrderRow& order, const Fact& fact) {
  CourseChange change;
  Gathered gathered;
  order.ForEachFact(kGathered, [&](const Fact& known) {
    Gather(known, &change.before, &gathered);
    return true;
  });
  change.after = change.before;
  PutTogether(gathered, &change.before);
  Gather(fact, &change.after, &gathered);
  PutTogether(gathered, &change.after);
  return change;
}

}  // namespace flywheel
