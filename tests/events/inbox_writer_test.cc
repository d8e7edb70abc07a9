#include "events/inbox_writer.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "events/memory/memory_log.h"
#include "events/memory/memory_refused_store.h"
#include "events/record_view.h"
#include "events/refused_record.h"
#include "events/sample_events.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

constexpr Instant kNow{1'800'000'000'000};

std::string Event(const std::string& order, const std::string& seller = "seller") {
  auto event = sample::FullEvent(EventKind::kOrderPaid);
  event.set_seller_id(seller);
  event.mutable_order_paid()->set_order_id(order);
  return event.SerializeAsString();
}

// A writer between memory and memory.
struct World {
  explicit World(MemoryLogOptions log_options = {}, RefusedBudget::Options budget = {})
      : log(log_options),
        writer(
            &log, &store, [this] { return policies; }, [this] { return now; },
            {"shop.inbox", budget}) {}

  void Add(std::string value, int64_t offset) {
    const auto owner = std::make_shared<const std::string>(std::move(value));
    batch.Add(3, offset, {*owner, {}}, owner);
  }
  absl::Status Write(bool (*idle)() = [] { return true; }) {
    RETURN_IF_ERROR(writer.Prepare(batch));
    return writer.Append(batch, idle);
  }
  std::vector<log::v1::Record> Records() {
    std::vector<log::v1::Record> records;
    for (int32_t p = 0; p < log.partitions(); ++p) {
      const auto batch_read = log.Read(Partition(p), Offset(0), {});
      REQUIRE(batch_read.ok());
      for (const LogRecord& record : batch_read->records) {
        REQUIRE(records.emplace_back().ParseFromArray(record.bytes.data(),
                                                      static_cast<int>(record.bytes.size())));
      }
    }
    return records;
  }

  Instant now = kNow;
  std::shared_ptr<const PolicyBook> policies =
      std::make_shared<const PolicyBook>(PolicyBook::BuiltIn());
  MemoryLog log;
  MemoryRefusedStore store;
  InboxBatch batch;
  InboxWriter writer;
};

MemoryLogOptions Partitions(int32_t count) {
  MemoryLogOptions options;
  options.partitions = count;
  return options;
}

TEST_CASE(
    "what is good and what is not stand in the log, with the inbox's place and the bytes aside") {
  World world(Partitions(4));
  for (int i = 0; i < 20; ++i) {
    world.Add(Event("o" + std::to_string(i), "seller" + std::to_string(i)), i);
  }
  world.Add("garbage", 20);
  auto other = sample::FullEvent(EventKind::kOrderPaid);
  other.set_market("XX");
  other.set_seller_id("seller");
  const std::string elsewhere = other.SerializeAsString();
  world.Add(elsewhere, 21);
  world.batch.Add(3, 22, {std::nullopt, {}}, nullptr);
  REQUIRE(world.Write().ok());
  std::map<std::string, log::v1::Refused> refused;
  int events = 0;
  for (const auto& record : world.Records()) {
    if (record.has_event()) ++events;
    if (record.has_refused()) refused[record.refused().source_place()] = record.refused();
  }
  CHECK(events == 20);
  REQUIRE(refused.size() == 3);
  CHECK(refused.at("3@20").source() == "shop.inbox");
  CHECK(refused.at("3@20").code() == log::v1::RefusalCode::UNDECODABLE);
  CHECK(refused.at("3@20").length() == 7);
  CHECK(refused.at("3@21").code() == log::v1::RefusalCode::INVALID);
  CHECK(refused.at("3@21").field() == "market");
  CHECK(refused.at("3@21").seller_id() == "seller");
  CHECK(refused.at("3@22").length() == 0);
  const auto kept = world.store.all();
  CHECK(kept.at({"shop.inbox", "3@20"}) == "garbage");
  CHECK(kept.at({"shop.inbox", "3@21"}) == elsewhere);
  CHECK(kept.size() == 3);
  CHECK(world.writer.counts().accepted == 20);
  CHECK(world.writer.counts().refused == 3);
}

TEST_CASE("the stamp is the wall clock's and never falls; each attempt has its own") {
  World world;
  world.Add(Event("a"), 0);
  REQUIRE(world.Write().ok());
  world.batch.Clear();
  world.now = kNow.Plus(-5000);
  world.Add(Event("b"), 1);
  world.log.FailNextAppend(absl::UnavailableError("away"), /*records_are_there=*/false);
  CHECK(absl::IsUnavailable(world.Write()));
  world.now = kNow.Plus(7000);
  REQUIRE(world.Write().ok());
  const auto records = world.Records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].event().recorded_at().seconds() == 1'800'000'000);
  CHECK(records[1].event().recorded_at().seconds() == 1'800'000'007);
}

TEST_CASE("a stamp that the log refused is not kept to once the clock is set right") {
  World world;
  world.Add(Event("o1"), 0);
  world.now = kNow.Plus(24 * 60 * kMillisPerMinute);
  world.log.FailNextAppend(absl::FailedPreconditionError("the stamp lies ahead"), false);
  CHECK_FALSE(world.Write().ok());
  world.now = kNow;
  REQUIRE(world.Write().ok());
  const auto records = world.Records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].event().recorded_at().seconds() == kNow.number() / kMillisPerSecond);
}

