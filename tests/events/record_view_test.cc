#include "events/record_view.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "events/sample_records.h"
#include "events/scan_comparison.h"

namespace flywheel {
namespace {

using scan_comparison::RecordDifference;

const sample::Pick kPick = [](uint64_t below) {
  return *rc::gen::inRange<uint64_t>(0, below == 0 ? 1 : below);
};

constexpr Instant kSampleInstant{sample::kSampleSeconds * kMillisPerSecond + 123};

TEST_CASE("a full record of every kind reads as libprotobuf reads it") {
  for (const RecordKind kind : sample::AllRecordKinds()) {
    CAPTURE(static_cast<int>(kind));
    const std::string bytes = sample::FullRecord(kind).SerializeAsString();
    RecordView view;
    REQUIRE(ScanRecord(bytes, &view) == ScanResult::kOk);
    CHECK(view.kind == kind);
    CHECK(view.body.index() == static_cast<size_t>(kind));
    CHECK(view.recorded_at == kSampleInstant);
    CHECK(RecordDifference(bytes) == "");
  }
}

TEST_CASE("random and mutated records read as libprotobuf reads them") {
  rc::prop("random records", [] {
    const auto kinds = sample::AllRecordKinds();
    std::string bytes = sample::RandomRecord(kinds[kPick(kinds.size())], kPick).SerializeAsString();
    for (uint64_t n = kPick(3); n > 0; --n) bytes = sample::Mutated(bytes, kPick);
    const std::string difference = RecordDifference(bytes);
    RC_ASSERT(difference == "");
  });
}

TEST_CASE("the events of a decision come in order") {
  log::v1::Record record = sample::FullRecord(RecordKind::kDecision);
  record.mutable_decision()->mutable_events(0)->set_seller_id("first");
  record.mutable_decision()->mutable_events(1)->set_seller_id("second");
  const std::string bytes = record.SerializeAsString();
  RecordView view;
  REQUIRE(ScanRecord(bytes, &view) == ScanResult::kOk);
  const auto& decision = std::get<DecisionView>(view.body);
  CHECK(decision.events.count == 2);
  std::vector<std::string> sellers;
  ForEach(decision.events,
          [&sellers](const EventView& event) { sellers.emplace_back(event.seller_id); });
  CHECK(sellers == std::vector<std::string>{"first", "second"});
}

TEST_CASE("a scan of a record forgets what an earlier one left in the view") {
  RecordView view;
  const std::string full = sample::FullRecord(RecordKind::kEvent).SerializeAsString();
  REQUIRE(ScanRecord(full, &view) == ScanResult::kOk);
  const std::string empty_event("\x0a\x00", 2);
  REQUIRE(ScanRecord(empty_event, &view) == ScanResult::kOk);
  CHECK(view.kind == RecordKind::kEvent);
  CHECK_FALSE(view.recorded_at.has_value());
  CHECK(std::get<EventView>(view.body).seller_id.empty());
  CHECK(std::get<EventView>(view.body).kind == EventKind::kNone);
  REQUIRE(ScanRecord("", &view) == ScanResult::kOk);
  CHECK(view.body.index() == 0);
}

TEST_CASE("a record of two kinds is unusual, one of a later version has no kind") {
  RecordView view;
  const std::string event = sample::FullRecord(RecordKind::kEvent).SerializeAsString();
  const std::string refused = sample::FullRecord(RecordKind::kRefused).SerializeAsString();
  CHECK(ScanRecord(event + refused, &view) == ScanResult::kUnusual);
  CHECK(ScanRecord(event + event, &view) == ScanResult::kUnusual);
  CHECK(ScanRecord("\x7a\x01x", &view) == ScanResult::kOk);  // field 15
  CHECK(view.kind == RecordKind::kNone);
  CHECK(view.body.index() == 0);
  CHECK_FALSE(view.recorded_at.has_value());
  CHECK(ScanRecord("\x0a\x05x", &view) == ScanResult::kMalformed);
}

}  // namespace
}  // namespace flywheel
