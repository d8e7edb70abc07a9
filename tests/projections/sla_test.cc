// The clocks of DOMAIN 5.3, sentence by sentence.
#include "projections/models/sla.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant_text.h"
#include "events/policy.h"
#include "flywheel/policy/v1/policy.pb.h"
#include "projections/build.h"
#include "projections/order_story.h"

namespace flywheel {
namespace {

using build::At;
using build::OrderStory;
namespace pb = build::pb;

const PolicyBook& BuiltIn() {
  static const PolicyBook policies = PolicyBook::BuiltIn();
  return policies;
}

// The clocks as of an instant, a text each: "dispatch o WITHIN 5000".
std::vector<std::string> Clocks(const OrderStory& story, std::string_view as_of,
                                const PolicyBook& policies = BuiltIn()) {
  const OrderRow row = story.Row();
  const std::optional<OrderCourse> course = CourseOf(row, {At(as_of), kLatestInstant});
  std::vector<std::string> texts;
  if (!course) return texts;
  for (const ClockRun& run : ClocksOf(*course, "o", policies)) {
    std::string text =
        fmt::format("{} {} {}", NameOf(run.clock), run.id, NameOf(StateOf(run, At(as_of))));
    if (run.stopped) text += fmt::format(" {}", run.duration_ms);
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> Clocks(const OrderStory& story, SlaClock clock, std::string_view as_of,
                                const PolicyBook& policies = BuiltIn()) {
  std::vector<std::string> texts;
  for (const std::string& text : Clocks(story, as_of, policies)) {
    if (text.starts_with(NameOf(clock))) texts.push_back(text.substr(text.find(' ') + 1));
  }
  return texts;
}

using Texts = std::vector<std::string>;

// When the only clock of the kind is due.
std::string Due(const OrderStory& story, SlaClock clock, const PolicyBook& policies = BuiltIn()) {
  const OrderRow row = story.Row();
  const std::optional<OrderCourse> course = CourseOf(row, FactsUpTo());
  std::string due;
  for (const ClockRun& run : ClocksOf(*course, "o", policies)) {
    if (run.clock == clock) due += FormatInstant(run.due);
  }
  return due;
}

// ---------------------------------------------------------------- dispatch

TEST_CASE("dispatch runs from the placing to the first carrier scan of an outbound parcel") {
  OrderStory story;
  story.Placed("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z");
  story.Registered("p", "2026-03-02T11:00:00Z");
  story.Scanned("p", "2026-03-02T11:00:00Z", pb::ScanCode::PENDING);
  CHECK(Clocks(story, "2026-03-03T10:00:00Z") == Texts{"dispatch o PENDING"});
  CHECK(Clocks(story, "2026-03-03T10:00:00.001Z") == Texts{"dispatch o OVERDUE"});

  SECTION("a stop at the due instant is within") {
    story.Scanned("p", "2026-03-03T10:00:00Z");
    CHECK(Clocks(story, "2026-03-03T10:00:00Z") == Texts{"dispatch o WITHIN 86400000"});
    CHECK(Clocks(story, "2026-03-03T09:59:59.999Z") == Texts{"dispatch o PENDING"});
  }
  SECTION("one a millisecond later is late") {
    story.Scanned("p", "2026-03-03T10:00:00.001Z");
    CHECK(Clocks(story, "2026-03-04T00:00:00Z") == Texts{"dispatch o LATE 86400001"});
  }
  SECTION("the first by time counts, wherever it stands") {
    story.Scanned("p", "2026-03-05T10:00:00Z", pb::ScanCode::DELIVERED);
    story.Scanned("p", "2026-03-02T12:00:00Z");
    CHECK(Clocks(story, "2026-03-06T00:00:00Z") == Texts{"dispatch o WITHIN 7200000"});
  }
  SECTION("a parcel that is not registered, or a return's, has no part in it") {
    story.Scanned("unknown", "2026-03-02T12:00:00Z");
    story.Registered("back", "2026-03-02T12:00:00Z", "r");
    story.Scanned("back", "2026-03-02T12:30:00Z");
    story.Filed("r", "2026-03-02T12:00:00Z");
    CHECK(Clocks(story, SlaClock::kDispatch, "2026-03-02T13:00:00Z") == Texts{"o PENDING"});
  }
}

TEST_CASE("an order without a promise has no dispatch clock") {
  OrderStory story;
  story.Placed("2026-03-02T10:00:00Z");
  CHECK(Clocks(story, "2026-03-05T10:00:00Z").empty());
}

TEST_CASE("a scan before the purchase stops dispatch at once, within whatever is due") {
  OrderStory story;
  // The promise itself lies before the purchase.
  story.Placed("2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z");
  story.Registered("p", "2026-03-02T08:00:00Z");
  SECTION("before it") {
    story.Scanned("p", "2026-03-02T09:59:59.999Z");
    CHECK(Clocks(story, "2026-03-02T10:00:00Z") == Texts{"dispatch o WITHIN 0"});
  }
  SECTION("in its own millisecond it is a stop like any other") {
    story.Scanned("p", "2026-03-02T10:00:00Z");
    CHECK(Clocks(story, "2026-03-02T10:00:00Z") == Texts{"dispatch o LATE 0"});
  }
}

TEST_CASE("an order cancelled before dispatch leaves no trace") {
  OrderStory story;
  story.Placed("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z");
  story.Registered("p", "2026-03-02T11:00:00Z");
  story.Cancelled("2026-03-02T12:00:00Z");
  CHECK(Clocks(story, "2026-03-02T11:59:59.999Z") == Texts{"dispatch o PENDING"});
  CHECK(Clocks(story, "2026-03-02T12:00:00Z").empty());
  SECTION("a later scan does not bring it back") {
    story.Scanned("p", "2026-03-02T12:00:00.001Z");
    CHECK(Clocks(story, "2026-03-09T12:00:00Z").empty());
  }
  SECTION("a scan in the same millisecond does") {
    story.Scanned("p", "2026-03-02T12:00:00Z");
    CHECK(Clocks(story, "2026-03-09T12:00:00Z") == Texts{"dispatch o WITHIN 7200000"});
  }
}

// ---------------------------------------------------------------- first response

OrderStory WithComplaint(pb::ComplaintKind::Value kind = pb::ComplaintKind::DISPUTE) {
  OrderStory story;
  story.Placed("2026-03-01T10:00:00Z");
  story.Opened("c", "2026-03-02T10:00:00Z", kind);
  return story;
}

TEST_CASE("the first response is a message of the seller or the marketplace within 24 hours") {
  OrderStory story = WithComplaint();
  const SlaClock clock = SlaClock::kFirstResponse;
  CHECK(Due(story, clock) == "2026-03-03T10:00:00.000Z");
  story.Message("c", "2026-03-02T10:30:00Z", pb::Actor::BUYER);
  story.Message("c", "2026-03-02T10:30:00Z", pb::Actor::SYSTEM);
  CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z") == Texts{"c PENDING"});
  CHECK(Clocks(story, clock, "2026-03-03T10:00:00.001Z") == Texts{"c OVERDUE"});
  SECTION("of the seller, at the due instant") {
    story.Message("c", "2026-03-03T10:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-04T10:00:00Z") == Texts{"c WITHIN 86400000"});
  }
  SECTION("of the marketplace, a millisecond later") {
    story.Message("c", "2026-03-03T10:00:00.001Z", pb::Actor::MARKETPLACE);
    CHECK(Clocks(story, clock, "2026-03-04T10:00:00Z") == Texts{"c LATE 86400001"});
  }
  SECTION("in the opening's own millisecond") {
    story.Message("c", "2026-03-02T10:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-04T10:00:00Z") == Texts{"c WITHIN 0"});
  }
  SECTION("one before the opening is skipped") {
    story.Message("c", "2026-03-02T09:59:59.999Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z") == Texts{"c PENDING"});
  }
  SECTION("resolving is a response too") {
    story.Resolved("c", "2026-03-02T11:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-04T10:00:00Z") == Texts{"c WITHIN 3600000"});
  }
  SECTION("a message about another complaint is none") {
    story.Message("other", "2026-03-02T11:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z") == Texts{"c PENDING"});
  }
}