TEST_CASE("while the policies are not known, those of before hold; without any nothing is taken") {
  World world;
  const std::shared_ptr<const PolicyBook> known = world.policies;
  world.policies = nullptr;
  world.Add(Event("o1"), 0);
  CHECK(absl::IsUnavailable(world.Write()));
  world.policies = known;
  REQUIRE(world.Write().ok());
  world.batch.Clear();
  world.policies = nullptr;
  world.Add(Event("o2"), 1);
  REQUIRE(world.Write().ok());
  CHECK(world.Records().size() == 2);
}

TEST_CASE("only what is not in the log is appended again") {
  World world(Partitions(2));
  // Sellers of both partitions.
  std::string of_partition[2];
  for (int i = 0; of_partition[0].empty() || of_partition[1].empty(); ++i) {
    const std::string seller = "s" + std::to_string(i);
    of_partition[PartitionOf(seller, 2).number()] = seller;
  }
  world.Add(Event("a", of_partition[0]), 0);
  world.Add(Event("b", of_partition[1]), 1);
  world.log.FailNextAppend(absl::UnavailableError("away"), /*records_are_there=*/false);
  CHECK(absl::IsUnavailable(world.Write()));
  CHECK(world.Records().size() == 1);
  CHECK(world.batch.entries()[1].is_in_log);
  CHECK_FALSE(world.batch.entries()[0].is_in_log);
  CHECK(world.writer.counts().accepted == 1);
  REQUIRE(world.Write().ok());
  CHECK(world.Records().size() == 2);
  CHECK(world.writer.counts().accepted == 2);
  CHECK(world.writer.counts().failed_appends == 1);
}

TEST_CASE("a side store that is away holds the batch back; one that refuses does not") {
  World world;
  world.Add("garbage", 0);
  world.Add(Event("a"), 1);
  world.store.FailNextPut(absl::UnavailableError("away"));
  CHECK(absl::IsUnavailable(world.Write()));
  CHECK(world.Records().empty());
  CHECK(world.writer.counts().failed_stores == 1);
  world.store.FailNextPut(absl::NotFoundError("there is no topic"));
  REQUIRE(world.Write().ok());
  const auto records = world.Records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].refused().sentence().find("(bytes not kept: there is no topic)") == 0);
  CHECK(world.writer.counts().bytes_lost == 1);
  CHECK(world.store.all().empty());
}

TEST_CASE("bytes over the rate are dropped, the record says so, and good events go on") {
  World world({}, {/*bytes_per_second=*/0, /*burst_bytes=*/10});
  world.Add("garbage1", 0);
  world.Add("garbage2", 1);
  world.Add(Event("a"), 2);
  world.log.FailNextAppend(absl::UnavailableError("away"), /*records_are_there=*/false);
  CHECK(absl::IsUnavailable(world.Write()));
  REQUIRE(world.Write().ok());  // takes nothing from the budget a second time
  CHECK(world.store.all().size() == 1);
  CHECK(world.writer.counts().bytes_dropped == 1);
  const auto records = world.Records();
  REQUIRE(records.size() == 3);
  CHECK(records[0].refused().sentence().find("bytes not kept") == std::string::npos);
  CHECK(records[1].refused().sentence().find("(bytes not kept: too many are refused)") == 0);
  CHECK(records[2].has_event());
}

TEST_CASE("an append that is given up may be reported after the writer is gone") {
  MemoryLogOptions options;
  options.complete_late = true;
  auto log = std::make_unique<MemoryLog>(options);
  MemoryRefusedStore store;
  const auto policies = std::make_shared<const PolicyBook>(PolicyBook::BuiltIn());
  {
    InboxWriter writer(log.get(), &store, [&] { return policies; }, [] { return kNow; }, {"i", {}});
    InboxBatch batch;
    const std::string event = Event("a");
    batch.Add(0, 0, {event, {}}, nullptr);
    REQUIRE(writer.Prepare(batch).ok());
    int calls = 0;
    CHECK(absl::IsCancelled(writer.Append(batch, [&calls] { return ++calls < 3; })));
    CHECK(calls == 3);
    CHECK_FALSE(batch.entries()[0].is_in_log);
  }
  CHECK(log->CompletePending() == 1);
}

TEST_CASE("an append that is reported late is waited for") {
  MemoryLogOptions options;
  options.complete_late = true;
  World world(options);
  world.Add(Event("a"), 0);
  REQUIRE(world.writer.Prepare(world.batch).ok());
  int calls = 0;
  REQUIRE(world.writer
              .Append(world.batch,
                      [&] {
                        if (++calls == 3) world.log.CompletePending();
                        return true;
                      })
              .ok());
  CHECK(calls == 3);
  CHECK(world.batch.entries()[0].is_in_log);
}

}  // namespace
}  // namespace flywheel
