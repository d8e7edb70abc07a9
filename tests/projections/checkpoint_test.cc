#include "projections/cell/checkpoint.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "events/memory/memory_log.h"
#include "projections/build.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_opening.h"
#include "projections/cell/checkpoint_manifest.h"
#include "projections/cell/fold.h"
#include "projections/store/rocks_store.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;
using build::At;

constexpr Partition kPartition(0);

// A log of orders with reviews, a cell on it and a shared folder.
class World {
 public:
  void Append(int orders) {
    std::vector<std::string> records;
    for (int i = 0; i < orders; ++i, ++orders_) {
      const std::string order = "o" + std::to_string(orders_);
      const Instant at = At("2025-03-01T10:00:00Z").Plus(orders_ * kMillisPerMinute);
      records.push_back(build::Record(build::Placed(order, "b" + order, at), at));
      records.push_back(
          build::Record(build::Posted(order, "r" + order, "b" + order, true, at.Plus(1)), at));
    }
    const std::vector<std::string_view> views(records.begin(), records.end());
    REQUIRE(log.Append(kPartition, views).ok());
  }

  CellHome Home(const std::string& name) const { return {Path(name), shared(), 1}; }
  std::string shared() const { return Path("shared"); }
  std::string Path(std::string_view name) const { return files_.Path(name); }
  CheckpointOptions options() const {
    CheckpointOptions options;
    options.shared = shared();
    options.writer = "a";
    return options;
  }

  // The cell of a folder, folded to the log's end.
  std::unique_ptr<Cell> Fold(const std::string& name) {
    auto opened = OpenCell(&log, kPartition, {Path(name), "", 1}, memory, {});
    REQUIRE(opened.ok());
    CatchUp(*opened->cell);
    return std::move(opened->cell);
  }
  void CatchUp(Cell& cell) {
    REQUIRE(cell.CatchUp(*log.EndOffset(kPartition), [](const CellRow&) {}).ok());
  }
  CheckpointPlace Create(const Cell& cell) {
    const auto place = CreateCheckpoint(cell.store(), kPartition, Path("cut"), options());
    INFO(place.status());
    REQUIRE(place.ok());
    return *place;
  }
  std::vector<CheckpointPlace> List() const { return *ListCheckpoints(shared(), kPartition); }

  MemoryLog log{MemoryLogOptions{}};
  RocksMemory memory;

 private:
  TemporaryFolder files_;
  int64_t orders_ = 0;
};

std::string DigestOf(const Cell& cell) { return DigestRows(cell.store())->hex; }

fs::path TableIn(const CheckpointPlace& place) {
  for (const auto& entry : fs::directory_iterator(place.folder)) {
    if (entry.path().extension() == ".sst") return entry.path();
  }
  throw std::runtime_error("no table in " + place.folder);
}

