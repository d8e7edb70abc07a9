#include "sources/simulator.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>
#include <variant>

#include "events/intake.h"
#include "events/policy.h"
#include "sources/marketplace.h"
#include "sources/random.h"

namespace flywheel {
namespace {

using events::v1::Event;

// A hash over everything that a simulation publishes.
struct Published {
  uint64_t hash = 0;
  SimulatorSummary summary;
};

Published Hash(const SimulatorOptions& options) {
  Published published;
  std::string bytes;
  const absl::Status status = Simulate(
      options,
      [&](const Event& event) {
        event.SerializeToString(&bytes);
        for (const char byte : bytes) {
          published.hash = (published.hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
        }
        return absl::OkStatus();
      },
      &published.summary);
  REQUIRE(status.ok());
  return published;
}

std::vector<Event> Collect(const SimulatorOptions& options) {
  std::vector<Event> events;
  SimulatorSummary summary;
  const absl::Status status = Simulate(
      options,
      [&](const Event& event) {
        events.push_back(event);
        return absl::OkStatus();
      },
      &summary);
  REQUIRE(status.ok());
  CHECK(summary.events == events.size());
  return events;
}

int64_t OccurredAt(const Event& event) {
  return event.occurred_at().seconds() * 1000 + event.occurred_at().nanos() / 1'000'000;
}

const google::protobuf::Message& PayloadOf(const Event& event) {
  const auto* oneof = Event::descriptor()->FindOneofByName("payload");
  const auto* reflection = Event::GetReflection();
  return reflection->GetMessage(event, reflection->GetOneofFieldDescriptor(event, oneof));
}

// A text field of the payload; "" where it has none of that name.
std::string Field(const Event& event, const std::string& name) {
  const google::protobuf::Message& payload = PayloadOf(event);
  const auto* field = payload.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : payload.GetReflection()->GetString(payload, field);
}

// What makes two events the same act.
std::string Act(const Event& event) {
  std::string act = std::to_string(event.payload_case()) + event.seller_id();
  for (const char* id : {"order_id", "parcel_id", "complaint_id", "message_id", "review_id",
                         "return_id", "refund_id"}) {
    if (event.has_parcel_registered() && std::string_view(id) == "return_id") continue;
    act += "/" + Field(event, id);
  }
  if (event.has_parcel_scanned()) act += std::to_string(event.parcel_scanned().code());
  if (event.has_seller_standing_changed()) act += event.market();
  const bool timed = event.has_parcel_scanned() || event.has_seller_standing_changed() ||
                     event.has_complaint_resolved() || event.has_complaint_reopened() ||
                     event.has_complaint_escalated() || event.has_review_edited();
  return timed ? act + "@" + std::to_string(OccurredAt(event)) : act;
}

SimulatorOptions Small() {
  SimulatorOptions options;
  options.sellers = 150;
  options.orders = 6'000;
  options.days = 60;
  options.seed = 7;
  return options;
}

TEST_CASE("one seed gives one marketplace, another seed another") {
  SimulatorOptions options = Small();
  const Published first = Hash(options);
  CHECK(Hash(options).hash == first.hash);
  options.seed = 8;
  CHECK(Hash(options).hash != first.hash);
}

TEST_CASE("the simulation is the same on every machine") {
  // Changes with the simulator's code alone: no library, compiler or platform takes part in it.
  SimulatorOptions options = Small();
  options.orders = 500;
  options.late_ppm = options.duplicate_ppm = options.out_of_order_ppm = 20'000;
  CHECK(Hash(options).hash == 0x92720e2817029d7bu);
}

TEST_CASE("numbers drawn are those of SplitMix64") {
  Random random(1234567);
  CHECK(random.Next() == 6457827717110365317u);
  CHECK(random.Next() == 3203168211198807973u);
  CHECK(random.Next() == 9817491932198370423u);
}

TEST_CASE("drawn numbers stay in their bounds and waits have their mean") {
  Random random(1);
  int64_t sum = 0;
  for (int i = 0; i < 200'000; ++i) {
    CHECK(random.Below(7) < 7);
    const int64_t between = random.Between(-3, 3);
    CHECK((between >= -3 && between <= 3));
    const int64_t wait = random.Waiting(10'000);
    CHECK((wait >= 0 && wait <= 52'000));
    sum += wait;
  }
  CHECK(sum / 200'000 == Approx(10'000).epsilon(0.05));
}

TEST_CASE("every event passes intake") {
  SimulatorOptions options = Small();
  options.duplicate_ppm = 30'000;
  const PolicyBook policies = PolicyBook::BuiltIn();
  const Instant recorded_at = options.start.Plus(1000 * kMillisPerDay);
  for (const Event& event : Collect(options)) {
    CHECK_FALSE(event.has_recorded_at());
    const auto prepared = Prepare(event.SerializeAsString(), recorded_at, policies, 4);
    const auto* refusal = std::get_if<IntakeRefusal>(&prepared);
    INFO(event.ShortDebugString());
    INFO((refusal == nullptr ? "" : refusal->field + ": " + refusal->sentence));
    CHECK(refusal == nullptr);
  }
}

TEST_CASE("acts and event ids are unique and ids are short") {
  std::set<std::string> acts;
  std::set<std::string> event_ids;
  for (const Event& event : Collect(Small())) {
    CAPTURE(event.ShortDebugString());
    CHECK(acts.insert(Act(event)).second);
    CHECK(event_ids.insert(event.event_id()).second);
    CHECK(event.event_id()[14] == '7');
    for (const char* id : {"order_id", "parcel_id", "complaint_id", "message_id", "review_id",
                           "return_id", "refund_id", "buyer_id"}) {
      CHECK(Field(event, id).size() <= 24);
    }
  }
}

// What the fold would know of an order.
struct Order {
  std::string buyer;
  std::string market;
  std::string seller;
  int64_t placed = 0;
  int64_t last = 0;
  int64_t total = 0;
  int64_t refunded = 0;
  std::map<std::string, int32_t> lines;
  std::set<std::string> things;  // parcels, complaints, reviews, returns so far
  bool cancelled = false;
};

TEST_CASE("events of an order come in a causal order and nothing would be refused in the fold") {
  std::map<std::string, Order> orders;
  std::map<std::string, int64_t> registered;
  for (const Event& event : Collect(Small())) {
    CAPTURE(event.ShortDebugString());
    const int64_t at = OccurredAt(event);
    if (event.has_seller_registered()) {
      CHECK(registered.emplace(event.seller_id(), at).second);
      continue;
    }
    REQUIRE(registered.contains(event.seller_id()));
    CHECK(at > registered[event.seller_id()]);
    if (event.has_seller_standing_changed()) continue;
    Order& order = orders[Field(event, "order_id")];
    if (event.has_order_placed()) {
      REQUIRE(order.placed == 0);
      order = {event.order_placed().buyer_id(),
               event.market(),
               event.seller_id(),
               at,
               at,
               event.order_placed().total().amount_minor(),
               0,
               {},
               {},
               false};
      int64_t sum = event.order_placed().delivery().price_paid_by_buyer().amount_minor();
      for (const auto& line : event.order_placed().lines()) {
        sum += line.quantity() * line.unit_price().amount_minor();
        order.lines[line.line_id()] = line.quantity();
      }
      CHECK(sum == order.total);
      const auto& delivery = event.order_placed().delivery();
      CHECK(delivery.promised_dispatch_by().seconds() * 1000 > at);
      CHECK(delivery.promised_delivery_by().seconds() > delivery.promised_dispatch_by().seconds());
      continue;
    }
    REQUIRE(order.placed != 0);
    CHECK(at >= order.last);
    order.last = at;
    CHECK(event.market() == order.market);
    CHECK(event.seller_id() == order.seller);
    if (const std::string buyer = Field(event, "buyer_id"); !buyer.empty()) {
      CHECK(buyer == order.buyer);
    }
    const bool opens = event.has_parcel_registered() || event.has_complaint_opened() ||
                       event.has_review_posted() || event.has_return_filed();
    for (const char* id : {"parcel_id", "complaint_id", "review_id", "return_id"}) {
      const std::string thing = Field(event, id);
      if (thing.empty()) continue;
      const bool new_thing =
          opens && !(event.has_parcel_registered() && std::string_view(id) == "return_id");
      CHECK(order.things.contains(thing) != new_thing);
      order.things.insert(thing);
    }
    if (event.has_order_cancelled()) order.cancelled = true;
    if (event.has_parcel_registered()) CHECK_FALSE(order.cancelled);
    if (event.has_review_posted()) CHECK(at - order.placed < 360 * kMillisPerDay);
    if (event.has_return_filed()) {
      CHECK(event.return_filed().items_size() > 0);
      for (const auto& item : event.return_filed().items()) {
        CHECK(item.quantity() <= order.lines[item.line_id()]);
      }
    }
    if (event.has_refund_issued() &&
        event.refund_issued().kind() == events::v1::RefundKind::ORDER) {
      order.refunded += event.refund_issued().amount().amount_minor();
      CHECK(order.refunded <= order.total);
    }
  }
  CHECK(orders.size() == 6'000);
}

TEST_CASE("every kind of event that publishers make is there") {
  SimulatorOptions options = Small();
  options.orders = 60'000;
  const SimulatorSummary summary = Hash(options).summary;
  CHECK(summary.orders == 60'000);
  for (int kind = Event::kSellerRegistered; kind <= Event::kRefundIssued; ++kind) {
    CAPTURE(kind);
    CHECK(summary.by_kind[static_cast<size_t>(kind)] > 0);
  }
  const double per_order = static_cast<double>(summary.events) / 60'000;
  CHECK(per_order > 8);
  CHECK(per_order < 11);
}

TEST_CASE("sizes of sellers follow Zipf and worse sellers get worse ratings") {
  SimulatorOptions options = Small();
  options.sellers = 1'000;
  options.orders = 60'000;
  const absl::StatusOr<Marketplace> marketplace = Marketplace::Build(options);
  REQUIRE(marketplace.ok());
  std::map<std::string, uint64_t> sales;
  std::array<std::array<uint64_t, 2>, 2> ratings{};  // good or bad seller, recommended or not
  std::set<std::string> markets;
  std::map<std::string, std::set<std::string>> buyer_markets;
  std::map<std::string, std::map<std::string, int>> purchases;
  SimulatorSummary summary;
  const absl::Status status = Simulate(
      options,
      [&](const Event& event) {
        if (event.has_order_placed()) {
          ++sales[event.seller_id()];
          markets.insert(event.market());
          buyer_markets[event.order_placed().buyer_id()].insert(event.market());
          ++purchases[event.order_placed().buyer_id()][event.seller_id()];
        }
        if (event.has_review_posted()) {
          const auto index = static_cast<uint32_t>(std::stoul(event.seller_id().substr(2)) - 1);
          const uint16_t faults = marketplace->seller(index).faults;
          if (faults < 100) ++ratings[0][event.review_posted().recommended() ? 0 : 1];
          if (faults > 400) ++ratings[1][event.review_posted().recommended() ? 0 : 1];
        }
        return absl::OkStatus();
      },
      &summary);
  REQUIRE(status.ok());
  std::vector<uint64_t> sizes;
  for (const auto& [seller, count] : sales) sizes.push_back(count);
  std::sort(sizes.rbegin(), sizes.rend());
  uint64_t largest = 0;
  for (size_t i = 0; i < 10; ++i) largest += sizes[i];
  CHECK(largest > 60'000 / 5);
  CHECK(largest < 60'000 / 2);
  CHECK(sales.size() > 800);
  const auto share = [&ratings](size_t quality) {
    return static_cast<double>(ratings[quality][0]) /
           static_cast<double>(ratings[quality][0] + ratings[quality][1]);
  };
  CHECK(share(0) > 0.97);
  CHECK(share(1) < 0.92);
  CHECK(markets == std::set<std::string>{"CZ", "HR", "HU", "PL", "SI", "SK"});
  const auto abroad = std::count_if(buyer_markets.begin(), buyer_markets.end(),
                                    [](const auto& entry) { return entry.second.size() > 1; });
  CHECK(abroad > 100);
  const auto loyal = std::count_if(purchases.begin(), purchases.end(), [](const auto& buyer) {
    return std::any_of(buyer.second.begin(), buyer.second.end(),
                       [](const auto& seller) { return seller.second > 1; });
  });
  CHECK(loyal > 1'000);
}

TEST_CASE("carriers rest on Sundays and couriers on Saturdays") {
  int scans = 0;
  for (const Event& event : Collect(Small())) {
    if (!event.has_parcel_scanned()) continue;
    if (event.parcel_scanned().code() != events::v1::ScanCode::RELEASED_FOR_DELIVERY) continue;
    const int64_t day = (event.occurred_at().seconds() + 3600) / 86400;
    const int64_t weekday = (day + 4) % 7;  // 0: Sunday
    CHECK(weekday != 0);
    CHECK(weekday != 6);
    ++scans;
  }
  CHECK(scans > 1'000);
}

TEST_CASE("disorder changes when events are published and not what happened") {
  SimulatorOptions options = Small();
  options.orders = 2'000;
  const std::vector<Event> plain = Collect(options);
  options.late_ppm = 50'000;
  options.out_of_order_ppm = 50'000;
  options.duplicate_ppm = 50'000;
  const std::vector<Event> messy = Collect(options);
  const auto acts = [](const std::vector<Event>& events) {
    std::map<std::string, std::string> result;
    for (const Event& event : events) {
      const std::string payload =
          PayloadOf(event).SerializeAsString() + event.market() + std::to_string(OccurredAt(event));
      const auto known = result.emplace(Act(event), payload).first;
      CHECK(known->second == payload);
    }
    return result;
  };
  CHECK(acts(plain) == acts(messy));
  const double repeats = static_cast<double>(messy.size() - plain.size());
  CHECK(repeats / static_cast<double>(plain.size()) == Approx(0.05).margin(0.01));
  std::set<std::string> ids;
  for (const Event& event : messy) ids.insert(event.event_id());
  CHECK(ids.size() > plain.size());  // some repeats have an id of their own
  CHECK(ids.size() < messy.size());  // and some have not
  const auto steps_back = [](const std::vector<Event>& events) {
    std::map<std::string, int64_t> last;
    int64_t count = 0;
    for (const Event& event : events) {
      int64_t& seen = last[Field(event, "order_id")];
      if (OccurredAt(event) < seen) ++count;
      seen = std::max(seen, OccurredAt(event));
    }
    return count;
  };
  CHECK(steps_back(plain) == 0);
  CHECK(steps_back(messy) > 200);
}

TEST_CASE("nothing that happens after `until` is published, and nothing else is left out") {
  SimulatorOptions options = Small();
  options.orders = 2'000;
  std::vector<std::string> expected;
  const Instant until = options.start.Plus(30 * kMillisPerDay);
  for (const Event& event : Collect(options)) {
    if (OccurredAt(event) <= until.number()) expected.push_back(event.SerializeAsString());
  }
  options.until = until;
  std::vector<std::string> published;
  for (const Event& event : Collect(options)) published.push_back(event.SerializeAsString());
  CHECK(published.size() > 1'000);
  CHECK(published == expected);
}

TEST_CASE("one seller, one order, one day is a marketplace too") {
  SimulatorOptions options;
  options.sellers = options.orders = options.days = 1;
  const std::vector<Event> events = Collect(options);
  CHECK(std::count_if(events.begin(), events.end(),
                      [](const Event& event) { return event.has_order_placed(); }) == 1);
  CHECK(events[0].has_seller_registered());
}

TEST_CASE("purchases lie within the days asked for and are as many as asked for") {
  for (const uint32_t orders : {1u, 23u, 24u, 25u, 1'000u}) {
    SimulatorOptions options;
    options.sellers = 3;
    options.orders = orders;
    options.days = 2;
    uint32_t placed = 0;
    for (const Event& event : Collect(options)) {
      if (!event.has_order_placed()) continue;
      ++placed;
      CHECK(OccurredAt(event) >= options.start.number());
      CHECK(OccurredAt(event) < options.start.Plus(2 * kMillisPerDay).number());
    }
    CHECK(placed == orders);
  }
}

TEST_CASE("options out of bounds are InvalidArgument and name the field") {
  const auto refusal = [](auto change) {
    SimulatorOptions options;
    change(options);
    SimulatorSummary summary;
    const absl::Status status =
        Simulate(options, [](const Event&) { return absl::OkStatus(); }, &summary);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  using Options = SimulatorOptions;
  CHECK(refusal([](Options& o) { o.sellers = 0; }).find("sellers") == 0);
  CHECK(refusal([](Options& o) { o.sellers = 1'000'001; }).find("sellers") == 0);
  CHECK(refusal([](Options& o) { o.orders = 0; }).find("orders") == 0);
  CHECK(refusal([](Options& o) { o.orders = 1'000'000'001; }).find("orders") == 0);
  CHECK(refusal([](Options& o) { o.days = 0; }).find("days") == 0);
  CHECK(refusal([](Options& o) { o.days = 3'651; }).find("days") == 0);
  CHECK(refusal([](Options& o) { o.start = Instant(0); }).find("start") == 0);
  CHECK(refusal([](Options& o) { o.start = kLatestInstant; }).find("start") == 0);
  CHECK(refusal([](Options& o) { o.late_ppm = 1'000'001; }).find("late_ppm") == 0);
  CHECK(refusal([](Options& o) { o.out_of_order_ppm = 1'000'001; }).find("out_of_order") == 0);
  CHECK(refusal([](Options& o) { o.duplicate_ppm = 1'000'001; }).find("duplicate_ppm") == 0);
}

TEST_CASE("the extremes of the bounds can be simulated") {
  SimulatorOptions options;
  options.sellers = 50'000;
  options.orders = 100;
  options.days = 3'650;
  options.start = Instant(63072000000);
  CHECK(Hash(options).summary.orders == 100);
  options.start = Instant(6627052800000);
  CHECK(Hash(options).summary.orders == 100);
}

TEST_CASE("an error of the sink ends the simulation and is handed on") {
  int calls = 0;
  SimulatorSummary summary;
  const absl::Status status = Simulate(
      Small(),
      [&calls](const Event&) {
        return ++calls == 100 ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
      },
      &summary);
  CHECK(absl::IsResourceExhausted(status));
  CHECK(calls == 100);
}

}  // namespace
}  // namespace flywheel