TEST_CASE("where somebody else settles the complaint in time nobody waits for a response") {
  OrderStory story = WithComplaint();
  const SlaClock clock = SlaClock::kFirstResponse;
  SECTION("by the due instant: no clock, also when a response follows") {
    story.Resolved("c", "2026-03-03T10:00:00Z", pb::Actor::BUYER);
    CHECK(Clocks(story, clock, "2026-03-03T09:59:59.999Z") == Texts{"c PENDING"});
    CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z").empty());
    story.Message("c", "2026-03-03T10:00:00.001Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-09T10:00:00Z").empty());
  }
  SECTION("after it: it stays overdue, and a response makes it late") {
    story.Resolved("c", "2026-03-03T10:00:00.001Z", pb::Actor::BUYER);
    CHECK(Clocks(story, clock, "2026-03-09T10:00:00Z") == Texts{"c OVERDUE"});
    story.Message("c", "2026-03-04T10:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-09T10:00:00Z") == Texts{"c LATE 172800000"});
  }
  SECTION("at one instant the response counts") {
    story.Resolved("c", "2026-03-02T12:00:00Z", pb::Actor::BUYER);
    story.Message("c", "2026-03-02T12:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-03-09T10:00:00Z") == Texts{"c WITHIN 7200000"});
  }
  SECTION("a response before counts") {
    story.Message("c", "2026-03-02T11:59:59.999Z", pb::Actor::SELLER);
    story.Resolved("c", "2026-03-02T12:00:00Z", pb::Actor::BUYER);
    CHECK(Clocks(story, clock, "2026-03-09T10:00:00Z") == Texts{"c WITHIN 7199999"});
  }
  SECTION("before the opening it settles nothing") {
    story.Resolved("c", "2026-03-02T09:59:59.999Z", pb::Actor::BUYER);
    CHECK(Clocks(story, clock, "2026-03-02T10:00:00Z") == Texts{"c PENDING"});
  }
}

