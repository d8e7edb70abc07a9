// Deadlines fire without traffic: DESIGN's ticks, with both clocks in the test's hands.
#include "projections/cell/ticker.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock_watch.h"
#include "events/memory/memory_log.h"
#include "events/record_view.h"
#include "events/tick_record.h"
#include "projections/build.h"
#include "projections/cell/live_cell.h"
#include "projections/store/memory_store.h"
#include "projections/views/smart_reader.h"

namespace flywheel {
namespace {

using build::At;

constexpr Partition kFirst{0};
constexpr absl::Duration kLong = absl::Seconds(60);
const Instant kStart = At("2025-02-01T10:00:00Z");
const Instant kDeadline = At("2025-02-03T17:00:00Z");

// A super seller with ten orders that are due for dispatch, and a cell that follows its partition.
class Shop {
 public:
  // Every record comes `delay_ms` after it happened.
  explicit Shop(int64_t delay_ms = 1000) : delay_ms_(delay_ms), wall_(kStart.Plus(delay_ms)) {
    build::pb::Event registered = build::Event(kStart);
    registered.mutable_seller_registered()->set_business(true);
    Add(std::move(registered));
    build::pb::Event standing = build::Event(kStart);
    auto* changed = standing.mutable_seller_standing_changed();
    changed->set_fees_paid(true);
    changed->set_super_seller(true);
    changed->mutable_return_policy()->set_free_returns(true);
    changed->mutable_return_policy()->set_withdrawal_days(14);
    Add(std::move(standing));
    for (int i = 0; i < 10; ++i) {
      build::pb::Event placed = build::Placed("o" + std::to_string(i), "b", kStart);
      build::Set(placed.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by(),
                 kDeadline);
      Add(std::move(placed));
    }
    Start();
  }

  void Add(build::pb::Event event) {
    const Instant occurred_at(event.occurred_at().seconds() * 1000);
    const std::string record = build::Record(std::move(event), occurred_at.Plus(delay_ms_));
    REQUIRE(log_.Append(kFirst, {record}).ok());
  }

  // A new cell on the same rows.
  void Start() {
    cell_.reset();
    LiveCellOptions options;
    options.read_wait = absl::Milliseconds(5);
    options.end_interval = absl::Milliseconds(5);
    options.ticks = true;
    // The wall clock then says the same, as if both were read at one instant.
    told_ = wall_.load();
    options.monotonic_clock = [this] {
      told_ = wall_.load();
      return absl::UnixEpoch() + absl::Milliseconds(told_.load().number() + slept_ms_);
    };
    cell_ = std::make_unique<LiveCell>(
        &log_, kFirst, [this] { return Cell::Open(&log_, kFirst, rows_, CellOptions{}); },
        [this] {
          ++looks_;
          return told_.load();
        },
        std::move(options));
    cell_->Start();
    REQUIRE(cell_->WaitFor(end(), kLong));
  }
  LiveCell& cell() { return *cell_; }
  void Stop() { cell_->Stop(); }

