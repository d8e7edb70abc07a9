#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/events.h"
#include "app/program.h"
#include "app/verify_report.h"
#include "base/instant_text.h"
#include "events/event_json.h"
#include "events/intake.h"
#include "events/memory/memory_log.h"
#include "flywheel/log/v1/record.pb.h"
#include "projections/cell/cell.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/facts/seller_row.h"
#include "projections/models/days_row.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

MemoryLogOptions WithGaps() {
  MemoryLogOptions options;
  options.gaps_per_thousand = 300;
  return options;
}

// A log made by hand, of one partition, and its rows.
class HandMade {
 public:
  HandMade() : log_(WithGaps()) {
    auto store = std::make_unique<MemoryStore>();
    store_ = store.get();
    cell_ = *Cell::Open(&log_, Partition(0), std::move(store), CellOptions());
  }

  // The event of a line, stamped; gives its offset.
  Offset Publish(const std::string& line, const char* recorded_at = "2025-06-30T12:00:00Z") {
    const auto bytes = EventFromJson(line);
    REQUIRE(std::holds_alternative<std::string>(bytes));
    const auto prepared =
        Prepare(std::get<std::string>(bytes), *ParseInstant(recorded_at), PolicyBook::BuiltIn(), 1);
    REQUIRE(std::holds_alternative<PreparedRecord>(prepared));
    return Append(std::get<PreparedRecord>(prepared).record_bytes);
  }
  Offset Append(const std::string& record_bytes) {
    const std::string_view record = record_bytes;
    const auto offsets = log_.Append(Partition(0), {&record, 1});
    REQUIRE(offsets.ok());
    return offsets->front();
  }

  VerifyReport Check(const VerifyOptions& options = VerifyOptions()) {
    const auto report = Verify(log_, {store_}, options);
    REQUIRE(report.ok());
    return *report;
  }
  void Fold() {
    REQUIRE(cell_->CatchUp(*log_.EndOffset(Partition(0)), [](const CellRow&) {}).ok());
  }

  std::string Get(const std::string& key) {
    std::string value;
    REQUIRE(*store_->Get(key, &value));
    return value;
  }
  void Put(const std::string& key, const std::string& value) {
    const auto batch = store_->NewBatch();
    batch->Put(key, value);
    REQUIRE(store_->Write(batch.get()).ok());
  }
  void Delete(const std::string& key) {
    const auto batch = store_->NewBatch();
    batch->Delete(key);
    REQUIRE(store_->Write(batch.get()).ok());
  }

 private:
  MemoryLog log_;
  MemoryStore* store_ = nullptr;
  std::unique_ptr<Cell> cell_;
};

google::protobuf::Timestamp Moment(const char* text) {
  google::protobuf::Timestamp moment;
  moment.set_seconds(ParseInstant(text)->number() / 1000);
  return moment;
}

// Accepted, duplicate, waiting, repeated, refused and closed events, a decision, a tick, and bytes
// that are no record. Gives the offset of the refused event.
Offset Fill(HandMade& made) {
  made.Publish(EventLine("2025-06-02T10:00:00Z", Reviewed("o1", "b1", true, 5)));
  made.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1")));
  made.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1")));
  made.Publish(EventLine("2025-06-01T11:00:00Z", Placed("o2", "b1")));
  made.Publish(EventLine("2025-06-01T12:00:00Z", Placed("o3", "b1")));
  made.Publish(EventLine("2025-06-03T10:00:00Z", Reviewed("o2", "b1", false, 2)));
  made.Publish(EventLine("2025-06-03T10:00:00Z", Reviewed("o7", "b1", true)));
  made.Publish(EventLine("2025-06-01T10:00:00Z",
                         R"("sellerStandingChanged":{"feesPaid":true,"returnPolicy":{)"
                         R"("freeReturns":true,"withdrawalDays":14}})"));
  const Offset refused =
      made.Publish(EventLine("2025-06-04T10:00:00Z", Reviewed("o3", "b8", false)));
  made.Publish(EventLine("2025-06-04T10:00:00Z", Reviewed("o3", "b8", false)));

  log::v1::Record record;
  log::v1::Refused& at_door = *record.mutable_refused();
  *at_door.mutable_recorded_at() = Moment("2025-06-30T12:00:01Z");
  at_door.set_source("inbox");
  at_door.set_source_place("0@7");
  at_door.set_sha256(std::string(32, 's'));
  at_door.set_code(log::v1::RefusalCode::INVALID);
  at_door.set_seller_id("anna");
  made.Append(record.SerializeAsString());

  record.Clear();
  *record.mutable_discarded()->mutable_recorded_at() = Moment("2025-06-30T12:00:02Z");
  record.mutable_discarded()->set_entry_offset(refused.number());
  made.Append(record.SerializeAsString());

  record.Clear();
  *record.mutable_event()->mutable_recorded_at() = Moment("2025-06-30T12:00:03Z");
  *record.mutable_event()->mutable_occurred_at() = Moment("2025-06-30T12:00:03Z");
  record.mutable_event()->mutable_time_passed();
  made.Append(record.SerializeAsString());

  made.Append("\xff these bytes are no record");
  return refused;
}