TEST_CASE("each reopening opens clocks of its own") {
  OrderStory story = WithComplaint();
  story.Message("c", "2026-03-02T11:00:00Z", pb::Actor::SELLER);
  story.Resolved("c", "2026-03-02T12:00:00Z", pb::Actor::SELLER);
  story.Reopened("c", "2026-03-10T10:00:00Z");
  story.Message("c", "2026-03-11T10:00:00.001Z", pb::Actor::SELLER);
  CHECK(Clocks(story, SlaClock::kFirstResponse, "2026-03-12T10:00:00Z") ==
        Texts{"c WITHIN 3600000", "c LATE 86400001"});
  CHECK(Clocks(story, SlaClock::kResolution, "2026-03-24T10:00:00Z") ==
        Texts{"c WITHIN 7200000", "c PENDING"});
  CHECK(Clocks(story, SlaClock::kResolution, "2026-03-24T10:00:00.001Z") ==
        Texts{"c WITHIN 7200000", "c OVERDUE"});
}

TEST_CASE("a reopening that lies before the opening runs from its own instant") {
  OrderStory story = WithComplaint();
  story.Reopened("c", "2026-03-02T09:00:00Z");
  story.Message("c", "2026-03-02T09:30:00Z", pb::Actor::SELLER);
  // It is there once the complaint is.
  CHECK(Clocks(story, SlaClock::kFirstResponse, "2026-03-02T09:59:59.999Z").empty());
  CHECK(Clocks(story, SlaClock::kFirstResponse, "2026-03-02T10:00:00Z") ==
        Texts{"c WITHIN 1800000", "c PENDING"});
}

PolicyBook OnTheBusinessClock() {
  PolicyBook policies = PolicyBook::BuiltIn();
  flywheel::policy::v1::Policy policy;
  policy.mutable_defaults()->mutable_sla()->set_first_response_business_clock(true);
  policy.mutable_defaults()->mutable_sla()->mutable_first_response()->set_seconds(8 * 3600);
  REQUIRE(policies.Publish(policy.SerializeAsString(), 1, At("2026-01-02T00:00:00Z")).ok());
  return policies;
}

TEST_CASE("on the business clock the response is due and measured in open hours") {
  const PolicyBook policies = OnTheBusinessClock();
  const SlaClock clock = SlaClock::kFirstResponse;
  OrderStory story;
  story.Placed("2026-01-01T10:00:00Z");
  // Friday, an hour before closing; Tuesday is Epiphany. 8 hours end on Monday at 16 in Warsaw.
  story.Opened("c", "2026-01-02T15:00:00Z");
  CHECK(Due(story, clock, policies) == "2026-01-05T15:00:00.000Z");
  SECTION("in time") {
    story.Message("c", "2026-01-05T15:00:00Z", pb::Actor::SELLER);
    CHECK(Clocks(story, clock, "2026-01-20T00:00:00Z", policies) == Texts{"c WITHIN 28800000"});
  }
  SECTION("late, with the holiday left out") {
    story.Message("c", "2026-01-07T09:00:00Z", pb::Actor::SELLER);
    // Friday 1 h, Monday 8 h, Wednesday from 9 to 10 o'clock.
    CHECK(Clocks(story, clock, "2026-01-20T00:00:00Z", policies) == Texts{"c LATE 36000000"});
  }
  SECTION("an opening before the policy keeps the calendar") {
    story.Opened("old", "2026-01-01T23:59:59.999Z");
    CHECK(Clocks(story, clock, "2026-01-03T00:00:00Z", policies) ==
          Texts{"c PENDING", "old OVERDUE"});
  }
}

