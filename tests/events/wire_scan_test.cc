#include "events/wire_scan.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/sample_events.h"
#include "events/scan_comparison.h"

namespace flywheel {
namespace {

namespace pb = flywheel::events::v1;
using scan_comparison::EventDifference;
using scan_comparison::RecordDifference;

// Choices of rapidcheck, so that a failing event shrinks.
const sample::Pick kPick = [](uint64_t below) {
  return *rc::gen::inRange<uint64_t>(0, below == 0 ? 1 : below);
};

ScanResult Scan(std::string_view bytes, EventView* view) {
  return ScanEvent(bytes, Utf8Check::kCheck, view);
}
ScanResult Scan(std::string_view bytes) {
  EventView view;
  return Scan(bytes, &view);
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

// A field of wire type 2 with a number below 16.
std::string Field(int number, const std::string& value) {
  return Bytes({number << 3 | 2, static_cast<int>(value.size())}) + value;
}
// ... and one with a number from 16 on.
std::string PayloadBytes(EventKind kind, const std::string& value) {
  const int tag = static_cast<int>(kind) << 3 | 2;
  return Bytes({(tag & 0x7f) | 0x80, tag >> 7, static_cast<int>(value.size())}) + value;
}

TEST_CASE("a full event of every kind reads as libprotobuf reads it") {
  for (const EventKind kind : sample::AllKinds()) {
    CAPTURE(NameOf(kind));
    const std::string bytes = sample::FullEvent(kind).SerializeAsString();
    EventView view;
    REQUIRE(Scan(bytes, &view) == ScanResult::kOk);
    CHECK(view.kind == kind);
    CHECK(view.bytes == bytes);
    CHECK(view.payload.index() == static_cast<size_t>(kind) - 15);
    CHECK(view.payload_bytes ==
          bytes.substr(bytes.size() - view.payload_bytes.size(), view.payload_bytes.size()));
    CHECK(EventDifference(bytes) == "");
  }
}

TEST_CASE("the order of an event is read from every kind that speaks of one") {
  for (const EventKind kind : sample::AllKinds()) {
    CAPTURE(NameOf(kind));
    const std::string bytes = sample::FullEvent(kind).SerializeAsString();
    EventView view;
    REQUIRE(Scan(bytes, &view) == ScanResult::kOk);
    CHECK(OrderOf(view) == (IsAboutOrder(kind) ? "order_id zażółć" : ""));
  }
}

TEST_CASE("random events of every kind read as libprotobuf reads them") {
  for (const EventKind kind : sample::AllKinds()) {
    rc::prop("random " + std::string(NameOf(kind)), [kind] {
      const std::string bytes = sample::RandomEvent(kind, kPick).SerializeAsString();
      const std::string difference = EventDifference(bytes);
      RC_ASSERT(difference == "");
    });
  }
}

TEST_CASE("mutated bytes are taken and refused as libprotobuf does") {
  rc::prop("mutated events", [] {
    const auto kinds = sample::AllKinds();
    const std::string event =
        sample::RandomEvent(kinds[kPick(kinds.size())], kPick).SerializeAsString();
    for (int mutant = 0; mutant < 20; ++mutant) {
      std::string bytes = event;
      for (uint64_t n = 1 + kPick(4); n > 0; --n) bytes = sample::Mutated(bytes, kPick);
      const std::string difference = EventDifference(bytes);
      RC_ASSERT(difference == "");
    }
  });
  rc::prop("two events in one", [] {
    const auto kinds = sample::AllKinds();
    std::string bytes;
    for (int n = 0; n < 2; ++n) {
      bytes += sample::RandomEvent(kinds[kPick(kinds.size())], kPick).SerializeAsString();
    }
    const std::string difference = EventDifference(bytes);
    RC_ASSERT(difference == "");
  });
}

TEST_CASE("every prefix of an event reads as libprotobuf reads it") {
  for (const EventKind kind : sample::AllKinds()) {
    const std::string bytes = sample::FullEvent(kind).SerializeAsString();
    for (size_t size = 0; size <= bytes.size(); ++size) {
      const std::string difference = EventDifference(bytes.substr(0, size));
      if (difference.empty()) continue;
      CAPTURE(NameOf(kind), size);
      REQUIRE(difference == "");
    }
  }
}

TEST_CASE("varints are read as libprotobuf reads them") {
  constexpr int kRefused = -1;
  // The bytes of an actor, and what the scan reads.
  const std::pair<std::string, int> cases[] = {
      {Bytes({0x02}), 2},
      {Bytes({0x82, 0x00}), 2},  // longer than needed
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 2},
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 2},
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 2},
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}), 2},  // over 64 bits
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kRefused},
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x10}), 2},  // 2^32 + 2: an enum keeps 32 bits
      {Bytes({0xfe, 0x01}), 254},
      {Bytes({0xff, 0x01}), 255},
      {Bytes({0x80, 0x02}), 255},                                                  // 256
      {Bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), 255},  // -1
      {Bytes({0x82}), kRefused},                                                   // cut off
      {"", kRefused},
  };
  const std::string after[] = {"", Field(4, "a text to load from beyond the varint")};
  for (const auto& [varint, value] : cases) {
    for (const std::string& rest : after) {
      if (value == kRefused && varint.size() < 2 && !rest.empty()) continue;
      const std::string bytes = Bytes({9 << 3}) + varint + rest;
      CAPTURE(rc::toString(bytes));
      CHECK(EventDifference(bytes) == "");
      EventView view;
      const ScanResult scanned = Scan(bytes, &view);
      CHECK(scanned == (value == kRefused ? ScanResult::kMalformed : ScanResult::kOk));
      if (value != kRefused) CHECK(static_cast<int>(view.actor) == value);
    }
  }
}