TEST_CASE("verify finds no difference on a log with every outcome") {
  HandMade made;
  Fill(made);
  made.Fold();
  const VerifyReport report = made.Check();
  CAPTURE(report.differences.kept());
  CHECK(report.differences.count() == 0);
  CHECK(report.counts.records == 14);
  CHECK(report.counts.orders == 4);
  CHECK(report.counts.sellers == 1);
  CHECK(report.counts.standings == 1);
  CHECK(report.counts.quarantine == 4);
  CHECK(report.points.size() == 6);
  CHECK(report.points.back().known_at.has_value());
  CHECK(report.counts.ratings == 24);
  CHECK(report.counts.history_rows == 4 * 365);
  CHECK(report.digest.size() == 32);
}

TEST_CASE("verify compares as far as the rows are folded") {
  HandMade made;
  Fill(made);
  CHECK(made.Check().differences.count() == 0);
  CHECK(made.Check().counts.records == 0);
  made.Fold();
  made.Publish(EventLine("2025-06-05T10:00:00Z", Placed("o5", "b3")));
  const VerifyReport report = made.Check();
  CHECK(report.differences.count() == 0);
  CHECK(report.counts.records == 14);
}

TEST_CASE("verify finds a row that was tampered with") {
  HandMade made;
  const Offset refused = Fill(made);
  made.Fold();
  REQUIRE(made.Check().differences.count() == 0);
  const std::string digest = made.Check().digest;
  std::string bytes;
  std::string expected;

  SECTION("an order that is gone") {
    made.Delete(row_keys::Order("anna", "o1"));
    expected = "order o1 of anna";
  }
  SECTION("an order that nobody placed") {
    made.Put(row_keys::Order("anna", "o99"), made.Get(row_keys::Order("anna", "o1")));
    expected = "order o99 of anna";
  }
  SECTION("an order with the facts of another") {
    made.Put(row_keys::Order("anna", "o1"), made.Get(row_keys::Order("anna", "o2")));
    expected = "order o1 of anna";
  }
  SECTION("the steps of a day") {
    const LocalDay day = DayOfDate(2025, 6, 2);
    const std::string key = row_keys::Days("anna", MarketCode("PL"), day);
    DaysRow row = *DaysRow::Decode(made.Get(key));
    row.At(day).rating.Add({{day, static_cast<uint8_t>(RatingCounter::kRecommendedTotal), 1}});
    row.Encode(&bytes);
    made.Put(key, bytes);
    expected = "rating of anna in PL";
  }
  SECTION("a seller's clock") {
    SellerRow row = *SellerRow::Decode(made.Get(row_keys::OfSeller("anna")));
    row.clock = row.clock.Plus(1);
    row.Encode(&bytes);
    made.Put(row_keys::OfSeller("anna"), bytes);
    expected = "seller anna: clock";
  }
  SECTION("what makes a seller incomplete") {
    SellerRow row = *SellerRow::Decode(made.Get(row_keys::OfSeller("anna")));
    row.waiting = 0;
    row.open_refusals = 0;
    row.Encode(&bytes);
    made.Put(row_keys::OfSeller("anna"), bytes);
    expected = "seller anna: waiting";
  }
  SECTION("a standing") {
    made.Delete(
        row_keys::Standing("anna", MarketCode("PL"), *ParseInstant("2025-06-01T10:00:00Z")));
    expected = "standing";
  }
  SECTION("repeats of a quarantine entry") {
    QuarantineRow row = *QuarantineRow::Decode(made.Get(row_keys::Quarantine(refused)));
    ++row.repeats;
    row.Encode(&bytes);
    made.Put(row_keys::Quarantine(refused), bytes);
    expected = "repeats";
  }
  SECTION("a quarantine entry that is gone") {
    made.Delete(row_keys::Quarantine(refused));
    expected = "the engine does not have it";
  }
  SECTION("the counts of outcomes") {
    CellRow row = *CellRow::Decode(made.Get(row_keys::Cell()));
    ++row.counts.accepted;
    row.Encode(&bytes);
    made.Put(row_keys::Cell(), bytes);
    expected = "counts: accepted";
  }

  const VerifyReport report = made.Check();
  REQUIRE(report.differences.count() > 0);
  bool named = false;
  for (const std::string& sentence : report.differences.kept()) {
    named = named || sentence.find(expected) != std::string::npos;
  }
  CAPTURE(report.differences.kept());
  CHECK(named);
  CHECK(report.digest != digest);
}