// Changes one bit of a file, in a copy of its own: other links of it stay as they are.
void FlipBit(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  bytes[bytes.size() / 2] ^= 0x10;
  fs::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("a restored cell has the rows and the position of the one that was kept") {
  World world;
  world.Append(300);
  auto cell = world.Fold("a");
  const CheckpointPlace place = world.Create(*cell);
  CHECK(place.position == cell->position().next);
  CHECK(place.fold_version == FoldVersion());
  CHECK(fs::path(place.folder).parent_path() == fs::path(world.shared()) / "0");
  CHECK_FALSE(fs::exists(world.Path("cut")));

  auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  REQUIRE(opened->restored_from);
  CHECK(opened->restored_from->position == place.position);
  CHECK(opened->messages.empty());
  CHECK(opened->cell->position().next == cell->position().next);
  CHECK(DigestOf(*opened->cell) == DigestOf(*cell));
}

TEST_CASE("a checkpoint on another file system is a copy") {
  World world;
  world.Append(300);
  auto cell = world.Fold("a");
  CheckpointOptions options = world.options();
  const std::string name = fs::path(world.shared()).parent_path().filename();
  const fs::path elsewhere = fs::path("/dev/shm") / name;
  struct Cleanup {
    fs::path folder;
    ~Cleanup() { fs::remove_all(folder); }
  } cleanup{elsewhere};
  options.shared = elsewhere.string();
  const auto place = CreateCheckpoint(cell->store(), kPartition, world.Path("cut"), options);
  INFO(place.status());
  REQUIRE(place.ok());
  CHECK(fs::hard_link_count(TableIn(*place)) == 1);
  auto opened =
      OpenCell(&world.log, kPartition, {world.Path("b"), options.shared, 1}, world.memory, {});
  REQUIRE(opened.ok());
  CHECK(opened->restored_from);
  CHECK(DigestOf(*opened->cell) == DigestOf(*cell));
  CHECK(VerifyCheckpoint(*place).ok());
}

TEST_CASE("a restored cell folds the tail as the one that was never away") {
  World world;
  world.Append(200);
  auto cell = world.Fold("a");
  world.Create(*cell);
  world.Append(150);
  world.CatchUp(*cell);

  auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  CHECK(opened->cell->position().next < cell->position().next);
  world.CatchUp(*opened->cell);
  CHECK(opened->cell->position().next == cell->position().next);
  CHECK(DigestOf(*opened->cell) == DigestOf(*cell));
}

TEST_CASE("rows that are in memory alone are in the checkpoint") {
  World world;
  world.Append(50);
  auto cell = world.Fold("a");
  auto batch = const_cast<RowStore&>(cell->store()).NewBatch();
  batch->Put("Zunflushed", "row");
  REQUIRE(const_cast<RowStore&>(cell->store()).Write(batch.get()).ok());
  const CheckpointPlace place = world.Create(*cell);

  REQUIRE(RestoreCheckpoint(place, world.Path("b")).ok());
  auto store = OpenRocksStore(world.Path("b"), world.memory);
  REQUIRE(store.ok());
  std::string value;
  CHECK(*(*store)->Get("Zunflushed", &value));
  CHECK(value == "row");
}

TEST_CASE("a checkpoint stays as it was while the cells it came from and went to go on") {
  World world;
  world.Append(200);
  auto cell = world.Fold("a");
  const CheckpointPlace place = world.Create(*cell);
  auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  for (int round = 0; round < 12; ++round) {  // enough flushes for compactions
    world.Append(20);
    world.CatchUp(*cell);
    world.CatchUp(*opened->cell);
  }
  CHECK(VerifyCheckpoint(place).ok());
}

TEST_CASE("the newest checkpoints stay and the older ones go") {
  World world;
  world.Append(1);
  auto cell = world.Fold("a");
  std::vector<Offset> positions;
  for (int round = 0; round < 4; ++round) {
    positions.push_back(world.Create(*cell).position);
    world.Append(5);
    world.CatchUp(*cell);
  }
  const auto places = world.List();
  REQUIRE(places.size() == 2);
  CHECK(places[0].position == positions[3]);
  CHECK(places[1].position == positions[2]);
  const auto newest = NewestCheckpoint(world.shared(), kPartition, FoldVersion());
  REQUIRE(newest.ok());
  REQUIRE(*newest);
  CHECK((*newest)->position == positions[3]);
  CHECK(*NewestCheckpoint(world.shared(), kPartition, FoldVersion() + 1) == std::nullopt);
  CHECK(*NewestCheckpoint(world.shared(), Partition(7), FoldVersion()) == std::nullopt);
}

TEST_CASE("retention leaves everything alone that it does not know") {
  World world;
  world.Append(1);
  auto cell = world.Fold("a");
  const fs::path folder = fs::path(world.shared()) / "0";
  const std::vector<std::string> foreign = {"notes",
                                            "12-abc",
                                            "+3-0123456789abcdef",
                                            "03-0123456789abcdef",
                                            "notes.tmp",
                                            "7-0123456789ABCDEF",
                                            "9-0123456789abcdef.other.tmp"};
  for (const std::string& name : foreign) fs::create_directories(folder / name);
  std::ofstream(folder / "1-0123456789abcdef") << "a file, not a folder";
  // Another version's checkpoint that is young.
  fs::create_directories(folder / "5-00000000000000aa");
  for (int round = 0; round < 4; ++round) {
    world.Create(*cell);
    world.Append(5);
    world.CatchUp(*cell);
  }
  for (const std::string& name : foreign) CHECK(fs::exists(folder / name));
  CHECK(fs::exists(folder / "1-0123456789abcdef"));
  CHECK(fs::exists(folder / "5-00000000000000aa"));
}

TEST_CASE("what other versions and other nodes left behind goes when it is old") {
  World world;
  world.Append(1);
  auto cell = world.Fold("a");
  const fs::path folder = fs::path(world.shared()) / "0";
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24 * 8);
  for (const auto* name : {"5-00000000000000aa", "6-00000000000000aa.other.tmp"}) {
    fs::create_directories(folder / name);
    fs::last_write_time(folder / name, old);
  }
  fs::create_directories(folder / "6-00000000000000aa.a.tmp");  // this node's own: at once
  world.Create(*cell);
  CHECK_FALSE(fs::exists(folder / "5-00000000000000aa"));
  CHECK_FALSE(fs::exists(folder / "6-00000000000000aa.other.tmp"));
  CHECK_FALSE(fs::exists(folder / "6-00000000000000aa.a.tmp"));
}