TEST_CASE("a number may not reach beyond its message") {
  // occurred_at of one byte less than its seconds need; the byte that follows would complete them.
  const std::string bytes = Bytes({0x12, 0x02, 0x08, 0x85, 0x01}) + std::string(20, '\x08');
  CHECK(Scan(bytes) == ScanResult::kMalformed);
  CHECK(EventDifference(bytes) == "");
}

TEST_CASE("tags and sizes are read as libprotobuf reads them") {
  // The bytes, and the seller that the scan reads or nullptr where it refuses.
  const std::pair<std::string, const char*> cases[] = {
      {Bytes({0x00}), nullptr},  // field 0
      {Bytes({0x00, 0x01, 0x00}), nullptr},
      {Bytes({0x07, 0x01, 0x00}), nullptr},
      {Bytes({0x80, 0x00, 0x01}), nullptr},  // ... a tag longer than needed
      {Bytes({0x82, 0x80, 0x80, 0x80, 0x00, 0x01, 'a'}), nullptr},
      {Bytes({0x02, 0x00}), nullptr},                           // ... with a length
      {Bytes({0xa2, 0x00, 0x01, 'a'}), "a"},                    // a tag longer than needed
      {Bytes({0xa2, 0x80, 0x80, 0x80, 0x00, 0x01, 'a'}), "a"},  // ... of 5 bytes
      {Bytes({0xa2, 0x80, 0x80, 0x80, 0x70, 0x01, 'a'}), "a"},  // ... over 32 bits
      {Bytes({0xa2, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01, 'a'}), nullptr},  // ... of 6 bytes
      {Bytes({0x22, 0x81, 0x00, 'a'}), "a"},                        // a size longer than needed
      {Bytes({0x22, 0x81, 0x80, 0x80, 0x80, 0x00, 'a'}), "a"},      // ... of 5 bytes
      {Bytes({0x22, 0x81, 0x80, 0x80, 0x80, 0x08, 'a'}), nullptr},  // ... 2 GiB
      {Bytes({0x22, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 'a'}), nullptr},  // ... of 6 bytes
      {Bytes({0x22, 0x05, 'a'}), nullptr},                                // a size beyond the end
      {Bytes({0xfa, 0xff, 0xff, 0xff, 0x0f, 0x01, 'a'}), ""},             // field 2^29 - 1
      {Bytes({0x26}), nullptr},                                           // wire type 6
      {Bytes({0x27}), nullptr},                                           // wire type 7
      {Bytes({0x24}), nullptr},  // the end of a group that has no start
  };
  for (const auto& [bytes, seller] : cases) {
    CAPTURE(rc::toString(bytes));
    CHECK(EventDifference(bytes) == "");
    EventView view;
    CHECK(Scan(bytes, &view) == (seller == nullptr ? ScanResult::kMalformed : ScanResult::kOk));
    if (seller != nullptr) CHECK(view.seller_id == seller);
  }
}

