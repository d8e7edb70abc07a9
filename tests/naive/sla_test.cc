// Read model 5.3. Warsaw is one hour ahead of UTC in winter and two in summer.
#include "naive/sla.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "naive/service_events.h"

namespace flywheel::naive {
namespace {

// A Wednesday, noon in Warsaw.
const int64_t kNoon = At("2024-06-05T10:00:00Z");

Sla SlaIn(const History& history, int64_t as_of, int32_t window_days = 90,
          const std::string& seller_id = "s", const std::string& market = "PL") {
  const std::optional<Sla> sla = SlaOf(history.replay(), seller_id, market, window_days, as_of);
  REQUIRE(sla.has_value());
  return *sla;
}

// {within, late, pending, overdue}
using Numbers = std::vector<int64_t>;
Numbers Of(const History& history, SlaClock clock, int64_t as_of, int32_t window_days = 90) {
  const Sla sla = SlaIn(history, as_of, window_days);
  const ClockFigures& figures = sla.Of(clock);
  return {figures.within, figures.late, figures.pending, figures.overdue};
}

std::optional<int64_t> Median(const History& history, SlaClock clock, int64_t as_of) {
  return SlaIn(history, as_of).Of(clock).p50_ms;
}

const Numbers kNone{0, 0, 0, 0};
const Numbers kWithin{1, 0, 0, 0};
const Numbers kLate{0, 1, 0, 0};
const Numbers kPending{0, 0, 1, 0};
const Numbers kOverdue{0, 0, 0, 1};

// A history with order "o", placed a day before noon.
History Bought() {
  History history;
  history.Add(Placed("o", kNoon - kDay));
  return history;
}

policy::v1::Policy WithBusinessClock(int64_t hours) {
  policy::v1::Policy policy;
  auto* sla = policy.mutable_defaults()->mutable_sla();
  sla->set_first_response_business_clock(true);
  sla->mutable_first_response()->set_seconds(hours * 3600);
  return policy;
}

}  // namespace

TEST_CASE("a clock is pending up to its due instant and overdue 1 ms later") {
  History history = Bought();
  history.Add(Complained("o", kNoon));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon - 1) == kNone);
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon) == kPending);
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + 24 * kHour) == kPending);
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + 24 * kHour + 1) == kOverdue);
  CHECK(Of(history, SlaClock::kResolution, kNoon + 14 * kDay) == kPending);
  CHECK(Of(history, SlaClock::kResolution, kNoon + 14 * kDay + 1) == kOverdue);
  CHECK_FALSE(SlaIn(history, kNoon).Of(SlaClock::kFirstResponse).compliance.has_value());
  CHECK(SlaIn(history, kNoon + 2 * kDay).Of(SlaClock::kFirstResponse).compliance == 0.0);
  CHECK_FALSE(Median(history, SlaClock::kFirstResponse, kNoon + 2 * kDay).has_value());
}

TEST_CASE(
    "a response at the due instant is within, 1 ms later it is late, and an earlier as_of "
    "does not know it") {
  for (const int64_t later : {0, 1}) {
    History history = Bought();
    history.Add(Complained("o", kNoon));
    history.Add(Messaged("o", kNoon + 24 * kHour + later));
    const int64_t answered = kNoon + 24 * kHour + later;
    CHECK(Of(history, SlaClock::kFirstResponse, answered) == (later == 0 ? kWithin : kLate));
    CHECK(Of(history, SlaClock::kFirstResponse, answered - 1) == kPending);
    CHECK(Median(history, SlaClock::kFirstResponse, answered) == 24 * kHour + later);
    CHECK(SlaIn(history, answered).Of(SlaClock::kFirstResponse).compliance == (later == 0 ? 1 : 0));
  }
}

TEST_CASE("the shop's messages and resolutions respond, the buyer's messages do not") {
  for (const Actor::Value by : {Actor::SELLER, Actor::MARKETPLACE}) {
    History history = Bought();
    history.Add(Complained("o", kNoon));
    history.Add(Messaged("o", kNoon + kHour, Actor::BUYER));
    history.Add(Messaged("o", kNoon + 2 * kHour, Actor::SYSTEM));
    history.Add(Messaged("o", kNoon + 3 * kHour, by));
    CHECK(Median(history, SlaClock::kFirstResponse, kNoon + kDay) == 3 * kHour);
    CHECK(Of(history, SlaClock::kResolution, kNoon + kDay) == kPending);
  }
  History history = Bought();
  history.Add(Complained("o", kNoon));
  history.Add(Resolved("o", kNoon + kHour, Actor::MARKETPLACE));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + kDay) == kWithin);
  CHECK(Of(history, SlaClock::kResolution, kNoon + kDay) == kWithin);
  CHECK(Median(history, SlaClock::kResolution, kNoon + kDay) == kHour);
}