TEST_CASE("the same position is kept once, and a damaged one is replaced") {
  World world;
  world.Append(100);
  auto cell = world.Fold("a");
  const CheckpointPlace first = world.Create(*cell);
  const auto written = fs::last_write_time(TableIn(first));
  world.Create(*cell);
  CHECK(world.List().size() == 1);
  CHECK(fs::last_write_time(TableIn(first)) == written);
  CHECK(VerifyCheckpoint(first).ok());

  FlipBit(TableIn(first));
  CHECK(absl::IsDataLoss(VerifyCheckpoint(first)));
  world.Create(*cell);
  CHECK(world.List().size() == 1);
  CHECK(VerifyCheckpoint(first).ok());
}

// Ways in which a checkpoint can be damaged.
struct Damage {
  const char* name;
  void (*to)(const CheckpointPlace&);
  const char* message;
};
const Damage kDamages[] = {
    {"a bit of a table is another", [](const CheckpointPlace& p) { FlipBit(TableIn(p)); },
     "have changed"},
    {"a table is cut",
     [](const CheckpointPlace& p) {
       const fs::path copy = p.folder + "/copy";
       fs::copy_file(TableIn(p), copy);
       const fs::path table = TableIn(p);
       fs::rename(copy, table);
       fs::resize_file(table, fs::file_size(table) - 1);
     },
     "bytes instead of"},
    {"a table is missing", [](const CheckpointPlace& p) { fs::remove(TableIn(p)); }, "is missing"},
    {"CURRENT is missing", [](const CheckpointPlace& p) { fs::remove(p.folder + "/CURRENT"); },
     "is missing"},
    {"the manifest is missing",
     [](const CheckpointPlace& p) { fs::remove(p.folder + "/CHECKPOINT"); }, "is missing"},
    {"the manifest is cut",
     [](const CheckpointPlace& p) {
       const std::string path = p.folder + "/CHECKPOINT";
       fs::resize_file(path, fs::file_size(path) / 2);
     },
     "manifest is damaged"},
    {"a bit of the manifest is another",
     [](const CheckpointPlace& p) { FlipBit(p.folder + "/CHECKPOINT"); }, "manifest is damaged"},
    {"the folder is empty",
     [](const CheckpointPlace& p) {
       fs::remove_all(p.folder);
       fs::create_directory(p.folder);
     },
     "is missing"},
};