  void SetWall(Instant wall) { wall_ = wall; }
  // Sets the wall clock ahead while the monotonic clock stands.
  void JumpTo(Instant wall) {
    slept_ms_ -= wall.number() - wall_.load().number();
    wall_ = wall;
  }
  // Until the cell has looked at its clocks several times.
  void Wait() {
    const int seen = looks_;
    for (int i = 0; i < 6000 && looks_ < seen + 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    REQUIRE(looks_ >= seen + 20);
  }

  Offset end() { return log_.EndOffset(kFirst).value(); }
  bool WaitForTick(int ticks) {
    for (int i = 0; i < 6000; ++i) {
      if (static_cast<int>(Ticks().size()) >= ticks) return cell_->WaitFor(end(), kLong);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::vector<Instant> Ticks() {
    std::vector<Instant> ticks;
    const RecordBatch batch = log_.Read(kFirst, Offset(0), ReadLimits{}).value();
    for (const LogRecord& record : batch.records) {
      RecordView view;
      REQUIRE(ScanRecord(record.bytes, &view) == ScanResult::kOk);
      const auto& event = std::get<EventView>(view.body);
      if (event.kind == EventKind::kTimePassed) ticks.push_back(*event.occurred_at);
    }
    return ticks;
  }

  SmartAnswer Answer(const RowReader& rows, Instant as_of) {
    return SmartReader({&rows}).Of("s", "PL", {as_of, std::nullopt, false}).value().at(0);
  }
  SmartAnswer Answer(Instant as_of) { return Answer(*cell_->View()->rows, as_of); }
  std::string digest() { return DigestRows(*rows_)->hex; }
  // Another cell on the same rows. REQUIRES: the other one has stopped.
  std::unique_ptr<Cell> OpenCell() {
    return Cell::Open(&log_, kFirst, rows_, CellOptions{}).value();
  }
  MemoryStore& rows() { return *rows_; }
  // The rows of a fold from the beginning.
  std::shared_ptr<MemoryStore> Replay() {
    auto rows = std::make_shared<MemoryStore>();
    auto cell = Cell::Open(&log_, kFirst, rows, CellOptions{}).value();
    REQUIRE(cell->CatchUp(end(), [](const CellRow&) {}).ok());
    return rows;
  }

 private:
  const int64_t delay_ms_;
  std::atomic<Instant> wall_;
  std::atomic<Instant> told_;
  std::atomic<int> looks_ = 0;
  std::atomic<int64_t> slept_ms_ = 0;
  MemoryLog log_{MemoryLogOptions{}};
  std::shared_ptr<MemoryStore> rows_ = std::make_shared<MemoryStore>();
  std::unique_ptr<LiveCell> cell_;
};

TEST_CASE("a cell says that a row of what is due cannot be read, though no record comes") {
  Shop shop;
  shop.Stop();
  const std::unique_ptr<Cell> cell = shop.OpenCell();
  REQUIRE(cell->LatestDue(kDeadline.Plus(1)) == kDeadline.Plus(1));
  REQUIRE(cell->Step(absl::ZeroDuration()).ok());
  const std::unique_ptr<Cell> blind = shop.OpenCell();
  shop.rows().FailNextGet(absl::UnavailableError("a row cannot be read now"));
  CHECK(blind->LatestDue(kDeadline.Plus(1)) != kDeadline.Plus(1));
  CHECK(absl::IsUnavailable(blind->Step(absl::ZeroDuration()).status()));
}

TEST_CASE("a deadline fires without traffic, at its instant, and for ever at the same place") {
  Shop shop;
  CHECK(shop.Answer(kDeadline).fulfilled);
  shop.SetWall(kDeadline);
  shop.Wait();
  CHECK(shop.Ticks().empty());
  // Late by half a second: the tick carries the instant that was due.
  shop.SetWall(kDeadline.Plus(1500));
  REQUIRE(shop.WaitForTick(1));
  CHECK(shop.Ticks() == std::vector<Instant>{kDeadline.Plus(1)});
  const SmartAnswer lost = shop.Answer(kDeadline.Plus(1));
  CHECK_FALSE(lost.fulfilled);
  REQUIRE(lost.history.size() == 2);
  CHECK(lost.history[1].at == kDeadline.Plus(1));
  CHECK(std::get<SmartExpiry>(lost.history[1].cause) == SmartExpiry::kDispatchDeadline);
  // It is stored, not made up for the answer.
  CHECK(lost.history[1].recorded_at == kDeadline.Plus(1500));

  shop.Stop();
  const std::string digest = shop.digest();
  shop.Start();
  shop.SetWall(kDeadline.Plus(kMillisPerHour));
  shop.Wait();
  shop.Stop();
  CHECK(shop.Ticks().size() == 1);
  CHECK(shop.digest() == digest);
  const auto rows = shop.Replay();
  CHECK(DigestRows(*rows)->hex == digest);
  CHECK(shop.Answer(*rows, kDeadline.Plus(1)).history.size() == 2);
}

TEST_CASE("one tick passes everything that is due, at most one in a second") {
  Shop shop;
  build::pb::Event placed = build::Placed("late", "b", kStart);
  build::Set(placed.mutable_order_placed()->mutable_delivery()->mutable_promised_dispatch_by(),
             kDeadline.Plus(400));
  shop.Add(std::move(placed));
  REQUIRE(shop.cell().WaitFor(shop.end(), kLong));
  shop.SetWall(kDeadline.Plus(300));
  REQUIRE(shop.WaitForTick(1));
  shop.SetWall(kDeadline.Plus(900));
  shop.Wait();
  CHECK(shop.Ticks().size() == 1);
  shop.SetWall(kDeadline.Plus(1300));
  REQUIRE(shop.WaitForTick(2));
  CHECK(shop.Ticks()[1] == kDeadline.Plus(401));
}

TEST_CASE("history that is imported brings its own time") {
  Shop shop(2 * kMillisPerHour);
  shop.SetWall(kDeadline.Plus(kMillisPerDay));
  shop.Wait();
  CHECK(shop.Ticks().empty());
  // What nobody announced yet is found by the query's instant.
  CHECK(shop.Answer(kDeadline.Plus(1)).history.size() == 2);
}

TEST_CASE("who does not own the partition appends no tick") {
  Shop shop;
  shop.cell().SetOwner(false);
  shop.SetWall(kDeadline.Plus(2000));
  shop.Wait();
  CHECK(shop.Ticks().empty());
  shop.cell().SetOwner(true);
  CHECK(shop.WaitForTick(1));
}

TEST_CASE("a wall clock that was set is not believed for a minute") {
  Shop shop;
  shop.Wait();
  shop.JumpTo(kDeadline.Plus(1000));
  shop.Wait();
  shop.SetWall(kDeadline.Plus(30'000));
  shop.Wait();
  CHECK(shop.Ticks().empty());
  shop.SetWall(kDeadline.Plus(120'000));
  CHECK(shop.WaitForTick(1));
}

TEST_CASE("clocks that go along agree, and agree again a minute after one was set") {
  const absl::Time start = absl::UnixEpoch();
  ClockWatch watch;
  CHECK(watch.Agree(kStart, start));
  CHECK(watch.Agree(kStart.Plus(1500), start + absl::Seconds(1)));
  CHECK_FALSE(watch.Agree(kStart.Plus(1500 + 1502), start + absl::Seconds(2)));
  CHECK_FALSE(watch.Agree(kStart.Plus(60'000), start + absl::Milliseconds(61'999 - 3002)));
  CHECK(watch.Agree(kStart.Plus(63'003), start + absl::Seconds(62)));
  // Back is as wrong as ahead; an hour in one step may differ by some seconds.
  CHECK_FALSE(watch.Agree(kStart.Plus(62'000), start + absl::Seconds(63)));
  ClockWatch slept;
  CHECK(slept.Agree(kStart, start));
  CHECK(slept.Agree(kStart.Plus(kMillisPerHour + 4000), start + absl::Hours(1)));
}

TEST_CASE("a tick is a record that the fold reads") {
  const std::string bytes = TickRecord(kDeadline, kDeadline.Plus(7));
  RecordView view;
  REQUIRE(ScanRecord(bytes, &view) == ScanResult::kOk);
  CHECK(view.recorded_at == kDeadline.Plus(7));
  const auto& event = std::get<EventView>(view.body);
  CHECK(event.kind == EventKind::kTimePassed);
  CHECK(event.occurred_at == kDeadline);
  CHECK(event.event_id.size() == 36);
}

}  // namespace
}  // namespace flywheel