TEST_CASE("a stop at the opening's own millisecond counts, an earlier one is skipped") {
  History history = Bought();
  history.Add(Complained("o", kNoon));
  history.Add(Messaged("o", kNoon - 1));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + kHour) == kPending);
  history.Add(Messaged("o", kNoon));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + kHour) == kWithin);
  CHECK(Median(history, SlaClock::kFirstResponse, kNoon + kHour) == 0);
  history.Add(Resolved("o", kNoon - 1));
  CHECK(Of(history, SlaClock::kResolution, kNoon + kHour) == kPending);
}

TEST_CASE("a complaint that the buyer withdraws in time leaves no first response") {
  const int64_t due = kNoon + 24 * kHour;
  History in_time = Bought();
  in_time.Add(Complained("o", kNoon));
  in_time.Add(Resolved("o", due, Actor::BUYER));
  CHECK(Of(in_time, SlaClock::kFirstResponse, due - 1) == kPending);
  CHECK(Of(in_time, SlaClock::kFirstResponse, due) == kNone);
  CHECK(Of(in_time, SlaClock::kFirstResponse, due + kDay) == kNone);
  CHECK(Of(in_time, SlaClock::kResolution, due) == kWithin);
  in_time.Add(Messaged("o", due + 1));  // a response after it changes nothing
  CHECK(Of(in_time, SlaClock::kFirstResponse, due + kDay) == kNone);

  History too_late = Bought();
  too_late.Add(Complained("o", kNoon));
  too_late.Add(Resolved("o", due + 1, Actor::BUYER));
  CHECK(Of(too_late, SlaClock::kFirstResponse, due + kDay) == kOverdue);
  too_late.Add(Messaged("o", due + 2));
  CHECK(Of(too_late, SlaClock::kFirstResponse, due + kDay) == kLate);
}

TEST_CASE("where the response and the buyer's resolution are at one instant the response counts") {
  History history = Bought();
  history.Add(Complained("o", kNoon));
  history.Add(Resolved("o", kNoon + kHour, Actor::BUYER));
  history.Add(Messaged("o", kNoon + kHour));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + kDay) == kWithin);
}

TEST_CASE("each reopening opens clocks of its own") {
  History history = Bought();
  history.Add(Complained("o", kNoon, ComplaintKind::CLAIM));
  history.Add(Resolved("o", kNoon + kHour));
  history.Add(Reopened("o", kNoon + 3 * kHour));
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + 4 * kHour) == Numbers{1, 0, 1, 0});
  CHECK(Of(history, SlaClock::kResolution, kNoon + 4 * kHour) == Numbers{1, 0, 1, 0});
  CHECK(Of(history, SlaClock::kDecision, kNoon + 4 * kHour) == kWithin);  // of the opening alone
  history.Add(Resolved("o", kNoon + 8 * kHour));
  CHECK(Of(history, SlaClock::kResolution, kNoon + kDay) == Numbers{2, 0, 0, 0});
  // 1 h and 5 h: the median is the value at rank 1, the 90th percentile the one at rank 2.
  const Sla sla = SlaIn(history, kNoon + kDay);
  CHECK(sla.Of(SlaClock::kResolution).p50_ms == kHour);
  CHECK(sla.Of(SlaClock::kResolution).p90_ms == 5 * kHour);
}

TEST_CASE("a reopening before the opening opens at its own instant, once the opening is there") {
  History history = Bought();
  history.Add(Complained("o", kNoon));
  history.Add(Reopened("o", kNoon - kHour));
  history.Add(Resolved("o", kNoon + kHour));
  CHECK(Of(history, SlaClock::kResolution, kNoon - 1) == kNone);
  CHECK(Of(history, SlaClock::kResolution, kNoon) == Numbers{0, 0, 2, 0});
  const Sla sla = SlaIn(history, kNoon + kHour);
  CHECK(sla.Of(SlaClock::kResolution).p50_ms == kHour);
  CHECK(sla.Of(SlaClock::kResolution).p99_ms == 2 * kHour);
}

