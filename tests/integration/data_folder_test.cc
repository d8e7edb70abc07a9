// A data folder that is damaged, foreign, read-only, full or somebody else's.
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "effort.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAsOf = "2025-06-01T00:00:00Z";

// A folder with some thousand events in two partitions.
std::string FilledFolder(const TemporaryFolder& folders, std::string_view name, uint64_t seed) {
  const std::string folder = folders.Path(name);
  const ProgramEnd end =
      RunOn(folder, {"publish", "--partitions", "2"}, JsonLines(SimulatedEvents(20, 300, seed)));
  INFO(end.err);
  REQUIRE(end.code == 0);
  return folder;
}

ProgramEnd Export(const std::string& folder) {
  return RunOn(folder, {"export", "rating", "--as-of", kAsOf});
}

std::vector<fs::path> FilesIn(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Flips a bit at each of the places that `next` gives, from the first on.
void Damage(const fs::path& file, size_t first, const std::function<size_t(size_t)>& next) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  const size_t size = fs::file_size(file);
  for (size_t at = first; at < size; at = next(at)) {
    bytes.seekg(static_cast<std::streamoff>(at));
    const char damaged = static_cast<char>(bytes.get() ^ 0x40);
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.put(damaged);
  }
  REQUIRE(bytes.flush());
}

void DamageOneByte(const fs::path& file, size_t at) {
  Damage(file, at, [](size_t) { return SIZE_MAX; });
}

TEST_CASE("a data folder that is a file is named, and left as it is") {
  const TemporaryFolder folders;
  folders.Write("data", "precious");
  const std::string folder = folders.Path("data");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"publish"},
                                                  {"query", "rating", "anna"},
                                                  {"log", "check"},
                                                  {"rebuild"},
                                                  {"verify"}}) {
    INFO(command.front());
    const ProgramEnd end = RunOn(folder, command);
    CHECK(end.code == 2);
    CHECK(Contains(end.err, folder + " is a file"));
  }
  CHECK(fs::file_size(folder) == 8);
}

TEST_CASE("a byte that flips in the middle of the log is found, named, and nothing is taken") {
  const TemporaryFolder folders;
  const std::string folder = folders.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(20, 300, 1);
  // Some in a write of their own, so that there is something before the damaged one.
  const ProgramEnd first = RunOn(folder, {"--json", "publish", "--partitions", "2"},
                                 JsonLines({events.begin(), events.begin() + 40}));
  const std::vector<Acknowledgement> before = AcknowledgementsIn(first.out);
  const auto before_damage =
      std::count_if(before.begin(), before.end(),
                    [](const Acknowledgement& each) { return each.partition == 0; });
  REQUIRE(before_damage > 0);
  REQUIRE(RunOn(folder, {"publish"}, JsonLines(events)).code == 0);
  constexpr size_t kInTheLog = 30'000;
  const fs::path file = FilesIn(folder + "/log/0000", ".log").back();
  DamageOneByte(file, kInTheLog);

  const ProgramEnd check = RunOn(folder, {"log", "check"});
  CHECK(check.code == 5);
  CHECK(Contains(check.err, "partition 0: " + file.string() + " is damaged at byte "));
  CHECK(Contains(check.err, "the record with offset "));
  CHECK(Contains(check.out, "DAMAGED"));
  for (const std::vector<std::string>& command : {std::vector<std::string>{"publish"},
                                                  {"query", "rating", "s-000001"},
                                                  {"export", "rating"},
                                                  {"quarantine", "list"},
                                                  {"rebuild"},
                                                  {"verify"}}) {
    INFO(command.front());
    const ProgramEnd end = RunOn(folder, command);
    CHECK(end.code == 5);
    CHECK(end.out.empty());
    CHECK(Contains(end.err, file.string() + " is damaged at byte "));
  }
  // What lies before the damaged write, and the other partition, can still be read.
  const ProgramEnd cat = RunOn(folder, {"log", "cat", "--partition", "0"});
  CHECK(cat.code == 5);
  CHECK(static_cast<ptrdiff_t>(LinesOf(cat.out).size()) >= before_damage);
  CHECK(Contains(cat.err, file.string() + " is damaged at byte "));
  CHECK(RunOn(folder, {"log", "cat", "--partition", "1"}).code == 0);
  DamageOneByte(file, kInTheLog);
  CheckWhole(folder);
}