TEST_CASE("unknown fields and known ones with another wire type are skipped") {
  const std::string cases[] = {
      Bytes({0x50, 0x96, 0x01}),                                    // field 10, varint
      Bytes({0x51, 1, 2, 3, 4, 5, 6, 7, 8}),                        // fixed64
      Bytes({0x55, 1, 2, 3, 4}),                                    // fixed32
      Bytes({0x52, 2, 'h', 'i'}),                                   // bytes
      Bytes({0x20, 0x05}),                                          // seller_id as a varint
      Bytes({0x4a, 1, 'x'}),                                        // actor as bytes
      Bytes({0x25, 1, 2, 3, 4}),                                    // seller_id as fixed32
      Bytes({0xb0, 0x01, 0x05}),                                    // parcel_scanned as a varint
      PayloadBytes(EventKind::kTimePassed, Bytes({0x0a, 1, 'x'})),  // in an empty message
  };
  for (const std::string& bytes : cases) {
    const std::string with_seller = Field(4, "seller") + bytes + Field(5, "PL");
    CAPTURE(rc::toString(bytes));
    CHECK(EventDifference(with_seller) == "");
    EventView view;
    REQUIRE(Scan(with_seller, &view) == ScanResult::kOk);
    CHECK(view.seller_id == "seller");
    CHECK(view.market == "PL");
  }
}

TEST_CASE("of a scalar that comes twice the last one stands") {
  const std::string bytes = Field(4, "first") + Field(4, "last");
  EventView view;
  REQUIRE(Scan(bytes, &view) == ScanResult::kOk);
  CHECK(view.seller_id == "last");
  CHECK(EventDifference(bytes) == "");
}

TEST_CASE("what protobuf would merge is unusual") {
  const std::string at = Field(2, Bytes({0x08, 0x05}));
  const std::string paid = PayloadBytes(EventKind::kOrderPaid, Field(1, "o"));
  const std::string time_passed = PayloadBytes(EventKind::kTimePassed, "");
  const std::string total = Field(4, Bytes({0x08, 0x05}));
  const std::string price_twice = Field(3, Field(1, "line") + Field(4, "") + Field(4, ""));
  const std::string cases[] = {
      at + at,
      paid + paid,
      paid + time_passed,
      PayloadBytes(EventKind::kOrderPlaced, total + total),
      PayloadBytes(EventKind::kOrderPlaced, price_twice),
  };
  for (const std::string& bytes : cases) {
    CAPTURE(rc::toString(bytes));
    CHECK(Scan(bytes) == ScanResult::kUnusual);
    CHECK(EventDifference(bytes) == "");
  }
}