TEST_CASE("a claim is decided by the end of the 14th local day after its opening") {
  History history;
  history.Add(Placed("o", At("2024-03-01T10:00:00Z")));
  // The last millisecond of 20 March in Warsaw; the 3rd of April ends in summer time.
  history.Add(Complained("o", At("2024-03-20T22:59:59.999Z"), ComplaintKind::CLAIM));
  const int64_t due = At("2024-04-03T21:59:59.999Z");
  CHECK(Of(history, SlaClock::kDecision, due) == kPending);
  CHECK(Of(history, SlaClock::kDecision, due + 1) == kOverdue);
  history.Add(Resolved("o", due + 1, Actor::BUYER));
  CHECK(Of(history, SlaClock::kDecision, due + 1) == kLate);
  History dispute = Bought();
  dispute.Add(Complained("o", kNoon));
  CHECK(Of(dispute, SlaClock::kDecision, kNoon) == kNone);
}

TEST_CASE("dispatch runs from the placing to the first carrier scan of an outbound parcel") {
  const int64_t promised = kNoon + kDay;
  History history;
  history.Add(PromisedBy(promised, Placed("o", kNoon)));
  CHECK(Of(history, SlaClock::kDispatch, promised) == kPending);
  CHECK(Of(history, SlaClock::kDispatch, promised + 1) == kOverdue);
  history.Add(Scanned("o", promised, ScanCode::PENDING));
  history.Add(Scanned("o", promised + 1));
  // A scan of a parcel that is not registered yet, then one of a parcel that comes back.
  CHECK(Of(history, SlaClock::kDispatch, promised + kDay) == kOverdue);
  history.Add(Parcel("o", promised + kDay, Direction::RETURN, "", "back"));
  history.Add(ScannedParcel("o", "back", promised));
  CHECK(Of(history, SlaClock::kDispatch, promised + kDay) == kOverdue);
  history.Add(Parcel("o", promised + 2 * kDay));
  CHECK(Of(history, SlaClock::kDispatch, promised + 2 * kDay - 1) == kOverdue);
  CHECK(Of(history, SlaClock::kDispatch, promised + 2 * kDay) == kLate);
  CHECK(Median(history, SlaClock::kDispatch, promised + 2 * kDay) == kDay + 1);
}

TEST_CASE("an outbound parcel that names a return counts when that is filed") {
  History history;
  history.Add(PromisedBy(kNoon + kDay, Placed("o", kNoon)));
  history.Add(Parcel("o", kNoon + kHour, Direction::OUTBOUND, "t"));  // an exchange, say
  history.Add(Scanned("o", kNoon + 2 * kHour));
  CHECK(Of(history, SlaClock::kDispatch, kNoon + kDay) == kPending);
  history.Add(Returned("o", "t", kNoon + 3 * kHour, {{"1", 1}}));
  CHECK(Of(history, SlaClock::kDispatch, kNoon + 3 * kHour - 1) == kPending);
  CHECK(Of(history, SlaClock::kDispatch, kNoon + 3 * kHour) == kWithin);
  CHECK(Median(history, SlaClock::kDispatch, kNoon + 3 * kHour) == 2 * kHour);
  CHECK(Of(history, SlaClock::kRefund, kNoon + kDay) == kNone);  // it does not come back
}

TEST_CASE("an order without a promise has no dispatch clock") {
  History history = Bought();
  history.Add(Parcel("o", kNoon));
  history.Add(Scanned("o", kNoon));
  CHECK(Of(history, SlaClock::kDispatch, kNoon + kDay) == kNone);
}

TEST_CASE("a scan before the placing stops at once, within, whatever was promised") {
  for (const int64_t earlier : {1, 0}) {
    History history;
    // Promised for an instant before the placing: a scan at the placing itself is late.
    history.Add(PromisedBy(kNoon - kDay, Placed("o", kNoon)));
    history.Add(Parcel("o", kNoon - kHour));
    history.Add(Scanned("o", kNoon - earlier));
    CHECK(Of(history, SlaClock::kDispatch, kNoon) == (earlier == 1 ? kWithin : kLate));
    CHECK(Median(history, SlaClock::kDispatch, kNoon) == 0);
  }
}