TEST_CASE("rebuild keeps the rows of a log that can no longer give them") {
  const TemporaryFolder folders;
  // So many that the first segment of the larger partition is not the newest one.
  const std::string folder = folders.Path("data");
  REQUIRE(RunOn(folder, {"publish", "--partitions", "1"}, JsonLines(SimulatedEvents(20, 1200, 2)))
              .code == 0);
  const std::vector<fs::path> segments = FilesIn(folder + "/log/0000", ".log");
  REQUIRE(segments.size() > 1);
  const std::string before = Export(folder).out;
  DamageOneByte(segments.front(), 500'000);

  for (const char* command : {"rebuild", "verify"}) {
    INFO(command);
    const ProgramEnd end = RunOn(folder, {command});
    CHECK(end.code == 5);
    CHECK(Contains(end.err, segments.front().string() + " is damaged at byte "));
  }
  const ProgramEnd after = Export(folder);
  INFO(after.err);
  CHECK(after.code == 0);
  CHECK(after.out == before);
}

// The rows of the folder are damaged: that is said, and they are made anew, by whatever opens them.
void CheckHealing(const std::string& folder, const std::string& expected) {
  SECTION("by a question") {
    const ProgramEnd asked = Export(folder);
    INFO(asked.err);
    CHECK(asked.code == 0);
    CHECK(asked.out == expected);
    CHECK(Contains(asked.err, "the rows of partition 1 are damaged and made anew"));
  }
  SECTION("by rebuild") {
    const ProgramEnd rebuilt = RunOn(folder, {"rebuild"});
    INFO(rebuilt.err);
    CHECK(rebuilt.code == 0);
    CHECK(Contains(rebuilt.out, "not known"));
  }
  CHECK_FALSE(fs::exists(folder + "/cells/1.damaged"));
  CHECK(Export(folder).out == expected);
  CheckWhole(folder);
}

TEST_CASE("damaged rows are said to be, and make themselves anew") {
  const TemporaryFolder folders;
  const std::string folder = FilledFolder(folders, "data", 3);
  const std::string expected = Export(folder).out;
  const fs::path cell = folder + "/cells/1";
  const std::vector<fs::path> tables = FilesIn(cell, ".sst");
  REQUIRE(!tables.empty());

  SECTION("bits flipped all over the tables") {
    for (const fs::path& table : tables) Damage(table, 50, [](size_t at) { return at + 97; });
    CheckHealing(folder, expected);
  }
  SECTION("a table cut short") {
    fs::resize_file(tables.front(), fs::file_size(tables.front()) / 2);
    CheckHealing(folder, expected);
  }
  SECTION("a table gone") {
    fs::remove(tables.front());
    CheckHealing(folder, expected);
  }
  SECTION("the list of tables gone") {
    for (const fs::directory_entry& entry : fs::directory_iterator(cell)) {
      if (entry.path().filename().string().rfind("MANIFEST", 0) == 0) fs::remove(entry.path());
    }
    CheckHealing(folder, expected);
  }
  SECTION("the pointer to it overwritten") {
    std::ofstream(cell / "CURRENT") << "garbage";
    CheckHealing(folder, expected);
  }
}

TEST_CASE("one flipped bit in a table is found at the latest when its row is read") {
  const TemporaryFolder folders;
  const std::string folder = FilledFolder(folders, "data", 4);
  const std::string expected = Export(folder).out;
  const fs::path table = FilesIn(folder + "/cells/1", ".sst").front();
  DamageOneByte(table, fs::file_size(table) / 3);
  // verify reads all rows.
  const ProgramEnd verify = RunOn(folder, {"verify"});
  INFO(verify.out << verify.err);
  CHECK(verify.code == 5);
  CHECK(Contains(verify.err, "flywheel rebuild"));
  CHECK(RunOn(folder, {"rebuild"}).code == 0);
  CHECK(Export(folder).out == expected);
  CheckWhole(folder);
}

TEST_CASE("rows that are missing are folded again, without being asked") {
  const TemporaryFolder folders;
  const std::string folder = FilledFolder(folders, "data", 5);
  const std::string expected = Export(folder).out;
  for (const char* part : {"/cells", "/cells/0"}) {
    INFO(part);
    fs::remove_all(folder + part);
    const ProgramEnd end = Export(folder);
    INFO(end.err);
    CHECK(end.code == 0);
    CHECK(end.out == expected);
  }
  CheckWhole(folder);
}

TEST_CASE("rows of another log are refused, and rebuild replaces them") {
  const TemporaryFolder folders;
  const std::string folder = FilledFolder(folders, "data", 6);
  const std::string other = FilledFolder(folders, "other", 7);
  const std::string expected = Export(folder).out;
  fs::remove_all(folder + "/cells");
  fs::copy(other + "/cells", folder + "/cells", fs::copy_options::recursive);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"publish"}, {"export", "rating"}, {"verify"}}) {
    INFO(command.front());
    const ProgramEnd end = RunOn(folder, command);
    CHECK(end.code == 4);
    CHECK(Contains(end.err, "do not belong to this log"));
    CHECK(Contains(end.err, "flywheel rebuild"));
  }
  CHECK(RunOn(folder, {"rebuild"}).code == 0);
  CHECK(Export(folder).out == expected);
  CheckWhole(folder);
}