TEST_CASE("the points of verify can be given") {
  HandMade made;
  Fill(made);
  made.Fold();
  VerifyOptions options;
  options.points = {{*ParseInstant("2025-06-02T10:00:00Z"), std::nullopt},
                    {*ParseInstant("2025-06-02T10:00:00Z"), *ParseInstant("2025-06-30T11:00:00Z")}};
  const VerifyReport report = made.Check(options);
  CHECK(report.differences.count() == 0);
  CHECK(report.counts.ratings == 4);
}

TEST_CASE("histories of chosen sellers are compared where there are too many") {
  HandMade made;
  for (const char* seller : {"anna", "bert", "carl", "dora", "emil"}) {
    made.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), seller));
    made.Publish(EventLine("2025-06-02T10:00:00Z", Reviewed("o1", "b1", true), seller));
  }
  made.Fold();
  VerifyOptions options;
  options.sellers_with_history = 2;
  const VerifyReport report = made.Check(options);
  CAPTURE(report.differences.kept());
  CHECK(report.differences.count() == 0);
  // Two of the five, each in PL and in all markets.
  CHECK(report.counts.history_rows == 2 * 2 * 365);
}

TEST_CASE("the command prints what was compared, the digests and the verdict") {
  Program program;
  REQUIRE(program
              .Run({"publish", "--partitions", "2"},
                   EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1")) +
                       EventLine("2025-06-02T10:00:00Z", Reviewed("o1", "b1", true)))
              .code == 0);
  const ProgramRun run = program.Run({"verify"});
  CHECK(run.code == 0);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() > 4);
  CHECK(lines.back().rfind("verify: ", 0) == 0);
  CHECK(lines.back().find(" rows compared, 0 differences") != std::string::npos);
  CHECK(lines[lines.size() - 2].rfind("digest: ", 0) == 0);
  const ProgramRun json = program.Run({"verify", "--json"});
  CHECK(json.out.find(R"("differences":0,"first":[],)") != std::string::npos);
  const ProgramRun given = program.Run(
      {"verify", "--as-of", "2025-06-01T10:00:00Z", "--as-of", "2025-06-02T10:00:00Z", "--json"});
  CHECK(given.code == 0);
  CHECK(given.out.find(R"("points":[{"asOf":"2025-06-01T10:00:00.000Z"},)"
                       R"({"asOf":"2025-06-02T10:00:00.000Z"}])") != std::string::npos);
  CHECK(program.Run({"verify", "--as-of", "soon"}).code == 2);
  CHECK(program.Run({"verify", "--known-at", "2025-06-01T10:00:00Z"}).code == 2);
}

}  // namespace
}  // namespace flywheel
