#include "projections/views/order_timeline.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "events/memory/memory_log.h"
#include "projections/build.h"
#include "projections/cell/fold.h"
#include "projections/store/memory_store.h"
#include "projections/views/order_lookup.h"

namespace flywheel {
namespace {

using build::At;

const Instant kPlaced = At("2025-03-01T10:00:00Z");
const Instant kTaken = At("2025-04-01T10:00:00Z");
const Instant kLate = At("2025-04-02T10:00:00Z");

MemoryLogOptions WithGaps() {
  MemoryLogOptions options;
  options.gaps_per_thousand = 300;
  return options;
}

// A log of one partition with its rows.
class Shop {
 public:
  Shop() { REQUIRE(fold_.Open().ok()); }

  Offset Add(const build::pb::Event& event, Instant recorded_at = kTaken) {
    return Add(build::Record(event, recorded_at));
  }
  Offset Add(const std::string& bytes) {
    const std::string_view record = bytes;
    const Offset offset = log.Append(Partition(0), {&record, 1})->front();
    const LogRecord one{offset, bytes};
    fold_.Apply({&one, 1});
    REQUIRE(fold_.status().ok());
    const auto batch = store.NewBatch();
    fold_.WriteTo(batch.get());
    REQUIRE(store.Write(batch.get()).ok());
    return offset;
  }

  std::optional<OrderTimeline> Timeline(const FactsUpTo& cut, const std::string& order = "o") {
    const CellSources sources({&store});
    const std::optional<Instant> known_at =
        cut.known_at == kLatestInstant ? std::nullopt : std::optional<Instant>(cut.known_at);
    const auto timeline = TimelineOf(*sources.Read(Partition(0), known_at), log, "s", order, cut);
    REQUIRE(timeline.ok());
    return *timeline;
  }
  std::vector<OrderMatch> Find(const std::string& id, const std::string& seller = "") {
    return *FindOrders({&store}, id, seller, [](uint64_t) { return absl::OkStatus(); });
  }

  MemoryStore store;
  MemoryLog log{WithGaps()};