// ---------------------------------------------------------------- resolution and decision

TEST_CASE("a resolution is due after 14 times 24 hours, by whomever") {
  OrderStory story;
  story.Placed("2026-03-01T10:00:00Z");
  story.Opened("c", "2026-03-20T10:00:00Z");
  // The clock changes on 29 March; 24 hours are 24 hours.
  CHECK(Due(story, SlaClock::kResolution) == "2026-04-03T10:00:00.000Z");
  story.Resolved("c", "2026-03-19T10:00:00Z", pb::Actor::BUYER);
  CHECK(Clocks(story, SlaClock::kResolution, "2026-04-03T10:00:00Z") == Texts{"c PENDING"});
  story.Resolved("c", "2026-04-03T10:00:00.001Z", pb::Actor::BUYER);
  CHECK(Clocks(story, SlaClock::kResolution, "2026-05-01T00:00:00Z") == Texts{"c LATE 1209600001"});
}

TEST_CASE("a claim is decided by the end of the 14th local day after its opening") {
  OrderStory story = WithComplaint(pb::ComplaintKind::CLAIM);
  // 2 March plus 14 days; Warsaw is an hour ahead.
  CHECK(Due(story, SlaClock::kDecision) == "2026-03-16T22:59:59.999Z");
  CHECK(Clocks(story, SlaClock::kDecision, "2026-03-16T22:59:59.999Z") == Texts{"c PENDING"});
  CHECK(Clocks(story, SlaClock::kDecision, "2026-03-16T23:00:00Z") == Texts{"c OVERDUE"});
  story.Resolved("c", "2026-03-16T22:59:59.999Z", pb::Actor::SELLER);
  story.Reopened("c", "2026-03-17T10:00:00Z");
  CHECK(Clocks(story, SlaClock::kDecision, "2026-03-20T00:00:00Z") == Texts{"c WITHIN 1256399999"});
  CHECK(Clocks(WithComplaint(), SlaClock::kDecision, "2026-03-20T00:00:00Z").empty());
}

// ---------------------------------------------------------------- refund

OrderStory WithReturn() {
  OrderStory story;
  story.Placed("2026-03-01T10:00:00Z");
  story.Filed("r", "2026-03-02T10:00:00Z");
  return story;
}

TEST_CASE("a refund is due by the end of the 14th local day after the return is under way") {
  OrderStory story = WithReturn();
  const SlaClock clock = SlaClock::kRefund;
  story.Registered("back", "2026-03-02T11:00:00Z", "r");
  story.Scanned("back", "2026-03-02T11:00:00Z", pb::ScanCode::PENDING);
  CHECK(Clocks(story, clock, "2026-03-09T00:00:00Z").empty());
  story.Scanned("back", "2026-03-03T10:00:00Z");
  CHECK(Clocks(story, clock, "2026-03-03T09:59:59.999Z").empty());
  CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z") == Texts{"r PENDING"});
  CHECK(Due(story, clock) == "2026-03-17T22:59:59.999Z");
  SECTION("an earlier acceptance opens it earlier") {
    story.Accepted("r", "2026-03-02T22:30:00Z");
    CHECK(Due(story, clock) == "2026-03-16T22:59:59.999Z");
    story.Refunded("r", "2026-03-16T23:00:00Z");
    CHECK(Clocks(story, clock, "2026-03-20T00:00:00Z") == Texts{"r LATE 1211400000"});
  }
  SECTION("a refund of kind ORDER for the return stops it") {
    story.Refunded("r", "2026-03-04T10:00:00Z", pb::RefundKind::GOODWILL);
    story.Refunded("", "2026-03-04T10:00:00Z");
    CHECK(Clocks(story, clock, "2026-03-09T00:00:00Z") == Texts{"r PENDING"});
    story.Refunded("r", "2026-03-05T10:00:00Z");
    CHECK(Clocks(story, clock, "2026-03-09T00:00:00Z") == Texts{"r WITHIN 172800000"});
  }
  SECTION("a refund before the opening stops it at once") {
    story.Refunded("r", "2026-03-02T12:00:00Z");
    CHECK(Clocks(story, clock, "2026-03-03T09:59:59.999Z").empty());
    CHECK(Clocks(story, clock, "2026-03-03T10:00:00Z") == Texts{"r WITHIN 0"});
  }
}

