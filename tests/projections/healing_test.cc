// Rows that are lost or damaged make themselves anew, and never at the price of a wrong answer.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "projections/cell/fold.h"
#include "projections/cell/live_cell.h"
#include "projections/cell/rows_beside.h"
#include "projections/damage.h"
#include "projections/facts/row_keys.h"
#include "projections/store/memory_store.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
namespace {

using damage::FilesIn;
using damage::FlipBits;
using damage::Rows;

namespace fs = std::filesystem;

constexpr Partition kPartition = Rows::kPartition;
constexpr absl::Duration kLong = absl::Seconds(60);

struct Damage {
  const char* what;
  std::function<void(const fs::path& cell)> act;
  bool said;  // whether it is damage, or rows that are merely not there
};

const std::vector<Damage> kDamages = {
    {"the folder is gone", [](const fs::path& cell) { fs::remove_all(cell); }, false},
    {"the folder is empty",
     [](const fs::path& cell) {
       fs::remove_all(cell);
       fs::create_directories(cell);
     },
     false},
    {"CURRENT is gone", [](const fs::path& cell) { fs::remove(cell / "CURRENT"); }, true},
    {"CURRENT is garbage",
     [](const fs::path& cell) { std::ofstream(cell / "CURRENT") << "garbage"; }, true},
    {"the list of tables is gone",
     [](const fs::path& cell) {
       for (const fs::path& file : FilesIn(cell, "MANIFEST")) fs::remove(file);
     },
     true},
    {"the list of tables is cut",
     [](const fs::path& cell) {
       for (const fs::path& file : FilesIn(cell, "MANIFEST")) fs::resize_file(file, 7);
     },
     true},
    {"the tables are gone",
     [](const fs::path& cell) {
       for (const fs::path& file : FilesIn(cell, ".sst")) fs::remove(file);
     },
     true},
    {"the tables are cut",
     [](const fs::path& cell) {
       for (const fs::path& file : FilesIn(cell, ".sst")) {
         FlipBits(file, /*in_place=*/false, SIZE_MAX / 2);  // a file of its own
         fs::resize_file(file, fs::file_size(file) / 2);
       }
     },
     true},
    {"bits of the tables are flipped",
     [](const fs::path& cell) {
       for (const fs::path& file : FilesIn(cell, ".sst")) FlipBits(file, /*in_place=*/false);
     },
     true},
};

TEST_CASE("rows that are lost or damaged come from the newest checkpoint and the log's tail") {
  const auto& damage = GENERATE(from_range(kDamages));
  INFO(damage.what);
  Rows rows;
  rows.Append(300);
  CheckpointPlace place;
  {
    auto opened = rows.Open("cell");
    REQUIRE(opened.ok());
    rows.CatchUp(*opened->cell);
    place = rows.Checkpoint(*opened->cell);
    rows.Append(50);
    rows.CatchUp(*opened->cell);
  }
  damage.act(rows.Path("cell"));

  auto healed = rows.Open("cell");
  INFO(healed.status());
  REQUIRE(healed.ok());
  REQUIRE(healed->restored_from);
  CHECK(healed->restored_from->position == place.position);
  CHECK(healed->messages.size() == (damage.said ? 1 : 0));
  CHECK(fs::exists(rows.Path("cell.damaged")) == damage.said);
  rows.CatchUp(*healed->cell);
  CHECK(DigestRows(healed->cell->store())->hex == rows.ExpectedDigest());
  CHECK(VerifyCheckpoint(place).ok());
  CHECK(DropSetAside(rows.Path("cell")).ok());
  CHECK_FALSE(fs::exists(rows.Path("cell.damaged")));
}

TEST_CASE("without a checkpoint rows that are lost or damaged are folded from the beginning") {
  const auto& damage = GENERATE(from_range(kDamages));
  INFO(damage.what);
  Rows rows;
  rows.Append(300);
  rows.Fold("cell");
  damage.act(rows.Path("cell"));

  auto healed = rows.Open("cell");
  INFO(healed.status());
  REQUIRE(healed.ok());
  CHECK_FALSE(healed->restored_from);
  CHECK(healed->cell->position().next == Offset(0));
  rows.CatchUp(*healed->cell);
  CHECK(DigestRows(healed->cell->store())->hex == rows.ExpectedDigest());
}

TEST_CASE("damaged rows are an error where nobody may make them anew") {
  Rows rows;
  rows.Append(20);
  rows.Fold("cell");
  fs::remove(rows.Path("cell/CURRENT"));
  CellHome home = rows.Home("cell");
  home.heal = false;
  const auto opened = OpenCell(&rows.log, kPartition, home, rows.memory, {});
  CHECK(IsRowsDamage(opened.status()));
  CHECK_FALSE(FilesIn(rows.Path("cell"), ".sst").empty());
}

TEST_CASE("damage of the log touches no rows") {
  Rows rows;
  rows.Append(20);
  rows.Fold("cell");
  rows.log.FailNextRead(absl::DataLossError("the log is damaged at 7"));
  const auto opened = rows.Open("cell");
  CHECK(absl::IsDataLoss(opened.status()));
  CHECK_FALSE(fs::exists(rows.Path("cell.damaged")));
  CHECK(rows.Open("cell").ok());
}

TEST_CASE("rows that were set aside stay until the log has given all again") {
  Rows rows;
  rows.Append(20);
  rows.Fold("cell");
  const auto damage = [&] { fs::remove(rows.Path("cell/CURRENT")); };
  damage();
  {
    auto healing = rows.Open("cell");
    REQUIRE(healing.ok());
    REQUIRE(healing->cell->CatchUp(Offset(10), [](const CellRow&) {}).ok());
  }
  // Damaged again before the log's end is reached: the first ones are what matters.
  std::ofstream(rows.Path("cell.damaged/first")) << "mine";
  damage();
  REQUIRE(rows.Open("cell").ok());
  CHECK(fs::exists(rows.Path("cell.damaged/first")));
}

TEST_CASE("rows that are still read are not moved") {
  Rows rows;
  rows.Append(20);
  auto opened = rows.Open("cell");
  REQUIRE(opened.ok());
  rows.CatchUp(*opened->cell);
  const std::shared_ptr<const RowReader> reader = opened->cell->store().Snapshot();
  opened->cell.reset();
  REQUIRE(MarkDamaged(rows.Path("cell"), "a reader found it").ok());
  CHECK(absl::IsUnavailable(rows.Open("cell").status()));
  std::string value;
  CHECK(*reader->Get(row_keys::Cell(), &value));
}

// A live cell on real rows that heals as a node's does.
class Healing {
 public:
  explicit Healing(Rows& rows)
      : rows_(rows),
        cell_(
            &rows.log, kPartition,
            [this]() -> absl::StatusOr<std::unique_ptr<Cell>> {
              ASSIGN_OR_RETURN(OpenedCell opened, rows_.Open("cell"));
              restored = opened.restored_from.has_value();
              return std::move(opened.cell);
            },
            [] { return build::At("2025-03-10T10:00:00Z"); }, Options()) {}