TEST_CASE("a second process on the folder is told so; the log can be read beside the first") {
  const TemporaryFolder folders;
  const std::string folder = folders.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(3, 20, 8);
  RunningProgram first(On(folder, {"--json", "publish"}));
  first.Feed(events[0].JsonLine());
  REQUIRE(first.PumpUntil("accepted"));
  for (const std::vector<std::string>& command : {std::vector<std::string>{"publish"},
                                                  {"query", "rating", "s-000001"},
                                                  {"rebuild"},
                                                  {"verify"},
                                                  {"quarantine", "list"}}) {
    INFO(command.front());
    const ProgramEnd second = RunOn(folder, command, events[1].JsonLine());
    CHECK(second.code == 4);
    CHECK(Contains(second.err, "is held by process "));
  }
  CHECK(RunOn(folder, {"log", "check"}).code == 0);
  CHECK(RunOn(folder, {"log", "info"}).code == 0);
  CHECK(LinesOf(RunOn(folder, {"log", "cat"}).out).size() == 1);
  first.Feed(events[1].JsonLine());
  first.EndInput();
  const ProgramEnd& end = first.Wait();
  CHECK(end.code == 0);
  CHECK(AcknowledgementsIn(end.out).size() == 2);
  CheckWhole(folder);
}

// A file system of a size of its own, in memory, seen by this test and what it starts alone.
class MountedFolder {
 public:
  MountedFolder(const TemporaryFolder& folders, int kibibytes) : path_(folders.Path("mounted")) {
    fs::create_directories(path_);
    // Nobody else sees the mount, and it goes with the process, whatever happens.
    static const bool own_mounts =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    mounted_ =
        own_mounts && mount("tmpfs", path_.c_str(), "tmpfs", 0, Size(kibibytes).c_str()) == 0;
    if (!mounted_) WARN("SKIPPED: mounting needs a privilege: " << std::strerror(errno));
  }
  ~MountedFolder() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  MountedFolder(const MountedFolder&) = delete;
  MountedFolder& operator=(const MountedFolder&) = delete;

  bool mounted() const { return mounted_; }
  std::string data() const { return path_ + "/data"; }
  void Resize(int kibibytes) const { Remount(0, kibibytes); }
  void MakeReadOnly() const { Remount(MS_RDONLY, kRoomyKib); }

  static constexpr int kRoomyKib = 64 << 10;

 private:
  static std::string Size(int kibibytes) { return "size=" + std::to_string(kibibytes) + "k"; }
  void Remount(unsigned long flags, int kibibytes) const {
    REQUIRE(mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | flags, Size(kibibytes).c_str()) ==
            0);
  }

  std::string path_;
  bool mounted_ = false;
};

TEST_CASE("a read-only folder can be looked into, and whatever must write says why it cannot") {
  const TemporaryFolder folders;
  const MountedFolder mounted(folders, MountedFolder::kRoomyKib);
  if (!mounted.mounted()) return;
  const std::string folder = mounted.data();
  REQUIRE(RunOn(folder, {"publish"}, JsonLines(SimulatedEvents(3, 20, 9))).code == 0);
  mounted.MakeReadOnly();
  for (const std::vector<std::string>& command : {std::vector<std::string>{"publish"},
                                                  {"query", "rating", "s-000001"},
                                                  {"rebuild"},
                                                  {"verify"}}) {
    INFO(command.front());
    const ProgramEnd end = RunOn(folder, command);
    CHECK(end.code == 4);
    CHECK(Contains(end.err, folder));
    CHECK(Contains(end.err, "Read-only file system"));
  }
  const ProgramEnd fresh = RunOn(folder + "/new", {"publish"});
  CHECK(fresh.code == 4);
  CHECK(Contains(fresh.err, "Read-only file system"));
  CHECK(RunOn(folder, {"log", "check"}).code == 0);
  CHECK(LinesOf(RunOn(folder, {"log", "cat"}).out).size() > 50);
  const ProgramEnd info = RunOn(folder, {"log", "info"});
  CHECK(info.code == 0);
  CHECK(Contains(info.err, "Read-only file system"));
}