TEST_CASE("what lies before the filing opens the refund clock at the filing") {
  OrderStory story = WithReturn();
  story.Accepted("r", "2026-03-01T12:00:00Z");
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-02T09:59:59.999Z").empty());
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-02T10:00:00Z") == Texts{"r PENDING"});
  CHECK(Due(story, SlaClock::kRefund) == "2026-03-16T22:59:59.999Z");
}

TEST_CASE("a return that stands rejected has no refund clock, refunded or not") {
  OrderStory story = WithReturn();
  story.Accepted("r", "2026-03-03T10:00:00Z");
  story.Refunded("r", "2026-03-04T10:00:00Z");
  SECTION("rejected later") { story.Rejected("r", "2026-03-05T10:00:00Z"); }
  SECTION("at one instant the rejection stands") { story.Rejected("r", "2026-03-03T10:00:00Z"); }
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-09T00:00:00Z").empty());
}

TEST_CASE("an acceptance after the rejection stands") {
  OrderStory story = WithReturn();
  story.Rejected("r", "2026-03-03T10:00:00Z");
  story.Accepted("r", "2026-03-03T10:00:00.001Z");
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-03T10:00:00Z").empty());
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-03T10:00:00.001Z") == Texts{"r PENDING"});
}

TEST_CASE("a return closed without such a refund has no refund clock") {
  OrderStory story = WithReturn();
  story.Accepted("r", "2026-03-03T10:00:00Z");
  story.Closed("r", "2026-03-04T10:00:00Z");
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-04T09:59:59.999Z") == Texts{"r PENDING"});
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-04T10:00:00Z").empty());
  story.Refunded("r", "2026-03-05T10:00:00Z");
  CHECK(Clocks(story, SlaClock::kRefund, "2026-03-05T10:00:00Z") == Texts{"r WITHIN 172800000"});
}

// ---------------------------------------------------------------- rows

TEST_CASE("what was added to the sums of a day can be taken away again") {
  OrderStory story;
  story.Placed("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z");
  story.Registered("p", "2026-03-02T11:00:00Z");
  story.Scanned("p", "2026-03-02T11:00:00Z");
  story.Opened("c", "2026-03-02T12:00:00Z");
  story.Message("c", "2026-03-04T12:00:00Z", pb::Actor::SELLER);
  const OrderRow order = story.Row();
  const std::optional<OrderCourse> course = CourseOf(order, FactsUpTo());
  SlaRow row;
  for (const ClockRun& run : ClocksOf(*course, "o", BuiltIn())) {
    if (run.stopped) row.Add(run, 1);
  }
  std::string bytes;
  row.Encode(&bytes);
  CHECK(SlaRow::Decode(bytes).value() == row);
  CHECK_FALSE(SlaRow::Decode(bytes.substr(0, bytes.size() - 1)).ok());
  std::string text;
  row.ForEach([&text](SlaClock clock, const StoppedClocks& stopped) {
    text += fmt::format("{} {} {} {} ", NameOf(clock), stopped.within, stopped.late,
                        stopped.durations.count());
  });
  CHECK(text == "firstResponse 0 1 1 dispatch 1 0 1 ");
  for (const ClockRun& run : ClocksOf(*course, "o", BuiltIn())) {
    if (run.stopped) row.Add(run, -1);
  }
  CHECK(row.empty());
}

TEST_CASE("a row of clocks that run gives them back") {
  std::string row;
  AppendOpenClock({SlaClock::kDispatch, "o", Instant(1000), Instant(900)}, &row);
  AppendOpenClock({SlaClock::kRefund, "r", Instant(2000), Instant(5000)}, &row);
  std::string text;
  CHECK(ForEachOpenClock(row, "o", [&text](const OpenClock& open) {
          text += fmt::format("{} {} {} {};", NameOf(open.clock), open.id, open.opened.number(),
                              open.due.number());
        }).ok());
  CHECK(text == "dispatch o 1000 900;refund r 2000 5000;");
  CHECK(absl::IsDataLoss(
      ForEachOpenClock(row.substr(0, row.size() - 1), "o", [](const OpenClock&) {})));
}

TEST_CASE("compliance leaves out what is pending, and is absent of nothing") {
  ClockFigures figures;
  CHECK(figures.compliance() == std::nullopt);
  figures.AddOpen(Instant(10), Instant(10));
  CHECK(figures.compliance() == std::nullopt);
  figures.AddOpen(Instant(10), Instant(11));
  CHECK(figures.pending == 1);
  CHECK(figures.overdue == 1);
  CHECK(figures.compliance() == 0.0);
  figures.stopped.within = 2;
  figures.stopped.late = 3;
  CHECK(figures.compliance() == 2.0 / 6.0);
}

}  // namespace
}  // namespace flywheel