TEST_CASE("an order cancelled before dispatch has no dispatch clock, one cancelled later has") {
  History before;
  before.Add(PromisedBy(kNoon + kDay, Placed("o", kNoon)));
  before.Add(Cancelled("o", kNoon + kHour));
  CHECK(Of(before, SlaClock::kDispatch, kNoon + kHour - 1) == kPending);
  CHECK(Of(before, SlaClock::kDispatch, kNoon + kHour) == kNone);
  before.Add(Parcel("o", kNoon));
  before.Add(Scanned("o", kNoon + kHour + 1));
  CHECK(Of(before, SlaClock::kDispatch, kNoon + kDay) == kNone);

  History same_instant;
  same_instant.Add(PromisedBy(kNoon + kDay, Placed("o", kNoon)));
  same_instant.Add(Cancelled("o", kNoon + kHour));
  same_instant.Add(Parcel("o", kNoon));
  same_instant.Add(Scanned("o", kNoon + kHour));
  CHECK(Of(same_instant, SlaClock::kDispatch, kNoon + kDay) == kWithin);
}

namespace {

// Order "o" with return "t", filed at noon.
History FiledReturnAtNoon() {
  History history = Bought();
  history.Add(Returned("o", "t", kNoon, {{"1", 1}}));
  return history;
}

}  // namespace

TEST_CASE(
    "a refund is due at the end of the 14th local day after the return's first scan or "
    "acceptance") {
  History history = FiledReturnAtNoon();
  CHECK(Of(history, SlaClock::kRefund, kNoon + kDay) == kNone);
  history.Add(Parcel("o", kNoon + kHour, Direction::RETURN, "t", "back"));
  history.Add(ScannedParcel("o", "back", kNoon + 2 * kDay));  // 7 June
  const int64_t due = At("2024-06-21T21:59:59.999Z");
  CHECK(Of(history, SlaClock::kRefund, kNoon + 2 * kDay - 1) == kNone);
  CHECK(Of(history, SlaClock::kRefund, due) == kPending);
  CHECK(Of(history, SlaClock::kRefund, due + 1) == kOverdue);
  history.Add(ReturnAccepted("o", "t", kNoon + kDay));  // 6 June: it opened earlier
  CHECK(Of(history, SlaClock::kRefund, due - kDay) == kPending);
  CHECK(Of(history, SlaClock::kRefund, due - kDay + 1) == kOverdue);
  history.Add(RefundedFor("t", "o", due - kDay, RefundKind::POSTAGE));
  history.Add(RefundedFor("other", "o", due - kDay + 2));
  CHECK(Of(history, SlaClock::kRefund, due) == kOverdue);
  history.Add(RefundedFor("t", "o", due - kDay + 1));
  CHECK(Of(history, SlaClock::kRefund, due) == kLate);
}

TEST_CASE(
    "a refund clock opens at the filing where that is later, and a refund before it stops it "
    "at once") {
  History history = FiledReturnAtNoon();
  history.Add(ReturnAccepted("o", "t", kNoon - kHour));
  CHECK(Of(history, SlaClock::kRefund, kNoon - 1) == kNone);
  CHECK(Of(history, SlaClock::kRefund, kNoon) == kPending);
  history.Add(RefundedFor("t", "o", kNoon - 1));
  CHECK(Of(history, SlaClock::kRefund, kNoon - 1) == kNone);
  CHECK(Of(history, SlaClock::kRefund, kNoon) == kWithin);
  CHECK(Median(history, SlaClock::kRefund, kNoon) == 0);
}

TEST_CASE("a return that stands rejected has no refund clock, refund or not") {
  History history = FiledReturnAtNoon();
  history.Add(ReturnAccepted("o", "t", kNoon + kHour));
  history.Add(ReturnRejected("o", "t", kNoon + kHour));  // at one instant the rejection stands
  CHECK(Of(history, SlaClock::kRefund, kNoon + kDay) == kNone);
  history.Add(RefundedFor("t", "o", kNoon + 2 * kHour));
  CHECK(Of(history, SlaClock::kRefund, kNoon + kDay) == kNone);

  History accepted_later = FiledReturnAtNoon();
  accepted_later.Add(ReturnRejected("o", "t", kNoon + kHour));
  accepted_later.Add(ReturnAccepted("o", "t", kNoon + kHour + 1));
  CHECK(Of(accepted_later, SlaClock::kRefund, kNoon + kHour) == kNone);
  CHECK(Of(accepted_later, SlaClock::kRefund, kNoon + kDay) == kPending);
}