TEST_CASE("groups and instants out of range are unusual") {
  const auto seconds = [](int64_t value, int nanos) {
    pb::Event event;
    event.mutable_occurred_at()->set_seconds(value);
    event.mutable_occurred_at()->set_nanos(nanos);
    return event.SerializeAsString();
  };
  const std::string unusual[] = {
      Bytes({0x53, 0x54}),        // group 10
      Bytes({0x53, 0x08, 0x01}),  // ... without an end
      seconds(-1, 0),
      seconds(7'258'118'400, 0),
      seconds(INT64_MAX, 0),
      seconds(INT64_MIN, 0),
      seconds(5, -1),
      seconds(5, 1'000'000'000),
  };
  for (const std::string& bytes : unusual) {
    CAPTURE(rc::toString(bytes));
    CHECK(Scan(bytes) == ScanResult::kUnusual);
    CHECK(EventDifference(bytes) == "");
  }
  EventView view;
  const std::string last = seconds(7'258'118'399, 999'999'999);
  REQUIRE(Scan(last, &view) == ScanResult::kOk);
  CHECK(view.occurred_at == kLatestInstant);
  const std::string finer = seconds(5, 1'999'999);
  REQUIRE(Scan(finer, &view) == ScanResult::kOk);
  CHECK(view.occurred_at == Instant(5001));
  const std::string given_but_zero = seconds(0, 0);
  REQUIRE(Scan(given_but_zero, &view) == ScanResult::kOk);
  CHECK(view.occurred_at == Instant(0));
  REQUIRE(Scan("", &view) == ScanResult::kOk);
  CHECK_FALSE(view.occurred_at.has_value());
}

TEST_CASE("UTF-8 is checked as libprotobuf checks it") {
  // Every pair of first bytes, with what makes the rest of the character valid.
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (const char* rest : {"", "\x80", "\xBF\xBF", "\x80\x80\x80", "a"}) {
        const std::string text = Bytes({first, second}) + rest;
        const std::string difference = EventDifference(Field(6, text));
        if (difference.empty()) continue;
        CAPTURE(rc::toString(text));
        REQUIRE(difference == "");
      }
    }
  }
  // The character may stand anywhere in the words that the fast path takes.
  for (int before = 0; before < 20; ++before) {
    const std::string padding(static_cast<size_t>(before), 'x');
    CHECK(Scan(Field(6, padding + "ż" + padding)) == ScanResult::kOk);
    CHECK(Scan(Field(6, padding + "\xff" + padding)) == ScanResult::kMalformed);
    CHECK(Scan(Field(6, padding + "\xc5")) == ScanResult::kMalformed);
  }
  EventView view;
  CHECK(ScanEvent(Field(6, "\xff"), Utf8Check::kTrust, &view) == ScanResult::kOk);
}

TEST_CASE("lists are iterated also with other fields between their elements") {
  const std::string line_a = Field(3, Field(1, "a") + Bytes({0x18, 2}));
  const std::string line_b = Field(3, Field(1, "b") + Bytes({0x18, 3}));
  const std::string bytes =
      PayloadBytes(EventKind::kOrderPlaced, Field(1, "o") + line_a + Field(2, "buyer") +
                                                Bytes({0x18, 9}) + line_b + Field(4, ""));
  CHECK(EventDifference(bytes) == "");
  EventView view;
  REQUIRE(Scan(bytes, &view) == ScanResult::kOk);
  const auto& placed = std::get<OrderPlacedView>(view.payload);
  CHECK(placed.lines.count == 2);
  std::string seen;
  ForEach(placed.lines, [&seen](const OrderLineView& line) {
    seen += std::string(line.line_id) + std::to_string(line.quantity);
  });
  CHECK(seen == "a2b3");
}

TEST_CASE("a scan forgets what an earlier one left in the view") {
  EventView view;
  const std::string full = sample::FullEvent(EventKind::kOrderPlaced).SerializeAsString();
  REQUIRE(Scan(full, &view) == ScanResult::kOk);
  REQUIRE(Scan("", &view) == ScanResult::kOk);
  CHECK(view.kind == EventKind::kNone);
  CHECK(view.seller_id.empty());
  CHECK(view.payload_bytes.empty());
  CHECK_FALSE(view.occurred_at.has_value());
  CHECK(view.payload.index() == 0);
}

}  // namespace
}  // namespace flywheel