TEST_CASE("a damaged checkpoint is skipped for the next older one, with a message") {
  for (const Damage& damage : kDamages) {
    INFO(damage.name);
    World world;
    world.Append(100);
    auto cell = world.Fold("a");
    const CheckpointPlace older = world.Create(*cell);
    world.Append(100);
    world.CatchUp(*cell);
    const CheckpointPlace newer = world.Create(*cell);
    damage.to(newer);
    const absl::Status verified = VerifyCheckpoint(newer);
    CHECK(absl::IsDataLoss(verified));
    CHECK_THAT(std::string(verified.message()), Catch::Contains(damage.message));

    auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
    REQUIRE(opened.ok());
    REQUIRE(opened->restored_from);
    CHECK(opened->restored_from->position == older.position);
    REQUIRE(opened->messages.size() == 1);
    CHECK_THAT(opened->messages[0], Catch::Contains(newer.folder));
    CHECK_THAT(opened->messages[0], Catch::Contains(damage.message));
    world.CatchUp(*opened->cell);
    CHECK(DigestOf(*opened->cell) == DigestOf(*cell));
    CHECK_FALSE(fs::exists(world.Path("b.restoring")));
    CHECK_FALSE(fs::exists(world.Path("b.candidate")));
  }
}

TEST_CASE("where every checkpoint is damaged the cell starts from the log's beginning") {
  World world;
  world.Append(100);
  auto cell = world.Fold("a");
  FlipBit(TableIn(world.Create(*cell)));
  auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  CHECK_FALSE(opened->restored_from);
  CHECK(opened->messages.size() == 1);
  CHECK(opened->cell->position().next == Offset(0));
  world.CatchUp(*opened->cell);
  CHECK(DigestOf(*opened->cell) == DigestOf(*cell));
}