TEST_CASE("a return closed without a refund has no refund clock until one is known") {
  History history = FiledReturnAtNoon();
  history.Add(ReturnAccepted("o", "t", kNoon + kHour));
  history.Add(ReturnClosed("o", "t", kNoon + 2 * kHour));
  CHECK(Of(history, SlaClock::kRefund, kNoon + 2 * kHour - 1) == kPending);
  CHECK(Of(history, SlaClock::kRefund, kNoon + 2 * kHour) == kNone);
  history.Add(RefundedFor("t", "o", kNoon + 5 * kHour));
  CHECK(Of(history, SlaClock::kRefund, kNoon + 5 * kHour - 1) == kNone);
  CHECK(Of(history, SlaClock::kRefund, kNoon + 5 * kHour) == kWithin);
  CHECK(Median(history, SlaClock::kRefund, kNoon + kDay) == 4 * kHour);
}

TEST_CASE("a refund counts when the complaint it names is open too") {
  History history = FiledReturnAtNoon();
  history.Add(ReturnAccepted("o", "t", kNoon));
  Event refund = RefundedFor("t", "o", kNoon + kHour);
  refund.mutable_refund_issued()->set_complaint_id("c");
  history.Add(refund);
  CHECK(Of(history, SlaClock::kRefund, kNoon + kDay) == kPending);
  history.Add(Complained("o", kNoon + 2 * kDay));
  CHECK(Of(history, SlaClock::kRefund, kNoon + 2 * kDay - 1) == kPending);
  CHECK(Of(history, SlaClock::kRefund, kNoon + 2 * kDay) == kWithin);
  CHECK(Median(history, SlaClock::kRefund, kNoon + 2 * kDay) == kHour);
}

TEST_CASE("a window holds the clocks that opened on its local days") {
  History history = Bought();
  // The first and the last millisecond of 31 March, which has 23 hours in Warsaw.
  history.Add(Placed("a", At("2024-03-01T10:00:00Z")));
  history.Add(Complained("a", At("2024-03-30T23:00:00Z")));
  history.Add(Placed("b", At("2024-03-01T10:00:00Z")));
  history.Add(Complained("b", At("2024-03-31T21:59:59.999Z")));
  const auto opened = [&](const std::string& as_of, int32_t days) {
    const Numbers numbers = Of(history, SlaClock::kResolution, At(as_of), days);
    return numbers[0] + numbers[1] + numbers[2] + numbers[3];
  };
  CHECK(opened("2024-03-31T21:59:59.999Z", 1) == 2);
  CHECK(opened("2024-03-31T22:00:00Z", 1) == 0);
  CHECK(opened("2024-04-06T21:59:59.999Z", 7) == 2);
  CHECK(opened("2024-04-06T22:00:00Z", 7) == 0);
  CHECK(opened("2024-04-29T21:59:59.999Z", 30) == 2);
  CHECK(opened("2024-04-29T22:00:00Z", 30) == 0);
  CHECK_FALSE(SlaOf(history.replay(), "s", "PL", 31, kNoon).has_value());
}

TEST_CASE("the first response runs on the business clock where the policy at its opening says so") {
  History history;
  history.now = At("2024-05-01T00:00:00Z");
  const int64_t effective = At("2024-10-31T08:00:00Z");  // Thursday, 9 in Warsaw
  history.Add(PolicyOf(1, effective, WithBusinessClock(8)));
  history.Add(Placed("o", At("2024-10-01T10:00:00Z")));
  history.Add(Complained("o", effective - 1));
  CHECK(Of(history, SlaClock::kFirstResponse, effective + 24 * kHour - 1) == kPending);
  CHECK(Of(history, SlaClock::kFirstResponse, effective + 24 * kHour) == kOverdue);

  // Thursday 16:00; Friday is All Saints': due on Monday at 16:00.
  History closed;
  closed.now = At("2024-05-01T00:00:00Z");
  closed.Add(PolicyOf(1, effective, WithBusinessClock(8)));
  closed.Add(Placed("o", At("2024-10-01T10:00:00Z")));
  closed.Add(Complained("o", At("2024-10-31T15:00:00Z")));
  const int64_t due = At("2024-11-04T15:00:00Z");
  CHECK(Of(closed, SlaClock::kFirstResponse, due) == kPending);
  CHECK(Of(closed, SlaClock::kFirstResponse, due + 1) == kOverdue);
  // On Saturday an hour of business time has passed.
  closed.Add(Messaged("o", At("2024-11-02T12:00:00Z")));
  CHECK(Of(closed, SlaClock::kFirstResponse, due) == kWithin);
  CHECK(Median(closed, SlaClock::kFirstResponse, due) == kHour);
  CHECK(Of(closed, SlaClock::kResolution, due) == kPending);  // on the calendar
}

