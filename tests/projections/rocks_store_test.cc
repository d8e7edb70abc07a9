#include "projections/store/rocks_store.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "projections/damage.h"
#include "projections/store/rows_damage.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

// A database that a test closes and opens again; what was not durable is gone then.
class Database {
 public:
  Database() { Reopen(); }

  void Reopen() {
    store_.reset();
    auto opened = OpenRocksStore(folder(), memory_);
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
  }
  RowStore& store() { return *store_; }
  std::string folder() const { return files_.Path("rows"); }

  void Write(std::string_view key, std::string_view value) {
    const auto batch = store_->NewBatch();
    batch->Put(key, value);
    REQUIRE(store_->Write(batch.get()).ok());
  }
  absl::Status WriteDurably(std::string_view key, std::string_view value) {
    return store_->WriteDurably([&](RowBatch* batch) { batch->Put(key, value); });
  }
  std::string Row(std::string_view key) { return RowOf(*store_, key); }
  static std::string RowOf(const RowReader& rows, std::string_view key) {
    std::string value;
    return rows.Get(key, &value).value() ? value : "none";
  }

 private:
  const TemporaryFolder files_;
  const RocksMemory memory_;
  std::unique_ptr<RowStore> store_;
};

TEST_CASE("what is written durably outlives the database's memory, a mere write does not") {
  Database database;
  REQUIRE(database.WriteDurably("a", "1").ok());
  REQUIRE(database.WriteDurably("b", "2").ok());
  database.Write("c", "3");
  CHECK(database.Row("c") == "3");
  database.Reopen();
  CHECK(database.Row("a") == "1");
  CHECK(database.Row("b") == "2");
  CHECK(database.Row("c") == "none");
}

TEST_CASE("a durable write makes what was written before it durable") {
  Database database;
  database.Write("a", "1");
  REQUIRE(database.WriteDurably("b", "2").ok());
  database.Reopen();
  CHECK(database.Row("a") == "1");
  CHECK(database.Row("b") == "2");
}

TEST_CASE("rows that are written durably take the place of older ones, but not in a snapshot") {
  Database database;
  REQUIRE(database.WriteDurably("a", "1").ok());
  const auto before = database.store().Snapshot();
  REQUIRE(database.store()
              .WriteDurably([](RowBatch* batch) {
                batch->Delete("a");
                batch->Put("b", "2");
              })
              .ok());
  CHECK(database.Row("a") == "none");
  CHECK(database.Row("b") == "2");
  CHECK(Database::RowOf(*before, "a") == "1");
  CHECK(Database::RowOf(*before, "b") == "none");
  REQUIRE(database.WriteDurably("a", "3").ok());
  CHECK(database.Row("a") == "3");
}

TEST_CASE("a durable write of nothing keeps what was there") {
  Database database;
  database.Write("a", "1");
  REQUIRE(database.store().WriteDurably([](RowBatch*) {}).ok());
  REQUIRE(database.store().WriteDurably([](RowBatch*) {}).ok());
  database.Reopen();
  CHECK(database.Row("a") == "1");
}

TEST_CASE("rows that come out of order are refused, and none of them is written") {
  Database database;
  CHECK_FALSE(database.store()
                  .WriteDurably([](RowBatch* batch) {
                    batch->Put("b", "1");
                    batch->Put("a", "2");
                  })
                  .ok());
  CHECK(database.Row("b") == "none");
  CHECK_FALSE(std::filesystem::exists(database.folder() + "/rows.making"));
  REQUIRE(database.WriteDurably("a", "3").ok());
  CHECK(database.Row("a") == "3");
}

TEST_CASE("many durable writes do not lose any") {
  Database database;
  for (int i = 0; i < 60; ++i) {
    REQUIRE(database.WriteDurably("counter", std::to_string(i)).ok());
    REQUIRE(database.WriteDurably("row " + std::to_string(i), "x").ok());
  }
  database.Reopen();
  CHECK(database.Row("counter") == "59");
  for (int i = 0; i < 60; ++i) CHECK(database.Row("row " + std::to_string(i)) == "x");
}

std::string Numbered(int number) { return "row " + std::to_string(1000 + number); }

TEST_CASE("damage that a reader meets is noted in the store and in its folder") {
  const bool by_snapshot = GENERATE(true, false);
  const bool by_scan = GENERATE(true, false);
  CAPTURE(by_snapshot, by_scan);
  Database database;
  // Many blocks, of which nobody has read those in the middle.
  REQUIRE(database.store()
              .WriteDurably([](RowBatch* batch) {
                for (int i = 0; i < 2000; ++i) batch->Put(Numbered(i), std::string(100, 'x'));
              })
              .ok());
  const std::shared_ptr<const RowReader> snapshot = database.store().Snapshot();
  const RowReader& reader = by_snapshot ? *snapshot : database.store();
  const auto read = [&](int row) {
    std::string value;
    return by_scan ? reader.Scan(Numbered(row), "s", [](auto, auto) { return true; })
                   : reader.Get(Numbered(row), &value).status();
  };
  CHECK(Database::RowOf(reader, "none of them") == "none");
  CHECK(DamageOf(database.store()).ok());

  for (const auto& table : damage::FilesIn(database.folder(), ".sst")) {
    damage::FlipBits(table, /*in_place=*/true);
  }
  const absl::Status met = read(500);
  CHECK(IsRowsDamage(met));
  CHECK(DamageOf(database.store()) == met);
  std::ifstream mark(database.folder() + "/" + kDamagedMark);
  CHECK(std::string(std::istreambuf_iterator<char>(mark), {}) == MessageOf(met));
  // What is met later does not take the place of what was met first.
  const absl::Status later = read(1500);
  CHECK(IsRowsDamage(later));
  CHECK(later != met);
  CHECK(DamageOf(database.store()) == met);
}

}  // namespace
}  // namespace flywheel