TEST_CASE("a checkpoint of another log is skipped with a message") {
  World world;
  world.Append(100);
  auto cell = world.Fold("a");
  const CheckpointPlace place = world.Create(*cell);
  MemoryLog other{MemoryLogOptions{}};
  auto opened = OpenCell(&other, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  CHECK_FALSE(opened->restored_from);
  REQUIRE(opened->messages.size() == 1);
  CHECK_THAT(opened->messages[0], Catch::Contains("do not belong to this log"));
  CHECK(VerifyCheckpoint(place).ok());
}

TEST_CASE("own rows are used unless a checkpoint is far ahead of them") {
  World world;
  world.Append(100);
  {
    auto behind = world.Fold("b");
  }
  auto cell = world.Fold("a");
  world.Append(100);
  world.CatchUp(*cell);
  const CheckpointPlace place = world.Create(*cell);
  CellHome home = world.Home("b");

  home.worth_restoring = 1000;
  auto own = OpenCell(&world.log, kPartition, home, world.memory, {});
  REQUIRE(own.ok());
  CHECK_FALSE(own->restored_from);
  CHECK(own->cell->position().next == Offset(200));
  own->cell.reset();

  home.worth_restoring = 200;
  auto restored = OpenCell(&world.log, kPartition, home, world.memory, {});
  REQUIRE(restored.ok());
  CHECK(restored->restored_from);
  CHECK(restored->cell->position().next == place.position);
  CHECK(DigestOf(*restored->cell) == DigestOf(*cell));
}

TEST_CASE("own rows stay when the checkpoint that is ahead of them is damaged") {
  World world;
  world.Append(100);
  {
    auto behind = world.Fold("b");
  }
  world.Append(100);
  auto cell = world.Fold("a");
  FlipBit(TableIn(world.Create(*cell)));
  auto opened = OpenCell(&world.log, kPartition, world.Home("b"), world.memory, {});
  REQUIRE(opened.ok());
  CHECK_FALSE(opened->restored_from);
  CHECK(opened->messages.size() == 1);
  CHECK(opened->cell->position().next == Offset(200));
}

TEST_CASE("own rows of another log are refused, not replaced") {
  World world;
  world.Append(10);
  {
    auto own = world.Fold("b");
  }
  MemoryLog other{MemoryLogOptions{}};
  const auto opened = OpenCell(&other, kPartition, world.Home("b"), world.memory, {});
  CHECK(absl::IsFailedPrecondition(opened.status()));
}

TEST_CASE("a checkpoint is restored into an empty folder alone") {
  World world;
  world.Append(10);
  auto cell = world.Fold("a");
  const CheckpointPlace place = world.Create(*cell);
  fs::create_directory(world.Path("full"));
  std::ofstream(world.Path("full/file")) << "mine";
  CHECK(absl::IsFailedPrecondition(RestoreCheckpoint(place, world.Path("full"))));
  CHECK(fs::exists(world.Path("full/file")));
  fs::create_directory(world.Path("empty"));
  CHECK(RestoreCheckpoint(place, world.Path("empty")).ok());
}

TEST_CASE("nothing folded, nothing kept; and a bad writer or folder is named") {
  World world;
  auto cell = world.Fold("a");
  CHECK(absl::IsFailedPrecondition(
      CreateCheckpoint(cell->store(), kPartition, world.Path("cut"), world.options()).status()));
  world.Append(1);
  world.CatchUp(*cell);
  CheckpointOptions options = world.options();
  options.writer = "../a";
  CHECK(absl::IsInvalidArgument(
      CreateCheckpoint(cell->store(), kPartition, world.Path("cut"), options).status()));
  options = world.options();
  options.shared = world.Path("file");
  std::ofstream(options.shared) << "no folder";
  const auto refused = CreateCheckpoint(cell->store(), kPartition, world.Path("cut"), options);
  CHECK_FALSE(refused.ok());
  CHECK_THAT(std::string(refused.status().message()), Catch::Contains(options.shared));
}

TEST_CASE("a manifest of names that lead elsewhere is damaged") {
  CheckpointManifest manifest;
  for (const std::string name : {"../x", "a/b", "..", ".", "", "CHECKPOINT"}) {
    manifest.files = {{name, {1, "00"}}};
    CHECK(absl::IsDataLoss(CheckpointManifest::Parse(manifest.ToText()).status()));
  }
  manifest.files = {{"000001.sst", {1, "00"}}};
  CHECK(CheckpointManifest::Parse(manifest.ToText()).ok());
  CHECK(absl::IsDataLoss(CheckpointManifest::Parse(manifest.ToText() + "more\n").status()));
}

// Publishes in a process of its own, which is killed after that long; true: it had finished.
bool PublishAndKill(const CutRows& cut, const CheckpointOptions& options,
                    std::chrono::microseconds after) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    _exit(PublishCheckpoint(cut, kPartition, options).ok() ? 0 : 1);
  }
  std::this_thread::sleep_for(after);
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) CHECK(WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

TEST_CASE("a node that is killed while it makes a checkpoint leaves none or a whole one") {
  World world;
  world.Append(2000);
  auto cell = world.Fold("a");
  int interrupted = 0;
  // Where this process is the one that has to wait, the first try may be through at once.
  for (int tries = 0; interrupted == 0 && tries < 20; ++tries) {
    world.Append(1);
    world.CatchUp(*cell);
    const auto cut = CutCheckpoint(cell->store(), world.Path("cut" + std::to_string(tries)));
    REQUIRE(cut.ok());
    // Rows of several files, so that there is a middle.
    for (int file = 0; file < 200; ++file) {
      std::ofstream(cut->folder + "/extra" + std::to_string(file)) << std::string(5000, 'x');
    }
    bool finished = false;
    for (int micros = 0; !finished && micros < 2'000'000; micros += 200 + micros / 4) {
      finished = PublishAndKill(*cut, world.options(), std::chrono::microseconds(micros));
      interrupted += !finished;
      for (const CheckpointPlace& place : world.List()) {
        const absl::Status verified = VerifyCheckpoint(place);
        INFO(verified);
        CHECK(verified.ok());
      }
    }
  }
  CHECK(interrupted > 0);
  // What the killed ones left is in nobody's way.
  world.Append(1);
  world.CatchUp(*cell);
  world.Create(*cell);
  for (const auto& entry : fs::directory_iterator(fs::path(world.shared()) / "0")) {
    CHECK(entry.path().extension() != ".tmp");
  }
}

}  // namespace
}  // namespace flywheel