TEST_CASE("quantiles are the values at the ranks, and compliance leaves out what is pending") {
  History history;
  for (int64_t i = 1; i <= 10; ++i) {
    const std::string order = "o" + std::to_string(i);
    history.Add(Placed(order, kNoon - kDay));
    history.Add(Complained(order, kNoon));
    if (i <= 8) history.Add(Messaged(order, kNoon + i * 4 * kHour));  // 4 h to 32 h
  }
  // At 24 h: six within, four pending; at 32 h: 28 h and 32 h are late, two overdue.
  const ClockFigures at_24 = SlaIn(history, kNoon + 24 * kHour).Of(SlaClock::kFirstResponse);
  CHECK(at_24.within == 6);
  CHECK(at_24.pending == 4);
  CHECK(at_24.compliance == 1.0);
  CHECK(at_24.p50_ms == 12 * kHour);  // rank 3 of 6
  CHECK(at_24.p90_ms == 24 * kHour);  // rank ceil(5.4) = 6
  const ClockFigures at_32 = SlaIn(history, kNoon + 32 * kHour).Of(SlaClock::kFirstResponse);
  CHECK(at_32.late == 2);
  CHECK(at_32.overdue == 2);
  CHECK(at_32.compliance == 0.6);
  CHECK(at_32.p50_ms == 16 * kHour);  // rank 4 of 8
  CHECK(at_32.p90_ms == 32 * kHour);  // rank ceil(7.2) = 8
}

TEST_CASE("a rank that is no whole number is the next greater") {
  History history;
  for (int64_t i = 1; i <= 99; ++i) {
    const std::string order = "o" + std::to_string(i);
    history.Add(Placed(order, kNoon - kDay));
    history.Add(Complained(order, kNoon));
    history.Add(Messaged(order, kNoon + i));
  }
  const ClockFigures figures = SlaIn(history, kNoon + kDay).Of(SlaClock::kFirstResponse);
  CHECK(figures.p50_ms == 50);  // ceil(49.5)
  CHECK(figures.p90_ms == 90);  // ceil(89.1)
  CHECK(figures.p99_ms == 99);  // ceil(98.01)
}

TEST_CASE("totals sum rows: counts, and quantiles of the union") {
  History history;
  const auto complained = [&](const std::string& seller, const std::string& market, int64_t hours) {
    history.Add(naive::Of(Placed("o" + market, kNoon - kDay), seller, market));
    history.Add(naive::Of(Complained("o" + market, kNoon), seller, market));
    history.Add(naive::Of(Messaged("o" + market, kNoon + hours * kHour), seller, market));
  };
  complained("s", "PL", 1);
  complained("s", "CZ", 3);
  complained("u", "PL", 30);
  history.Refuse("0@1", "u");
  const int64_t as_of = kNoon + 2 * kDay;
  const ClockFigures of_s = SlaIn(history, as_of, 30, "s", "*").Of(SlaClock::kFirstResponse);
  CHECK(of_s.within == 2);
  CHECK(of_s.p99_ms == 3 * kHour);
  const Sla of_pl = SlaIn(history, as_of, 30, "*", "PL");
  CHECK(of_pl.Of(SlaClock::kFirstResponse).within == 1);
  CHECK(of_pl.Of(SlaClock::kFirstResponse).late == 1);
  CHECK(of_pl.Of(SlaClock::kFirstResponse).compliance == 0.5);
  CHECK_FALSE(of_pl.complete);
  CHECK(SlaIn(history, as_of, 30, "s", "PL").complete);
  const Sla all = SlaIn(history, as_of, 30, "*", "*");
  CHECK(all.Of(SlaClock::kFirstResponse).p50_ms == 3 * kHour);
  CHECK(all.Of(SlaClock::kFirstResponse).p99_ms == 30 * kHour);
  CHECK_FALSE(all.complete);

  // AllSla visits the same: s (CZ, PL, *), u (PL, *), the totals, each with four windows.
  std::vector<Sla> visited;
  AllSla(history.replay(), as_of, [&](const Sla& sla) { visited.push_back(sla); });
  REQUIRE(visited.size() == 4 * 8);
  for (const Sla& sla : visited) {
    CHECK(sla == SlaIn(history, as_of, sla.window_days, sla.seller_id, sla.market));
  }
  CHECK(visited.front().market == "CZ");
  CHECK(visited.back().seller_id == "*");
  CHECK(visited.back().market == "*");
  CHECK(visited.back().window_days == 90);
}