// Publishes onto a disk of that size, then on a larger one. Gives whether the first was too small.
bool PublishOntoFullDisk(int kibibytes, const std::vector<SimulatedEvent>& events) {
  const TemporaryFolder folders;
  const MountedFolder disk(folders, kibibytes);
  REQUIRE(disk.mounted());
  const std::string input = JsonLines(events);
  const ProgramEnd first = RunOn(disk.data(), {"--json", "publish", "--partitions", "2"}, input);
  INFO(first.err);
  const bool full = first.code != 0;
  if (full) {
    CHECK(first.code == 4);
    CHECK(Contains(first.err + first.out, "No space left on device"));
  }
  // Whether what there is can be folded or not, nobody falls over.
  const ProgramEnd asked = Export(disk.data());
  INFO(asked.err);
  CHECK((asked.code == 0 || asked.code == 3 || asked.code == 4));
  if (asked.code == 4) CHECK(Contains(asked.err, "No space left on device"));

  disk.Resize(MountedFolder::kRoomyKib);
  const std::vector<Acknowledgement> taken = AcknowledgementsIn(first.out);
  if (!taken.empty()) {
    const LoggedEvents log = EventsInLog(disk.data());
    size_t in_log = 0;
    for (const auto& partition : log) in_log += partition.size();
    CHECK(in_log == taken.size());
    for (const Acknowledgement& each : taken) {
      const auto& partition = log.at(static_cast<size_t>(each.partition));
      CHECK(Contains(partition.at(each.offset), each.event_id));
    }
  }
  const ProgramEnd second = RunOn(disk.data(), {"publish"}, input);
  INFO(second.err);
  CHECK(second.code == 0);
  CHECK(CountsOf(disk.data()).accepted == events.size());
  CheckWhole(disk.data());
  return full;
}

TEST_CASE("a full disk is said, loses nothing, and once there is room it goes on") {
  {
    const TemporaryFolder folders;
    const MountedFolder probe(folders, 1024);
    if (!probe.mounted()) return;
  }
  const std::vector<SimulatedEvent> events = SimulatedEvents(20, 1200, 10);
  int full = 0;
  int roomy = 0;
  // From a disk that cannot hold an empty log, over those that fill up with the log or with the
  // rows, to one that just holds everything.
  for (int kibibytes = 512; kibibytes <= 9600; kibibytes += Effort(700, 2000)) {
    INFO(kibibytes << " KiB");
    ++(PublishOntoFullDisk(kibibytes, events) ? full : roomy);
  }
  CHECK(full > 3);
  CHECK(roomy > 0);
}

TEST_CASE("a disk that is full by other things neither breaks a query nor an answer") {
  const TemporaryFolder folders;
  const MountedFolder disk(folders, MountedFolder::kRoomyKib);
  if (!disk.mounted()) return;
  const std::string folder = disk.data();
  REQUIRE(RunOn(folder, {"publish"}, JsonLines(SimulatedEvents(20, 300, 12))).code == 0);
  const std::string expected = Export(folder).out;
  REQUIRE(!expected.empty());
  std::ofstream filler(folder + "/filler", std::ios::binary);
  const std::string piece(size_t{64} << 10, 'x');
  while (filler.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
  }
  filler.close();
  const ProgramEnd full = Export(folder);
  INFO(full.err);
  CHECK((full.code == 0 || full.code == 4));
  if (full.code == 0) CHECK(full.out == expected);
  if (full.code == 4) CHECK(Contains(full.err, "No space left on device"));
  const ProgramEnd file =
      RunOn(folder, {"export", "rating", "--as-of", kAsOf, "--out", folder + "/export"});
  CHECK(file.code == 4);
  CHECK(Contains(file.err, "No space left on device"));
  CHECK_FALSE(fs::exists(folder + "/export"));
  fs::remove(folder + "/filler");
  CHECK(Export(folder).out == expected);
  CheckWhole(folder);
}

}  // namespace
}  // namespace flywheel