 private:
  Fold fold_{&store};
};

build::pb::Event Registered(std::string_view parcel, Instant at, std::string_view return_id = "") {
  build::pb::Event event = build::Event(at);
  auto* registered = event.mutable_parcel_registered();
  registered->set_order_id("o");
  registered->set_parcel_id(std::string(parcel));
  registered->set_direction(return_id.empty() ? build::pb::Direction::OUTBOUND
                                              : build::pb::Direction::RETURN);
  registered->set_return_id(std::string(return_id));
  return event;
}

build::pb::Event Opened(std::string_view complaint, Instant at) {
  build::pb::Event event = build::Event(at);
  auto* opened = event.mutable_complaint_opened();
  opened->set_order_id("o");
  opened->set_complaint_id(std::string(complaint));
  opened->set_buyer_id("b");
  opened->set_kind(build::pb::ComplaintKind::DISPUTE);
  opened->set_reason(build::pb::ComplaintReason::OTHER);
  opened->set_message("It is blue.");
  return event;
}

build::pb::Event Said(std::string_view complaint, std::string_view message,
                      build::pb::Actor::Value author, Instant at) {
  build::pb::Event event = build::Event(at);
  auto* posted = event.mutable_complaint_message_posted();
  posted->set_order_id("o");
  posted->set_complaint_id(std::string(complaint));
  posted->set_message_id(std::string(message));
  posted->set_author(author);
  posted->set_text("Which blue?");
  return event;
}

build::pb::Event Escalated(std::string_view complaint, Instant at) {
  build::pb::Event event = build::Event(at);
  event.mutable_complaint_escalated()->set_order_id("o");
  event.mutable_complaint_escalated()->set_complaint_id(std::string(complaint));
  event.mutable_complaint_escalated()->set_by(build::pb::Actor::BUYER);
  return event;
}

std::vector<EventKind> KindsOf(const OrderTimeline& timeline) {
  std::vector<EventKind> kinds;
  for (const TimelineEntry& entry : timeline.entries) kinds.push_back(entry.kind);
  return kinds;
}

TEST_CASE(
    "a timeline tells what happened in business order, with the texts and places of the log") {
  Shop shop;
  const Offset scanned = shop.Add(
      build::Scanned("o", "p", build::pb::ScanCode::DELIVERED, kPlaced.Plus(2 * kMillisPerDay)));
  const Offset placed = shop.Add(build::Placed("o", "b", kPlaced));
  const Offset said =
      shop.Add(Said("c", "m", build::pb::Actor::SELLER, kPlaced.Plus(4 * kMillisPerDay)));
  const Offset opened = shop.Add(Opened("c", kPlaced.Plus(3 * kMillisPerDay)));
  const Offset registered = shop.Add(Registered("p", kPlaced.Plus(kMillisPerDay)));
  shop.Add(build::Placed("another", "b", kPlaced));

  const auto timeline = shop.Timeline({kLate, kLatestInstant});
  REQUIRE(timeline);
  CHECK(timeline->known);
  CHECK(timeline->complete);
  CHECK(timeline->buyer_id == "b");
  CHECK(timeline->market.text() == "PL");
  REQUIRE(KindsOf(*timeline) == std::vector{EventKind::kOrderPlaced, EventKind::kParcelRegistered,
                                            EventKind::kParcelScanned, EventKind::kComplaintOpened,
                                            EventKind::kComplaintMessagePosted});
  const std::vector<Offset> offsets = {placed, registered, scanned, opened, said};
  const std::vector<Actor> actors = {Actor::kBuyer, Actor::kUnspecified, Actor::kCarrier,
                                     Actor::kBuyer, Actor::kSeller};
  for (size_t i = 0; i < offsets.size(); ++i) {
    INFO(i);
    CHECK(timeline->entries[i].place == LogPlace{Partition(0), offsets[i]});
    CHECK(timeline->entries[i].actor == actors[i]);
    CHECK(timeline->entries[i].waits_for.empty());
    CHECK_FALSE(timeline->entries[i].texts_erased);
  }
  CHECK(timeline->entries[3].event.complaint_opened().message() == "It is blue.");
  CHECK(timeline->entries[4].event.complaint_message_posted().text() == "Which blue?");
}

TEST_CASE("equal instants stand in the order of the table, scans by code, then by the act's key") {
  Shop shop;
  const Instant at = kPlaced;
  build::pb::Event closed = build::Event(at);
  closed.mutable_return_closed()->set_order_id("o");
  closed.mutable_return_closed()->set_return_id("r");
  shop.Add(build::Refunded("o", "f", 5, at));
  shop.Add(build::Rejected("o", "r", at));
  shop.Add(closed);
  shop.Add(build::Filed("o", "r", "b", 1, at));
  shop.Add(build::Posted("o", "v", "b", true, at));
  shop.Add(Said("c", "m2", build::pb::Actor::BUYER, at));
  shop.Add(Said("c", "m1", build::pb::Actor::BUYER, at));
  shop.Add(Opened("c2", at));
  shop.Add(Opened("c", at));
  shop.Add(build::Scanned("o", "p1", build::pb::ScanCode::DELIVERED, at));
  shop.Add(build::Scanned("o", "p2", build::pb::ScanCode::IN_TRANSIT, at));
  shop.Add(build::Scanned("o", "p1", build::pb::ScanCode::IN_TRANSIT, at));
  shop.Add(Registered("p2", at));
  shop.Add(Registered("p1", at));
  shop.Add(build::Placed("o", "b", at));
  const auto timeline = shop.Timeline({at, kLatestInstant});
  REQUIRE(timeline);
  std::vector<std::string> told;
  for (const TimelineEntry& entry : timeline->entries) {
    const build::pb::Event& event = entry.event;
    told.push_back(std::string(NameOf(entry.kind)) + " " +
                   (event.has_parcel_registered() ? event.parcel_registered().parcel_id()
                    : event.has_parcel_scanned()  ? event.parcel_scanned().parcel_id()
                    : event.has_complaint_opened()
                        ? event.complaint_opened().complaint_id()
                        : event.complaint_message_posted().message_id()));
  }
  CHECK(told == std::vector<std::string>{
                    "OrderPlaced ", "ParcelRegistered p1", "ParcelRegistered p2",
                    "ParcelScanned p1", "ParcelScanned p2", "ParcelScanned p1", "ComplaintOpened c",
                    "ComplaintOpened c2", "ComplaintMessagePosted m1", "ComplaintMessagePosted m2",
                    "ReviewPosted ", "ReturnFiled ", "ReturnClosed ", "ReturnRejected ",
                    "RefundIssued "});
}

// What the entry of a kind waits for: "complaint c".
std::string WaitsFor(const OrderTimeline& timeline, EventKind kind) {
  for (const TimelineEntry& entry : timeline.entries) {
    if (entry.kind != kind) continue;
    std::string text;
    for (const TimelineEntry::Missing& missing : entry.waits_for) {
      text += std::to_string(static_cast<int>(missing.what)) + missing.id + " ";
    }
    return text;
  }
  return "not there";
}

TEST_CASE("what speaks of things that have not happened by then is not yet in effect") {
  Shop shop;
  shop.Add(build::Placed("o", "b", kPlaced));
  // The message a day before its complaint, a parcel back before its return is filed.
  shop.Add(Said("c", "m", build::pb::Actor::SELLER, kPlaced.Plus(1)));
  shop.Add(Registered("p", kPlaced.Plus(2), "r"));
  shop.Add(build::Scanned("o", "p", build::pb::ScanCode::IN_TRANSIT, kPlaced.Plus(3)));
  shop.Add(build::Edited("o", "v", false, kPlaced.Plus(4)));
  build::pb::Event refund = build::Refunded("o", "f", 5, kPlaced.Plus(5));
  refund.mutable_refund_issued()->set_return_id("r");
  refund.mutable_refund_issued()->set_complaint_id("c");
  shop.Add(refund);
  const Instant later = kPlaced.Plus(kMillisPerDay);
  shop.Add(Opened("c", later));
  shop.Add(build::Filed("o", "r", "b", 1, later));
  shop.Add(build::Posted("o", "v", "b", true, later));

  const auto before = shop.Timeline({later.Plus(-1), kLatestInstant});
  REQUIRE(before);
  CHECK(before->entries.size() == 6);
  CHECK(WaitsFor(*before, EventKind::kOrderPlaced).empty());
  CHECK(WaitsFor(*before, EventKind::kComplaintMessagePosted) == "2c ");
  CHECK(WaitsFor(*before, EventKind::kParcelRegistered) == "4r ");
  CHECK(WaitsFor(*before, EventKind::kParcelScanned) == "4r ");
  CHECK(WaitsFor(*before, EventKind::kReviewEdited) == "3v ");
  CHECK(WaitsFor(*before, EventKind::kRefundIssued) == "4r 2c ");
  const auto then = shop.Timeline({later, kLatestInstant});
  REQUIRE(then);
  CHECK(then->entries.size() == 9);
  for (const TimelineEntry& entry : then->entries) CHECK(entry.waits_for.empty());
}

TEST_CASE("a timeline as it was known then has the records of then alone") {
  Shop shop;
  const Instant known_at = kTaken;
  shop.Add(build::Placed("o", "b", kPlaced), known_at);
  shop.Add(Registered("p", kPlaced.Plus(1)), known_at.Plus(1));
  CHECK(shop.Timeline({kLate, known_at})->entries.size() == 1);
  CHECK(shop.Timeline({kLate, known_at.Plus(1)})->entries.size() == 2);
  CHECK_FALSE(shop.Timeline({kLate, known_at.Plus(-1)}));
  CHECK_FALSE(shop.Timeline({kPlaced.Plus(-1), kLatestInstant}));
  CHECK(shop.Timeline({kPlaced, kLatestInstant})->entries.size() == 1);
}

TEST_CASE("events that wait for their order are told, and that the order is not known") {
  Shop shop;
  shop.Add(build::Posted("o", "v", "b", true, kPlaced.Plus(1)));
  const auto timeline = shop.Timeline({kLate, kLatestInstant});
  REQUIRE(timeline);
  CHECK_FALSE(timeline->known);
  CHECK_FALSE(timeline->complete);
  CHECK(timeline->buyer_id.empty());
  CHECK(timeline->market.text() == "PL");
  CHECK(WaitsFor(*timeline, EventKind::kReviewPosted) == "0 ");
  CHECK(timeline->due.empty());
  CHECK_FALSE(shop.Timeline({kLate, kLatestInstant}, "nothing"));
}

TEST_CASE("what is due next is said with who has to do it") {
  Shop shop;
  build::pb::Event placed = build::Placed("o", "b", kPlaced);
  build::Set(placed.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by(),
             kPlaced.Plus(2 * kMillisPerDay));
  shop.Add(placed);
  const Instant opened = kPlaced.Plus(kMillisPerHour);
  shop.Add(Opened("c", opened));
  const auto timeline = shop.Timeline({opened.Plus(kMillisPerDay), kLatestInstant});
  REQUIRE(timeline);
  // A response within 24 h, the dispatch, a resolution within 14 days.
  REQUIRE(timeline->due.size() == 3);
  CHECK(timeline->due[0].clock == SlaClock::kFirstResponse);
  CHECK(timeline->due[0].id == "c");
  CHECK(timeline->due[0].due == opened.Plus(kMillisPerDay));
  CHECK(timeline->due[0].state == ClockState::kPending);
  CHECK(timeline->due[0].by == Actor::kSeller);
  CHECK(timeline->due[1].clock == SlaClock::kDispatch);
  CHECK(timeline->due[1].id == "o");
  CHECK(timeline->due[2].clock == SlaClock::kResolution);
  CHECK(shop.Timeline({opened.Plus(kMillisPerDay + 1), kLatestInstant})->due[0].state ==
        ClockState::kOverdue);

  // Escalated, the complaint is the marketplace's; the dispatch stays the seller's.
  shop.Add(Escalated("c", opened.Plus(kMillisPerHour)));
  const auto escalated = shop.Timeline({opened.Plus(kMillisPerDay), kLatestInstant});
  CHECK(escalated->due[0].by == Actor::kMarketplace);
  CHECK(escalated->due[1].by == Actor::kSeller);
  CHECK(shop.Timeline({opened.Plus(kMillisPerHour - 1), kLatestInstant})->due[0].by ==
        Actor::kSeller);
  // What is done is not due.
  shop.Add(Registered("p", opened));
  shop.Add(build::Scanned("o", "p", build::pb::ScanCode::IN_TRANSIT, opened.Plus(1)));
  CHECK(shop.Timeline({opened.Plus(kMillisPerDay), kLatestInstant})->due.size() == 2);
}

TEST_CASE("the texts of an erased buyer are gone under every cut, what happened is not") {
  Shop shop;
  shop.Add(build::Placed("o", "b", kPlaced));
  shop.Add(Opened("c", kPlaced.Plus(1)));
  shop.Add(Said("c", "m", build::pb::Actor::SELLER, kPlaced.Plus(2)));
  build::pb::Event erased;
  build::Set(erased.mutable_occurred_at(), kTaken);
  erased.mutable_buyer_erased()->set_buyer_id("b");
  shop.Add(erased, kTaken.Plus(1));
  for (const FactsUpTo& cut :
       {FactsUpTo{kLate, kLatestInstant}, FactsUpTo{kPlaced.Plus(2), kTaken}}) {
    const auto timeline = shop.Timeline(cut);
    REQUIRE(timeline);
    CHECK(timeline->erased);
    REQUIRE(timeline->entries.size() == 3);
    CHECK_FALSE(timeline->entries[0].texts_erased);
    CHECK(timeline->entries[1].texts_erased);
    CHECK(timeline->entries[1].event.complaint_opened().message().empty());
    CHECK(timeline->entries[1].event.complaint_opened().complaint_id() == "c");
    CHECK(timeline->entries[2].texts_erased);
    CHECK(timeline->entries[2].event.complaint_message_posted().text().empty());
  }
}

TEST_CASE("an order is found by its own id, by a parcel's and by a return's") {
  Shop shop;
  shop.Add(build::Placed("o", "b", kPlaced));
  shop.Add(Registered("p", kPlaced.Plus(1)));
  shop.Add(build::Filed("o", "r", "b", 1, kPlaced.Plus(2)));
  build::pb::Event other = build::Placed("o", "b", kPlaced);
  other.set_seller_id("t");
  shop.Add(other);
  other = build::Placed("o2", "b", kPlaced);
  other.set_seller_id("t");
  shop.Add(other);
  other = Registered("p", kPlaced.Plus(1));
  other.set_seller_id("t");
  other.mutable_parcel_registered()->set_order_id("o2");
  shop.Add(other);

  const OrderMatch order{Subject::kNone, Partition(0), "s", "o"};
  CHECK(shop.Find("o") == std::vector{order, OrderMatch{Subject::kNone, Partition(0), "t", "o"}});
  CHECK(shop.Find("o", "s") == std::vector{order});
  CHECK(shop.Find("r") == std::vector{OrderMatch{Subject::kReturn, Partition(0), "s", "o"}});
  CHECK(shop.Find("p") == std::vector{OrderMatch{Subject::kParcel, Partition(0), "s", "o"},
                                      OrderMatch{Subject::kParcel, Partition(0), "t", "o2"}});
  CHECK(shop.Find("p", "t").size() == 1);
  CHECK(shop.Find("x").empty());
  CHECK(shop.Find("r", "t").empty());
  // A parcel that was registered before its order was known is found once it is accepted.
  other = Registered("early", kPlaced.Plus(1));
  other.mutable_parcel_registered()->set_order_id("o9");
  shop.Add(other);
  CHECK(shop.Find("early").empty());
  CHECK(shop.Find("o9").size() == 1);
  shop.Add(build::Placed("o9", "b", kPlaced));
  CHECK(shop.Find("early").size() == 1);
}

TEST_CASE("a parcel that is called as its order is one match") {
  Shop shop;
  shop.Add(build::Placed("o", "b", kPlaced));
  shop.Add(Registered("o", kPlaced.Plus(1)));
  CHECK(shop.Find("o").size() == 1);
}

}  // namespace
}  // namespace flywheel
