// Checkpoints on command, backups of a folder that runs, and what becomes of rows that are damaged
// under a server.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/running_server.h"
#include "integration/simulated_folder.h"
#include "query/http/http_get.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesUnder(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  return files;
}

// Changes bytes of a file all over, in a copy of its own: other links of it stay as they are.
void Damage(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (size_t at = 50; at < bytes.size(); at += 97) bytes[at] ^= 0x20;
  fs::remove(file);
  std::ofstream(file, std::ios::binary) << bytes;
}

std::vector<std::string> Places(const std::string& folder) {
  const ProgramEnd end = RunOn(folder, {"--json", "checkpoint", "list"});
  INFO(end.err);
  CHECK(end.code == 0);
  return LinesOf(end.out);
}

TEST_CASE("checkpoints are made, listed and dropped, in a server and without one") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Fill(folder, 1);
  CHECK(Places(folder).empty());

  const ProgramEnd made = RunOn(folder, {"--json", "checkpoint", "create"});
  INFO(made.err);
  CHECK(made.code == 0);
  CHECK(LinesOf(made.out).size() == 2);
  CHECK(Places(folder).size() == 2);
  CHECK(RunOn(folder, {"checkpoint", "list", "--verify"}).code == 0);
  {
    RunningServer server(folder, {"--checkpoint-interval", "0"});
    CHECK(Places(folder).size() == 2);
    Fill(folder, 2);
    const ProgramEnd in_server = RunOn(folder, {"checkpoint", "create"});
    INFO(in_server.err);
    CHECK(in_server.code == 0);
    CHECK(Places(folder).size() == 4);
    CHECK(RunOn(folder, {"checkpoint", "list", "--verify"}).code == 0);
    CHECK(RunOn(folder, {"checkpoint", "drop", "0@123456789"}).code == 3);
    CHECK(RunOn(folder, {"checkpoint", "drop"}).code == 2);
    CHECK(RunOn(folder, {"checkpoint", "drop", "--all"}).code == 0);
    CHECK(Places(folder).empty());
    CHECK(server.Stop().code == 0);
  }
  // It made one at its end.
  CHECK(Places(folder).size() == 2);
  for (const fs::path& table : FilesUnder(folder + "/checkpoints/0", ".sst")) Damage(table);
  const ProgramEnd verified = RunOn(folder, {"checkpoint", "list", "--verify"});
  CHECK(verified.code == 5);
  CHECK(Contains(verified.out, "DAMAGED"));
  CheckWhole(folder);
}

TEST_CASE("a backup of a folder that is served holds all that was acknowledged before it") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::string backup = files.Path("backup");
  RunningServer server(folder, {"--partitions", "2"});
  Fill(folder, 3);
  const ProgramEnd first = RunOn(folder, {"--json", "backup", backup});
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(Contains(first.out, R"("keptBytes":0)"));
  const std::string then = Answers(folder);

  const std::string restored = files.Path("first");
  const ProgramEnd end = RunOn(restored, {"restore", backup});
  INFO(end.err);
  REQUIRE(end.code == 0);
  CHECK(Answers(restored) == then);
  CheckWhole(restored);

  // Events go on, and so does the backup.
  Fill(folder, 4);
  const ProgramEnd second = RunOn(folder, {"--json", "backup", backup});
  INFO(second.err);
  REQUIRE(second.code == 0);
  const std::string now = Answers(folder);
  CHECK(now != then);
  const std::string again = files.Path("second");
  REQUIRE(RunOn(again, {"restore", backup}).code == 0);
  CHECK(Answers(again) == now);
  CheckWhole(again);

  // Nothing new: nothing is copied.
  const ProgramEnd third = RunOn(folder, {"--json", "backup", backup});
  CHECK(Contains(third.out, R"("copiedBytes":0,)"));
  CHECK(server.Stop().code == 0);
  // The other way round it is a folder that was put back, and the backup worth more.
  const ProgramEnd older = RunOn(restored, {"backup", backup});
  CHECK(older.code == 4);
  CHECK(Contains(older.err, "an older log was put back"));
  const ProgramEnd here = RunOn(folder, {"backup", backup});
  INFO(here.err);
  CHECK(here.code == 0);
}

