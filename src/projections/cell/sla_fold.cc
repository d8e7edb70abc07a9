#include "projections/cell/sla_fold.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "events/intake.h"
#include "projections/facts/row_keys.h"
#include "projections/models/order_course.h"
#include "projections/models/sla.h"

namespace flywheel {
namespace {

// The order whose clocks move.
struct Mover {
  std::string_view seller;
  std::string_view order_id;
  MarketCode market;
  const TimeZone& zone;
  Rows* rows;
};

void AddToSums(const Mover& mover, const ClockRun& run, int sign) {
  const LocalDay day = mover.zone.Day(run.opened);
  for (const std::string_view owner : {mover.seller, kAllSellers}) {
    mover.rows->ChangeDay(owner, mover.market, day,
                          [&](DaySums& sums) { sums.sla.Add(run, sign); });
  }
}

// Writes the row of the clocks that opened on the day and run; `had_row`: there was one before.
void StoreOpenClocks(const Mover& mover, LocalDay day, const ClockRuns& runs, bool had_row) {
  std::string key = row_keys::OpenClocks(mover.seller, mover.market, day, mover.order_id);
  std::string row;
  for (const ClockRun& run : runs) {
    if (run.stopped || mover.zone.Day(run.opened) != day) continue;
    AppendOpenClock({run.clock, run.id, run.opened, run.due}, &row);
  }
  if (row.empty()) {
    mover.rows->Delete(std::move(key));
  } else if (had_row) {
    mover.rows->Put(std::move(key), std::move(row));
  } else {
    mover.rows->PutNew(std::move(key), std::move(row));
  }
}

bool HasOpenClock(const Mover& mover, LocalDay day, const ClockRuns& runs) {
  return std::any_of(runs.begin(), runs.end(), [&](const ClockRun& run) {
    return !run.stopped && mover.zone.Day(run.opened) == day;
  });
}

void Move(const Mover& mover, const ClockRuns& before, const ClockRuns& after) {
  absl::InlinedVector<LocalDay, 2> open_days;  // on which what runs has changed
  const auto move = [&](const ClockRun& run, int sign) {
    if (run.stopped) {
      AddToSums(mover, run, sign);
      return;
    }
    const LocalDay day = mover.zone.Day(run.opened);
    if (std::find(open_days.begin(), open_days.end(), day) == open_days.end()) {
      open_days.push_back(day);
    }
  };
  // Both are sorted: what stands in one alone moves.
  const ClockRun* old = before.begin();
  const ClockRun* now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (old == before.end() || (now != after.end() && Precedes(*now, *old))) {
      move(*now++, 1);
    } else if (now == after.end() || Precedes(*old, *now)) {
      move(*old++, -1);
    } else {
      ++old;
      ++now;
    }
  }
  for (const LocalDay day : open_days) {
    StoreOpenClocks(mover, day, after, HasOpenClock(mover, day, before));
  }
}

}  // namespace

void OpenDispatchClock(std::string_view seller, std::string_view order_id, const Fact& placed,
                       const PolicyBook& policies, Rows* rows) {
  const auto& promised = std::get<OrderPlacedFact>(placed.body).delivery.promised_dispatch_by;
  if (!promised) return;
  OrderCourse course;
  course.market = placed.market;
  course.placed = {placed.occurred_at, placed.place};
  course.promised_dispatch_by = promised;
  const TimeZone& zone = *policies.Of(placed.market, placed.occurred_at).zone;
  Move({seller, order_id, placed.market, zone, rows}, {}, ClocksOf(course, order_id, policies));
}

bool CanMoveClocks(const Fact& fact, const OrderRow::ActSearch& search) {
  switch (fact.kind) {
    case EventKind::kParcelRegistered:
      // What was scanned before it was registered counts from now on.
      return search.subject_ordinal >= 0;
    case EventKind::kParcelScanned:
      // The first carrier scan of a registered parcel.
      return std::get<ParcelScannedFact>(fact.body).code != ScanCode::kPending &&
             search.subject_ordinal >= 0 && !search.scanned_by_then;
    case EventKind::kComplaintMessagePosted: {
      const Actor author = std::get<ComplaintMessagePostedFact>(fact.body).author;
      return author == Actor::kSeller || author == Actor::kMarketplace;
    }
    case EventKind::kRefundIssued: {
      const auto& refund = std::get<RefundIssuedFact>(fact.body);
      return refund.kind == RefundKind::kOrder && !refund.return_id.empty();
    }
    case EventKind::kOrderCancelled:
    case EventKind::kComplaintOpened:
    case EventKind::kComplaintResolved:
    case EventKind::kComplaintReopened:
    case EventKind::kReturnFiled:
    case EventKind::kReturnAccepted:
    case EventKind::kReturnRejected:
    case EventKind::kReturnClosed:
      return true;
    default:
      return false;
  }
}

void MoveClocks(std::string_view seller, std::string_view order_id, const CourseChange& change,
                const PolicyBook& policies, std::optional<SlaClock> only, Rows* rows) {
  const MarketCode market = change.after.market;
  const TimeZone& zone = *policies.Of(market, change.after.placed.at).zone;
  const auto clocks_of = [&](const OrderCourse& course) {
    ClockRuns runs = ClocksOf(course, order_id, policies);
    if (!only) return runs;
    runs.erase(std::remove_if(runs.begin(), runs.end(),
                              [&](const ClockRun& run) { return run.clock != *only; }),
               runs.end());
    return runs;
  };
  Move({seller, order_id, market, zone, rows}, clocks_of(change.before), clocks_of(change.after));
}

}  // namespace flywheel
