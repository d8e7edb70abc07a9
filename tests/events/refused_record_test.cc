#include "events/refused_record.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "events/memory/memory_refused_store.h"
#include "events/record_view.h"
#include "events/refused_store.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

constexpr Instant kStamp{1'800'000'000'123};
const RefusedOrigin kOrigin{"shop.inbox", "3@1278"};

IntakeRefusal Invalid() {
  return {RefusalCode::kInvalid, "market", "market XX is not known", "seller-1"};
}

log::v1::Refused RefusedOf(const PreparedRecord& prepared) {
  log::v1::Record record;
  REQUIRE(record.ParseFromString(prepared.record_bytes));
  REQUIRE(record.has_refused());
  return record.refused();
}

TEST_CASE("the record says where the bytes came from, what they were and why they are refused") {
  const PreparedRecord prepared = MakeRefused(kOrigin, "abc", Invalid(), kStamp, 12);
  CHECK(prepared.partition == PartitionOf("seller-1", 12));
  const log::v1::Refused refused = RefusedOf(prepared);
  CHECK(refused.recorded_at().seconds() == 1'800'000'000);
  CHECK(refused.recorded_at().nanos() == 123'000'000);
  CHECK(refused.source() == "shop.inbox");
  CHECK(refused.source_place() == "3@1278");
  CHECK(refused.sha256().substr(0, 4) == "\xBA\x78\x16\xBF");  // of "abc", FIPS 180-2
  CHECK(refused.sha256().size() == 32);
  CHECK(refused.length() == 3);
  CHECK(refused.code() == log::v1::RefusalCode::INVALID);
  CHECK(refused.field() == "market");
  CHECK(refused.sentence() == "market XX is not known");
  CHECK(refused.seller_id() == "seller-1");
  RecordView view;
  REQUIRE(ScanRecord(prepared.record_bytes, &view) == ScanResult::kOk);
  CHECK(view.kind == RecordKind::kRefused);
  CHECK(view.recorded_at == kStamp);
}

TEST_CASE("a place in a topic is partition@offset") { CHECK(PlaceInTopic(3, 1278) == "3@1278"); }

TEST_CASE("without a seller the record goes where its identity says, the same each time") {
  IntakeRefusal refusal = Invalid();
  refusal.seller_id.clear();
  std::set<int32_t> partitions;
  for (int64_t offset = 0; offset < 200; ++offset) {
    const std::string place = PlaceInTopic(0, offset);
    const PreparedRecord first = MakeRefused({"t", place}, "x", refusal, kStamp, 12);
    IntakeRefusal later = refusal;
    later.sentence = "another sentence";
    const PreparedRecord again = MakeRefused({"t", place}, "x", later, kStamp.Plus(5000), 12);
    CHECK(first.partition == again.partition);
    partitions.insert(first.partition.number());
  }
  CHECK(partitions.size() == 12);
}

TEST_CASE("what a publisher wrote makes the record neither large nor unreadable") {
  IntakeRefusal refusal = Invalid();
  // A cut in the middle of a character would leave half of it.
  for (const std::string& letter :
       {std::string("x"), std::string("ż"), std::string("\xF0\x9F\x9A\x9A")}) {
    std::string text = "a";
    while (text.size() < 100'000) text += letter;
    refusal.field = refusal.sentence = text;
    const PreparedRecord prepared = MakeRefused({text, text}, text, refusal, kStamp, 1);
    CHECK(prepared.record_bytes.size() < 3072);
    const log::v1::Refused refused = RefusedOf(prepared);  // protobuf checks UTF-8
    CHECK(refused.sentence().size() > kMaxRefusedTextBytes - 8);
    CHECK(refused.sentence().size() <= kMaxRefusedTextBytes);
    CHECK(refused.sentence().substr(refused.sentence().size() - 3) == "...");
    CHECK(refused.length() == text.size());
  }
  refusal.field = refusal.sentence = refusal.seller_id = "\xFF";
  const log::v1::Refused refused = RefusedOf(MakeRefused({"\xFF", "\xFF"}, "", refusal, kStamp, 3));
  CHECK(refused.seller_id().empty());
  CHECK(refused.sentence() == "(not valid UTF-8)");
}

TEST_CASE("a budget lets through its burst, then its rate, and never more") {
  RefusedBudget budget({/*bytes_per_second=*/1000, /*burst_bytes=*/5000});
  CHECK(budget.Take(5000, kStamp));
  CHECK_FALSE(budget.Take(1, kStamp));
  CHECK(budget.Take(1, kStamp.Plus(1)));
  CHECK_FALSE(budget.Take(1, kStamp.Plus(1)));
  CHECK_FALSE(budget.Take(1000, kStamp.Plus(1000)));
  CHECK(budget.Take(999, kStamp.Plus(1000)));
  // A clock that is set back gives nothing away.
  CHECK_FALSE(budget.Take(1, kStamp));
  CHECK_FALSE(budget.Take(1, kStamp.Plus(1000)));
  // A long silence fills the bucket once.
  const Instant later = kStamp.Plus(1000 * kMillisPerDay);
  CHECK(budget.Take(5000, later));
  CHECK_FALSE(budget.Take(1, later));
}

TEST_CASE("a budget counts large bytes as what is kept of them") {
  RefusedBudget budget({0, static_cast<int64_t>(kMaxRefusedBytes)});
  CHECK(budget.Take(kMaxRefusedBytes * 10, kStamp));
  CHECK_FALSE(budget.Take(1, kStamp.Plus(kMillisPerDay)));
  RefusedBudget nothing({1000, 0});
  CHECK_FALSE(nothing.Take(1, kStamp.Plus(kMillisPerDay)));
}

TEST_CASE("the memory store keeps the first bytes of each place, a repeat once") {
  MemoryRefusedStore store;
  const std::string large(kMaxRefusedBytes + 5, 'x');
  const IntakeRefusal refusal = Invalid();
  const RefusedBytes batch[] = {{"t", "0@1", "small", &refusal}, {"t", "0@2", large, &refusal}};
  store.FailNextPut(absl::UnavailableError("away"));
  CHECK(absl::IsUnavailable(store.Put(batch, absl::Seconds(1))));
  CHECK(store.all().empty());
  REQUIRE(store.Put(batch, absl::Seconds(1)).ok());
  REQUIRE(store.Put(batch, absl::Seconds(1)).ok());
  CHECK(store.all().size() == 2);
  CHECK(store.all().at({"t", "0@1"}) == "small");
  CHECK(store.all().at({"t", "0@2"}).size() == kMaxRefusedBytes);
}

}  // namespace
}  // namespace flywheel