TEST_CASE("a restore says what is damaged, and puts nothing in place that is") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::string backup = files.Path("backup");
  const std::string target = files.Path("target");
  Fill(folder, 5);
  REQUIRE(RunOn(folder, {"backup", backup}).code == 0);
  const std::string expected = Answers(folder);

  SECTION("the log's part") {
    const fs::path segment = FilesUnder(backup + "/log", ".log").front();
    Damage(segment);
    const ProgramEnd end = RunOn(target, {"restore", backup});
    CHECK(end.code == 5);
    CHECK(Contains(end.err, segment.filename().string()));
    CHECK_FALSE(fs::exists(target + "/log"));
  }
  SECTION("a file of the log that is gone") {
    fs::remove(FilesUnder(backup + "/log", ".log").front());
    CHECK(RunOn(target, {"restore", backup}).code == 5);
  }
  SECTION("the manifest") {
    Damage(backup + "/BACKUP");
    CHECK(RunOn(target, {"restore", backup}).code == 5);
    CHECK(RunOn(folder, {"backup", backup}).code == 5);
  }
  SECTION("rows: they are folded") {
    for (const fs::path& table : FilesUnder(backup + "/checkpoints", ".sst")) Damage(table);
    const ProgramEnd end = RunOn(target, {"restore", backup});
    INFO(end.err);
    CHECK(end.code == 0);
    CHECK(Contains(end.err, "its rows are folded from the log"));
    CHECK(Answers(target) == expected);
    CheckWhole(target);
  }
  SECTION("a folder that is not empty stays as it is") {
    CHECK(RunOn(folder, {"restore", backup}).code == 4);
    CHECK(Answers(folder) == expected);
  }
  SECTION("a restore that was ended half way is begun again") {
    fs::create_directories(target + "/restoring/log");
    std::ofstream(target + "/restoring/log/log.meta") << "half";
    CHECK(RunOn(target, {"restore", backup}).code == 0);
    CHECK(Answers(target) == expected);
  }
  SECTION("no backup, and one of another log") {
    CHECK(RunOn(target, {"restore", files.Path("nothing")}).code == 3);
    const std::string other = files.Path("other");
    Fill(other, 6);
    CHECK(RunOn(other, {"backup", backup}).code == 4);
  }
}

TEST_CASE("a damaged log is not backed up over a good backup") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::string backup = files.Path("backup");
  Fill(folder, 7);
  REQUIRE(RunOn(folder, {"backup", backup}).code == 0);
  const std::string expected = Answers(folder);
  Fill(folder, 8);
  const fs::path segment = FilesUnder(folder + "/log/0000", ".log").front();
  std::fstream bytes(segment, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(2000);
  bytes.put('\x55').put('\x55').put('\x55');
  REQUIRE(bytes.flush());
  CHECK(RunOn(folder, {"backup", backup}).code == 5);
  const std::string target = files.Path("target");
  CHECK(RunOn(target, {"restore", backup}).code == 0);
  CHECK(Answers(target) == expected);
}

TEST_CASE("rows that are damaged under a server make themselves anew") {
  const bool checkpoints = GENERATE(true, false);
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Fill(folder, 9);
  if (checkpoints) REQUIRE(RunOn(folder, {"checkpoint", "create"}).code == 0);
  const std::string expected = Answers(folder);
  for (const char* cell : {"/cells/0", "/cells/1"}) {
    for (const fs::path& table : FilesUnder(folder + cell, ".sst")) Damage(table);
  }
  RunningServer server(folder);
  // A question that meets the damage waits for the rows, or is refused; it is never answered wrong.
  for (int tries = 0; tries < 1000; ++tries) {
    const ProgramEnd end = RunOn(folder, {"export", "rating", "--as-of", kAsOf});
    if (end.code != 0) continue;
    CHECK(end.out == expected);
    break;
  }
  CHECK(Answers(folder) == expected);
  CHECK(RunOn(folder, {"verify"}).code == 0);
  const ProgramEnd& end = server.Stop();
  CHECK(end.code == 0);
  CHECK(Contains(end.err, "are damaged and made anew"));
  CHECK(Contains(end.err, "goes on from the checkpoint at offset ") == checkpoints);
  CheckWhole(folder);
}

}  // namespace
}  // namespace flywheel
