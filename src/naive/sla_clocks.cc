#include "naive/sla_clocks.h"

#include <algorithm>

#include "naive/business_clock.h"
#include "naive/calendar.h"

namespace flywheel::naive {
namespace {

using events::v1::Actor;

// The policies in one market.
struct MarketPolicies {
  const Policies& policies;
  const std::string& market;
  absl::TimeZone zone;

  Rules At(int64_t instant) const { return policies.At(market, instant); }
  int64_t EndOfDayAfter(int64_t instant, int32_t days) const {
    return EndOf(zone, DayOf(zone, instant) + days);
  }
};

void Stop(int64_t at, OrderClock& clock) {
  clock.stopped_at = at;
  clock.duration_ms = at - clock.opened_at;
}

void StopAtOnce(OrderClock& clock) {
  Stop(clock.opened_at, clock);
  clock.at_once = true;
}

bool IsOfShop(Actor::Value by) { return by == Actor::SELLER || by == Actor::MARKETPLACE; }

// The first instant from `opened_at` on of the steps that `counts`.
template <class Counts>
std::optional<int64_t> FirstFrom(int64_t opened_at, const std::vector<CourseStep>& steps,
                                 Counts counts) {
  std::optional<int64_t> first;
  for (const CourseStep& step : steps) {
    if (step.at < opened_at || !counts(step.by)) continue;
    first = std::min(first.value_or(step.at), step.at);
  }
  return first;
}

std::optional<int64_t> Earlier(std::optional<int64_t> a, std::optional<int64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// nullopt: somebody else resolves the complaint in time before any response.
std::optional<OrderClock> FirstResponse(const MarketPolicies& at, const ComplaintCourse& complaint,
                                        int64_t opened_at) {
  const Rules rules = at.At(opened_at);
  const BusinessClock business{at.zone, rules.sla.hours, rules.holidays};
  OrderClock clock;
  clock.clock = SlaClock::kFirstResponse;
  clock.id = complaint.complaint_id;
  clock.opened_at = opened_at;
  clock.due = rules.sla.business_clock ? business.After(opened_at, rules.sla.first_response_ms)
                                       : opened_at + rules.sla.first_response_ms;
  const std::optional<int64_t> stop =
      Earlier(FirstFrom(opened_at, complaint.messages, IsOfShop),
              FirstFrom(opened_at, complaint.resolutions, IsOfShop));
  const std::optional<int64_t> by_others =
      FirstFrom(opened_at, complaint.resolutions, [](Actor::Value by) { return !IsOfShop(by); });
  if (by_others && *by_others <= clock.due && (!stop || *by_others < *stop)) return std::nullopt;
  if (stop) {
    Stop(*stop, clock);
    if (rules.sla.business_clock) clock.duration_ms = business.Between(opened_at, *stop);
  }
  return clock;
}

OrderClock StoppedByResolution(SlaClock kind, const ComplaintCourse& complaint, int64_t opened_at,
                               int64_t due) {
  OrderClock clock;
  clock.clock = kind;
  clock.id = complaint.complaint_id;
  clock.opened_at = opened_at;
  clock.due = due;
  const auto anybody = [](Actor::Value) { return true; };
  const std::optional<int64_t> stop = FirstFrom(opened_at, complaint.resolutions, anybody);
  if (stop) Stop(*stop, clock);
  return clock;
}

void AddComplaintClocks(const MarketPolicies& at, const ComplaintCourse& complaint,
                        std::vector<OrderClock>& clocks) {
  std::vector<int64_t> openings = complaint.reopened_at;
  openings.push_back(complaint.opened_at);
  for (const int64_t opened_at : openings) {
    if (auto response = FirstResponse(at, complaint, opened_at)) clocks.push_back(*response);
    const int64_t due = opened_at + at.At(opened_at).sla.resolution_ms;
    clocks.push_back(StoppedByResolution(SlaClock::kResolution, complaint, opened_at, due));
  }
  if (!complaint.is_claim) return;
  const int64_t due =
      at.EndOfDayAfter(complaint.opened_at, at.At(complaint.opened_at).sla.decision_days);
  clocks.push_back(StoppedByResolution(SlaClock::kDecision, complaint, complaint.opened_at, due));
}

void AddDispatchClock(const std::string& order_id, const OrderCourse& course,
                      std::vector<OrderClock>& clocks) {
  if (!course.promised_dispatch_by || course.IsCancelledBeforeDispatch()) return;
  OrderClock clock;
  clock.clock = SlaClock::kDispatch;
  clock.id = order_id;
  clock.opened_at = course.placed_at;
  clock.due = *course.promised_dispatch_by;
  if (course.dispatched_at && *course.dispatched_at < clock.opened_at) {
    StopAtOnce(clock);
  } else if (course.dispatched_at) {
    Stop(*course.dispatched_at, clock);
  }
  clocks.push_back(clock);
}

void AddRefundClock(const MarketPolicies& at, const ReturnCourse& of_return,
                    std::vector<OrderClock>& clocks) {
  const std::optional<int64_t> base = Earlier(of_return.scanned_at, of_return.accepted_at);
  if (!base || of_return.StandsRejected()) return;
  if (of_return.closed_at && !of_return.refunded_at) return;
  OrderClock clock;
  clock.clock = SlaClock::kRefund;
  clock.id = of_return.return_id;
  clock.opened_at = std::max(of_return.filed_at, *base);
  clock.due = at.EndOfDayAfter(clock.opened_at, at.At(clock.opened_at).sla.refund_days);
  if (of_return.refunded_at && *of_return.refunded_at < clock.opened_at) {
    StopAtOnce(clock);
  } else if (of_return.refunded_at) {
    Stop(*of_return.refunded_at, clock);
  }
  clocks.push_back(clock);
}

}  // namespace

std::string_view NameOf(SlaClock clock) {
  switch (clock) {
    case SlaClock::kFirstResponse:
      return "firstResponse";
    case SlaClock::kResolution:
      return "resolution";
    case SlaClock::kDecision:
      return "decision";
    case SlaClock::kDispatch:
      return "dispatch";
    case SlaClock::kRefund:
      return "refund";
  }
  return "";
}

ClockState OrderClock::StateAt(int64_t as_of) const {
  if (stopped_at) return at_once || *stopped_at <= due ? ClockState::kWithin : ClockState::kLate;
  return as_of <= due ? ClockState::kPending : ClockState::kOverdue;
}

std::vector<OrderClock> ClocksOf(const Policies& policies, const std::string& market,
                                 const std::string& order_id, const OrderCourse& course) {
  const MarketPolicies at{policies, market, *policies.ZoneOf(market)};
  std::vector<OrderClock> clocks;
  for (const ComplaintCourse& complaint : course.complaints) {
    AddComplaintClocks(at, complaint, clocks);
  }
  AddDispatchClock(order_id, course, clocks);
  for (const ReturnCourse& of_return : course.returns) AddRefundClock(at, of_return, clocks);
  return clocks;
}

}  // namespace flywheel::naive