  LiveCell& cell() { return cell_; }
  bool Arrives() { return cell_.WaitFor(*rows_.log.EndOffset(kPartition), kLong); }
  bool Comes(const std::function<bool()>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  std::atomic<bool> restored = false;

 private:
  LiveCellOptions Options() const {
    LiveCellOptions options;
    options.read_wait = absl::Milliseconds(10);
    options.first_pause = absl::Milliseconds(5);
    options.last_pause = absl::Milliseconds(20);
    options.rows_damaged = [folder = rows_.Path("cell")](const absl::Status& damage) {
      return MarkDamaged(folder, damage.ToString());
    };
    options.caught_up = [folder = rows_.Path("cell")] { return DropSetAside(folder); };
    return options;
  }

  Rows& rows_;
  LiveCell cell_;
};

// Damages all tables under those who have them open; nothing that is in memory is changed.
void DamageTables(const std::string& folder) {
  const std::vector<fs::path> tables = FilesIn(folder, ".sst");
  REQUIRE(!tables.empty());
  for (const fs::path& table : tables) FlipBits(table, /*in_place=*/true);
}

TEST_CASE("damage that a reader alone meets ends the view, and the rows are made anew") {
  const bool by_scan = GENERATE(true, false);
  CAPTURE(by_scan);
  Rows rows;
  rows.Append(300);
  Healing healing(rows);
  healing.cell().Start();
  REQUIRE(healing.Arrives());
  // All rows are in tables then, and the fold reads none of them as long as no record comes.
  REQUIRE(
      healing.cell()
          .BetweenBatches([](const RowStore&, const CellRow&) { return absl::OkStatus(); }, kLong)
          .ok());
  std::shared_ptr<const CellView> view = healing.cell().ServingView();
  REQUIRE(view != nullptr);
  DamageTables(rows.Path("cell"));
  CHECK(healing.cell().Progress().heals == 0);

  std::string value;
  const absl::Status met = by_scan ? DigestRows(*view->rows).status()
                                   : view->rows->Get(row_keys::Order("s", "o150"), &value).status();
  CHECK(IsRowsDamage(met));
  REQUIRE(healing.Comes([&] { return healing.cell().Progress().heals == 1; }));
  // This view still reads them, so they cannot be moved, and there is nothing to serve.
  CHECK(healing.cell().View() == nullptr);
  view.reset();
  REQUIRE(healing.Comes([&] { return healing.cell().ServingView() != nullptr; }));
  REQUIRE(healing.Arrives());
  CHECK(healing.cell().Progress().heals == 1);
  CHECK_FALSE(healing.restored);
  CHECK(DigestRows(*healing.cell().View()->rows)->hex == rows.ExpectedDigest());
  CHECK(healing.Comes([&] { return !fs::exists(rows.Path("cell.damaged")); }));
}

TEST_CASE("damage that one opening of the rows has met is mended by the next one") {
  Rows rows;
  rows.Append(300);
  rows.Fold("cell");
  {
    const auto opened = rows.Open("cell");
    REQUIRE(opened.ok());
    DamageTables(rows.Path("cell"));
    CHECK(IsRowsDamage(DigestRows(opened->cell->store()).status()));
  }
  auto healed = rows.Open("cell");
  INFO(healed.status());
  REQUIRE(healed.ok());
  REQUIRE(healed->messages.size() == 1);
  CHECK(healed->messages[0].find("damaged and made anew") != std::string::npos);
  rows.CatchUp(*healed->cell);
  CHECK(DigestRows(healed->cell->store())->hex == rows.ExpectedDigest());
}

TEST_CASE("damage that comes back again and again stops the cell") {
  const auto store = std::make_shared<MemoryStore>();
  Rows rows;
  rows.Append(3);
  std::atomic<int> opened = 0;
  LiveCellOptions options;
  options.read_wait = absl::Milliseconds(10);
  options.rows_damaged = [](const absl::Status&) { return absl::OkStatus(); };
  options.max_heals = 3;
  LiveCell cell(
      &rows.log, kPartition,
      [&]() -> absl::StatusOr<std::unique_ptr<Cell>> {
        ++opened;
        return OfRows(absl::DataLossError("the disk gives other bytes"));
      },
      [] { return build::At("2025-03-10T10:00:00Z"); }, std::move(options));
  cell.Start();
  CHECK_FALSE(cell.WaitFor(*rows.log.EndOffset(kPartition), kLong));
  CHECK(cell.Progress().state == CellProgress::State::kStopped);
  CHECK(cell.Progress().heals == 3);
  CHECK(opened == 4);
  CHECK(cell.Progress().trouble.find("look after the disk") != std::string::npos);
  CHECK(cell.View() == nullptr);
}

TEST_CASE("work between two batches sees durable rows, and a cell that stops says so") {
  Rows rows;
  rows.Append(5);
  Healing healing(rows);
  CHECK(absl::IsUnavailable(healing.cell().BetweenBatches(
      [](const RowStore&, const CellRow&) { return absl::OkStatus(); }, absl::Milliseconds(1))));
  healing.cell().Start();
  REQUIRE(healing.Arrives());
  Offset seen(-1);
  REQUIRE(healing.cell()
              .BetweenBatches(
                  [&](const RowStore&, const CellRow& position) {
                    seen = position.next;
                    return absl::OkStatus();
                  },
                  kLong)
              .ok());
  CHECK(seen == *rows.log.EndOffset(kPartition));
  CHECK(absl::IsAborted(healing.cell().BetweenBatches(
      [](const RowStore&, const CellRow&) { return absl::AbortedError("as it likes"); }, kLong)));
  REQUIRE(healing.Arrives());
  healing.cell().Stop();
  CHECK(absl::IsUnavailable(healing.cell().BetweenBatches(
      [](const RowStore&, const CellRow&) { return absl::OkStatus(); }, kLong)));
}

TEST_CASE("rows that are ready beside take the place of those of another fold version") {
  Rows rows;
  rows.Append(30);
  CellOptions older;
  older.other_fold_version = 17;
  {
    auto own = rows.Open("cell", older);
    REQUIRE(own.ok());
    rows.CatchUp(*own->cell);
  }
  const std::string beside = RowsBeside(rows.Path("beside"), FoldVersion(), kPartition);
  {
    auto made = OpenCell(&rows.log, kPartition, {beside}, rows.memory, {});
    REQUIRE(made.ok());
    rows.CatchUp(*made->cell);
  }
  SECTION("not before they are ready") {
    CHECK(absl::IsFailedPrecondition(rows.Open("cell").status()));
    CHECK(rows.Open("cell", older).ok());
  }
  SECTION("and the older program finds its own again") {
    REQUIRE(MarkReady(beside).ok());
    {
      auto taken = rows.Open("cell");
      INFO(taken.status());
      REQUIRE(taken.ok());
      CHECK(taken->messages.size() == 1);
      CHECK(taken->cell->position().next == Offset(60));
    }
    CHECK(rows.Open("cell").ok());
    auto back = rows.Open("cell", older);
    INFO(back.status());
    REQUIRE(back.ok());
    CHECK(back->cell->position().next == Offset(60));
    back->cell.reset();
    CHECK(rows.Open("cell").ok());
  }
  SECTION("a crash between the two moves is mended at the next start") {
    REQUIRE(MarkReady(beside).ok());
    fs::rename(rows.Path("cell"), rows.Path("elsewhere"));
    auto taken = rows.Open("cell");
    REQUIRE(taken.ok());
    CHECK(taken->cell->position().next == Offset(60));
  }
  SECTION("nor where they are damaged") {
    REQUIRE(MarkReady(beside).ok());
    fs::remove(fs::path(beside) / "CURRENT");
    CHECK(absl::IsFailedPrecondition(rows.Open("cell").status()));
    CHECK(rows.Open("cell", older).ok());
  }
}

}  // namespace
}  // namespace flywheel
