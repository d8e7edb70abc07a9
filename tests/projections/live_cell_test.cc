#include "projections/cell/live_cell.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "events/memory/memory_log.h"
#include "projections/build.h"
#include "projections/facts/row_keys.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

using build::At;

constexpr Partition kFirst{0};
constexpr absl::Duration kLong = absl::Seconds(60);
const Instant kPlaced = At("2025-03-01T10:00:00Z");
const Instant kNow = At("2025-03-10T10:00:00Z");

LiveCellOptions Quick() {
  LiveCellOptions options;
  options.read_wait = absl::Milliseconds(20);
  options.end_interval = absl::Milliseconds(10);
  options.first_pause = absl::Milliseconds(5);
  options.last_pause = absl::Milliseconds(20);
  return options;
}

// A log that is written and a cell that follows it.
class World {
 public:
  explicit World(LiveCellOptions options = Quick(), int32_t gaps = 300)
      : log_(LogWith(gaps)),
        cell_(
            &log_, kFirst, [this] { return Cell::Open(&log_, kFirst, store, CellOptions{}); },
            [] { return kNow; }, std::move(options)) {}

  void AddOrders(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string order = "order-" + std::to_string(orders_++);
      const std::string record = build::Record(build::Placed(order, "buyer", kPlaced), kNow);
      REQUIRE(log_.Append(kFirst, {record}).ok());
    }
  }
  Offset end() { return *log_.EndOffset(kFirst); }

  // What a cell gives that folds the whole log at once.
  std::string ExpectedDigest() {
    const auto rows = std::make_shared<MemoryStore>();
    auto cell = Cell::Open(&log_, kFirst, rows, CellOptions{});
    REQUIRE(cell.ok());
    REQUIRE((*cell)->CatchUp(end(), [](const CellRow&) {}).ok());
    return DigestRows(*rows)->hex;
  }

  LiveCell& cell() { return cell_; }
  MemoryLog& log() { return log_; }

  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();

 private:
  static MemoryLogOptions LogWith(int32_t gaps) {
    MemoryLogOptions options;
    options.gaps_per_thousand = gaps;
    return options;
  }

  MemoryLog log_;
  LiveCell cell_;
  int orders_ = 0;
};

// Waits for what another thread does.
template <class Condition>
bool Comes(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

TEST_CASE("a cell that follows an empty partition leaves no row") {
  World world;
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  world.cell().Stop();
  CHECK(DigestRows(*world.store)->rows == 0);
}

TEST_CASE("a live cell publishes what is appended, and what its view holds belongs together") {
  World world;
  world.AddOrders(20);
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  const std::shared_ptr<const CellView> first = world.cell().View();
  CHECK(first->position.counts.accepted == 20);
  world.AddOrders(30);
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  CHECK(world.cell().View()->position.counts.accepted == 50);
  CHECK(DigestRows(*world.cell().View()->rows)->hex == world.ExpectedDigest());
  // The older view has not changed.
  std::string position;
  REQUIRE(*first->rows->Get(row_keys::Cell(), &position));
  CHECK(CellRow::Decode(position)->counts.accepted == 20);
  CHECK(Comes([&] { return world.cell().Progress().fresh_at == kNow; }));
  CHECK(world.cell().Progress().state == CellProgress::State::kServing);
}

TEST_CASE("a view is there only once the log's end was reached") {
  World world;
  world.AddOrders(5);
  for (int i = 0; i < 3; ++i)
    world.log().FailNextRead(absl::UnavailableError("the broker is away"));
  world.cell().Start();
  CHECK(Comes([&] {
    return world.cell().Progress().trouble == "the broker is away" ||
           world.cell().View() != nullptr;
  }));
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  CHECK(world.cell().View()->position.counts.accepted == 5);
  CHECK(Comes([&] { return world.cell().Progress().trouble.empty(); }));
}

TEST_CASE("what may pass is tried again from the last written rows") {
  const auto fault = GENERATE(absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted);
  World world;
  world.AddOrders(5);
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  for (int round = 0; round < 5; ++round) {
    world.log().FailNextRead(absl::Status(fault, "in the way"));
    world.AddOrders(7);
    REQUIRE(world.cell().WaitFor(world.end(), kLong));
    // A read that waited already has brought the records, and the next one meets the fault.
    REQUIRE(Comes([&] { return world.log().read_faults() == 0; }));
  }
  CHECK(world.cell().View()->position.counts.accepted == 40);
  CHECK(DigestRows(*world.cell().View()->rows)->hex == world.ExpectedDigest());
}

TEST_CASE("damage stops a live cell, and its last view stays") {
  World world;
  world.AddOrders(5);
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  world.log().FailNextRead(absl::DataLossError("the log is damaged at 7"));
  CHECK(Comes([&] { return world.cell().Progress().state == CellProgress::State::kStopped; }));
  CHECK(world.cell().Progress().trouble == "the log is damaged at 7");
  world.AddOrders(1);
  CHECK_FALSE(world.cell().WaitFor(world.end(), kLong));
  CHECK(world.cell().View()->position.counts.accepted == 5);
}

TEST_CASE("rows of another log stop a live cell before it answers") {
  World other;
  other.AddOrders(3);
  other.cell().Start();
  REQUIRE(other.cell().WaitFor(other.end(), kLong));
  other.cell().Stop();

  World world(Quick(), 0);
  world.store = other.store;
  world.cell().Start();
  CHECK(Comes([&] { return world.cell().Progress().state == CellProgress::State::kStopped; }));
  CHECK(world.cell().Progress().trouble.find("do not belong to this log") != std::string::npos);
  CHECK(world.cell().View() == nullptr);
}

TEST_CASE("a live cell that is stopped has made its rows durable") {
  World world;
  world.AddOrders(9);
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  world.cell().Stop();
  world.store->Crash();
  CHECK(DigestRows(*world.store)->hex == world.ExpectedDigest());
}

TEST_CASE("checkpoints hold durable rows, come only after records, and may fail") {
  std::atomic<int> calls = 0;
  std::atomic<int64_t> position = -1;
  LiveCellOptions options = Quick();
  options.checkpoint_interval = absl::Milliseconds(10);
  options.checkpoint = [&](const RowStore& rows, const CellRow& at) {
    std::string value;
    CHECK(*rows.Get(row_keys::Cell(), &value));
    position = at.next.number();
    return ++calls == 1 ? absl::ResourceExhaustedError("the shared disk is full")
                        : absl::OkStatus();
  };
  World world(std::move(options));
  world.AddOrders(4);
  world.cell().Start();
  // The first one fails and is tried again, though nothing has come.
  REQUIRE(Comes([&] { return world.cell().Progress().checkpoints == 1; }));
  CHECK(calls == 2);
  CHECK(world.cell().Progress().checkpoint_trouble.empty());
  world.AddOrders(1);
  REQUIRE(Comes([&] { return world.cell().Progress().checkpoints == 2; }));
  CHECK(position == world.cell().View()->position.next.number());
  world.cell().Stop();
  CHECK(calls == 3);
}

TEST_CASE("waiting for what does not come ends in time") {
  World world;
  world.AddOrders(1);
  world.cell().Start();
  REQUIRE(world.cell().WaitFor(world.end(), kLong));
  CHECK_FALSE(world.cell().WaitFor(world.end().Plus(1), absl::Milliseconds(30)));
}

}  // namespace
}  // namespace flywheel