TEST_CASE("a total of a window joins the markets whose policy has that window") {
  History history;
  policy::v1::Policy policy;
  policy::v1::Market* market = policy.add_markets();
  market->set_code("CZ");
  market->mutable_rules()->mutable_sla()->add_window_days(10);
  history.now = kNoon - 30 * kDay;
  history.Add(PolicyOf(1, kNoon - 20 * kDay, policy));
  history.Add(naive::Of(Placed("a", kNoon - kDay), "s", "CZ"));
  history.Add(naive::Of(Complained("a", kNoon), "s", "CZ"));
  history.Add(Placed("b", kNoon - kDay));
  history.Add(Complained("b", kNoon));
  CHECK(SlaIn(history, kNoon, 10, "s", "*").Of(SlaClock::kResolution).pending == 1);
  CHECK(SlaIn(history, kNoon, 7, "s", "*").Of(SlaClock::kResolution).pending == 1);
  CHECK_FALSE(SlaOf(history.replay(), "s", "CZ", 7, kNoon).has_value());
}

TEST_CASE("the queue holds what runs, by due instant, id, clock, seller and order") {
  History history;
  history.Add(PromisedBy(kNoon + 24 * kHour, Placed("b", kNoon - kDay)));
  history.Add(Placed("o", kNoon - kDay));
  history.Add(Complained("o", kNoon, ComplaintKind::CLAIM));
  history.Add(naive::Of(Placed("o", kNoon - kDay), "a"));
  history.Add(naive::Of(Complained("o", kNoon), "a"));
  const int64_t as_of = kNoon + 24 * kHour;
  const std::vector<QueuedClock> queue = QueueOf(history.replay(), as_of);
  const int64_t day_end = At("2024-06-19T21:59:59.999Z");
  const std::vector<QueuedClock> expected = {
      {"s", "PL", SlaClock::kDispatch, "b", "b", kNoon - kDay, as_of, false},
      {"a", "PL", SlaClock::kFirstResponse, "c", "o", kNoon, as_of, false},
      {"s", "PL", SlaClock::kFirstResponse, "c", "o", kNoon, as_of, false},
      {"a", "PL", SlaClock::kResolution, "c", "o", kNoon, kNoon + 14 * kDay, false},
      {"s", "PL", SlaClock::kResolution, "c", "o", kNoon, kNoon + 14 * kDay, false},
      {"s", "PL", SlaClock::kDecision, "c", "o", kNoon, day_end, false},
  };
  CHECK(queue == expected);
  const std::vector<QueuedClock> later = QueueOf(history.replay(), as_of + 1);
  REQUIRE(later.size() == 6);
  CHECK(later[2].overdue);
  CHECK_FALSE(later[3].overdue);
  history.Add(Resolved("o", kNoon + kHour));
  CHECK(QueueOf(history.replay(), as_of).size() == 3);
  CHECK(QueueOf(history.replay(), kNoon - kDay - 1).empty());
}

TEST_CASE("with known_at only what was recorded by then counts") {
  History history = Bought();
  history.Add(Complained("o", kNoon));
  history.now += kDay;
  history.Add(Messaged("o", kNoon + kHour));
  const Replay before = history.KnownAt(history.now - 1);
  const std::optional<Sla> sla = SlaOf(before, "s", "PL", 90, kNoon + 2 * kDay);
  REQUIRE(sla.has_value());
  CHECK(sla->Of(SlaClock::kFirstResponse).overdue == 1);
  CHECK(Of(history, SlaClock::kFirstResponse, kNoon + 2 * kDay) == kWithin);
}

}  // namespace flywheel::naive
