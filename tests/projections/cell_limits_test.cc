// What a cell holds in memory grows up to limits that have names; each has its test here or beside
// what it limits (src/projections/cell/README.md has the list).
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/memory/memory_log.h"
#include "projections/build.h"
#include "projections/cell/cell.h"
#include "projections/fold_world.h"
#include "projections/models/buyer_row.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

using build::At;

constexpr Partition kPartition(0);
const Instant kFirst = At("2025-03-01T10:00:00Z");

void Append(EventLog* log, const std::vector<std::string>& records) {
  const std::vector<std::string_view> views(records.begin(), records.end());
  REQUIRE(log->Append(kPartition, views).ok());
}

TEST_CASE("CellOptions::cache_bytes holds for all rows, clean and changed, after every read") {
  MemoryLog log{MemoryLogOptions{}};
  std::vector<std::string> records;
  constexpr int kOrders = 4'000;
  records.reserve(2 * kOrders);
  for (int i = 0; i < kOrders; ++i) {
    const std::string id = std::to_string(i);
    const Instant at = kFirst.Plus(i * kMillisPerMinute);
    records.push_back(build::Record(build::Placed("o" + id, "b" + id, at), at));
    records.push_back(
        build::Record(build::Posted("o" + id, "r" + id, "b" + id, true, at.Plus(1)), at));
  }
  Append(&log, records);
  CellOptions options;
  options.cache_bytes = size_t{512} << 10;
  options.read.max_records = 100;
  const auto cell = Cell::Open(&log, kPartition, std::make_shared<MemoryStore>(), options).value();
  size_t most = 0;
  while (cell->next_read() < Offset(2 * kOrders)) {
    REQUIRE(cell->Step(absl::ZeroDuration()).ok());
    most = std::max(most, cell->cached_bytes());
  }
  CHECK(most <= options.cache_bytes);
  // The limit was felt.
  CHECK(most > options.cache_bytes / 2);
  CHECK(cell->position().counts.accepted == 2 * kOrders);
}

TEST_CASE("what waits, with its deadlines, counts for the limit of the cache") {
  MemoryStore store;
  Fold fold(&store);
  REQUIRE(fold.Open().ok());
  fold.Apply(std::vector<LogRecord>{});
  const size_t before = fold.cached_bytes();
  std::vector<std::string> records;
  constexpr int kWaiting = 500;
  records.reserve(kWaiting);
  for (int i = 0; i < kWaiting; ++i) {
    const std::string id = std::to_string(i);
    records.push_back(
        build::Record(build::Posted("o" + id, "r" + id, "b" + id, true, kFirst), kWorldNow));
  }
  std::vector<LogRecord> batch;
  batch.reserve(records.size());
  for (int i = 0; i < kWaiting; ++i) {
    batch.push_back({Offset(i), records[static_cast<size_t>(i)]});
  }
  fold.Apply(batch);
  REQUIRE(fold.position().counts.waiting == kWaiting);
  const auto rows = store.NewBatch();
  fold.WriteTo(rows.get());
  REQUIRE(store.Write(rows.get()).ok());
  // All rows can be dropped, the deadlines stay.
  fold.Shrink(0);
  const size_t held = fold.cached_bytes();
  CHECK(held > before + kWaiting * 100);
  CHECK(held < before + kWaiting * 1'000);
}

TEST_CASE("rows that are only to be written count for the limit of the cache") {
  MemoryStore store;
  Rows rows(&store, true);
  const size_t before = rows.bytes();
  for (int i = 0; i < 100; ++i) rows.Put("N" + std::to_string(i), std::string(1'000, 'x'));
  CHECK(rows.bytes() > before + 100 * 1'000);
  const auto batch = store.NewBatch();
  rows.WriteTo(batch.get());
  CHECK(rows.bytes() == before);
}

TEST_CASE("kOrdersPerBuyerChunk limits a buyer's row") {
  BuyerRow row;
  for (uint32_t i = 0; i < kOrdersPerBuyerChunk; ++i) {
    CHECK_FALSE(row.full());
    row.AddOrder(std::to_string(i), MarketCode("PL"), kFirst);
  }
  CHECK(row.full());
}

TEST_CASE("rows of other read models are another fold version") {
  CHECK(FoldVersion(ReadModels::kAll) == FoldVersion());
  CHECK(FoldVersion(ReadModels::kRatingAndFirstResponse) != FoldVersion());
  MemoryLog log{MemoryLogOptions{}};
  Append(&log, {build::Record(build::Placed("o", "b", kFirst), kFirst)});
  const auto store = std::make_shared<MemoryStore>();
  CellOptions options;
  options.models = ReadModels::kRatingAndFirstResponse;
  {
    const auto cell = Cell::Open(&log, kPartition, store, options).value();
    REQUIRE(cell->CatchUp(Offset(1), [](const CellRow&) {}).ok());
  }
  CHECK(absl::IsFailedPrecondition(Cell::Open(&log, kPartition, store, CellOptions()).status()));
  CHECK(Cell::Open(&log, kPartition, store, options).ok());
}

}  // namespace
}  // namespace flywheel
