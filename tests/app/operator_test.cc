// quarantine, log, rebuild, import, simulate: what operators and analysts call.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"

namespace flywheel {
namespace {

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";

// Three entries: a review that waits, one by a stranger, and the second time of that one.
void FillQuarantine(Program& program) {
  const std::string stranger = EventLine(kNoon, Reviewed("o1", "b2", true));
  REQUIRE(program
              .Run({"publish", "--partitions", "1"}, EventLine(kNoon, Reviewed("o9", "b9", true)) +
                                                         EventLine(kNoon, Placed("o1", "b1")) +
                                                         stranger + stranger)
              .code == 0);
}

TEST_CASE("the quarantine lists what waits and what was refused") {
  Program program;
  FillQuarantine(program);
  const ProgramRun run = program.Run({"--json", "quarantine", "list"});
  CHECK(run.code == 0);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].rfind(R"({"place":"0@0","state":"WAITING",)", 0) == 0);
  CHECK(lines[0].find("decidedAt") == std::string::npos);
  CHECK(lines[1].rfind(R"({"place":"0@2","state":"REFUSED","code":"WRONG_BUYER",)", 0) == 0);
  CHECK(lines[1].find(R"("repeats":1,"decidedAt":"0@2")") != std::string::npos);
}

TEST_CASE("the quarantine can be searched and paged") {
  Program program;
  FillQuarantine(program);
  const auto count = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"--json", "quarantine", "list"});
    const ProgramRun run = program.Run(options);
    REQUIRE(run.code == 0);
    return LinesOf(run.out).size();
  };
  CHECK(count({"--state", "waiting"}) == 1);
  CHECK(count({"--state", "refused"}) == 1);
  CHECK(count({"--state", "closed"}) == 0);
  CHECK(count({"--state", "all"}) == 2);
  CHECK(count({"--code", "WRONG_BUYER"}) == 1);
  CHECK(count({"--code", "OVER_RETURN"}) == 0);
  CHECK(count({"--seller", "anna"}) == 2);
  CHECK(count({"--seller", "bert"}) == 0);
  CHECK(count({"--after", "0@0"}) == 1);
  CHECK(count({"--after", "0@2"}) == 0);
  const ProgramRun page = program.Run({"--json", "quarantine", "list", "--limit", "1"});
  CHECK(LinesOf(page.out).size() == 1);
  CHECK(page.err == "there are more; go on with --after 0@0\n");
  CHECK(program.Run({"quarantine", "list", "--code", "NONSENSE"}).code == 2);
  CHECK(program.Run({"quarantine", "list", "--after", "7"}).code == 2);
}

TEST_CASE("an entry is shown with the event as it stands in the log") {
  Program program;
  FillQuarantine(program);
  const ProgramRun run = program.Run({"quarantine", "show", "0@2"});
  CHECK(run.code == 0);
  CHECK(run.out.find(R"("event":{"eventId":)") != std::string::npos);
  CHECK(run.out.find(R"("buyerId":"b2")") != std::string::npos);
  CHECK(program.Run({"quarantine", "show", "0@1"}).code == 3);
  CHECK(program.Run({"quarantine", "show", "9@1"}).code == 3);
  CHECK(program.Run({"quarantine", "show", "first"}).code == 2);
}

TEST_CASE("log info accounts for every record") {
  Program program;
  FillQuarantine(program);
  const ProgramRun run = program.Run({"--json", "log", "info"});
  CHECK(run.code == 0);
  CHECK(run.out.find(R"("begin":0,"end":4,)") != std::string::npos);
  CHECK(run.out.find(R"("folded":4,"lag":0,)") != std::string::npos);
  CHECK(run.out.find(R"("counts":{"records":4,"accepted":1,"duplicates":0,"repeats":1,)"
                     R"("waiting":1,"refused":{"WRONG_BUYER":1},"stale":0,"control":0})") !=
        std::string::npos);
  CHECK(program.Run({"log", "info"}).code == 0);
}

TEST_CASE("log cat prints records with their places") {
  Program program;
  FillQuarantine(program);
  const auto lines = LinesOf(program.Run({"log", "cat"}).out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].rfind(R"({"place":"0@1","partition":0,"offset":1,"record":{"event":{)", 0) == 0);
  CHECK(lines[1].find(R"("recordedAt":"2025-06-30T12:00:00Z")") != std::string::npos);
  CHECK(LinesOf(program.Run({"log", "cat", "--from", "3"}).out).size() == 1);
  CHECK(LinesOf(program.Run({"log", "cat", "--limit", "2"}).out).size() == 2);
  CHECK(program.Run({"log", "cat", "--from", "99"}).out.empty());
  CHECK(program.Run({"log", "cat", "--partition", "1"}).code == 3);
}

std::filesystem::path FirstSegment(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder + "/log")) {
    if (entry.is_regular_file() && entry.file_size() > 4096) return entry.path();
  }
  return {};
}

TEST_CASE("log check finds damage and says where") {
  Program program;
  FillQuarantine(program);
  CHECK(program.Run({"log", "check"}).code == 0);
  const std::filesystem::path segment = FirstSegment(program.data());
  REQUIRE_FALSE(segment.empty());
  std::string bytes;
  {
    std::ifstream in(segment, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const size_t at = bytes.find("anna");
  REQUIRE(at != std::string::npos);
  std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file.put('A');
  file.close();
  const ProgramRun run = program.Run({"log", "check"});
  CHECK(run.code == 5);
  CHECK(run.err.rfind("partition 0: ", 0) == 0);
  CHECK(run.out.find("DAMAGED") != std::string::npos);
  CHECK(program.Run({"publish"}, "").code == 5);
}

TEST_CASE("a second process is told who is in the way") {
  Program program;
  FillQuarantine(program);
  Context context;
  context.folder = program.data();
  const auto held = OpenEngine(context);
  REQUIRE(held.ok());
  for (const std::vector<std::string>& command : {std::vector<std::string>{"publish"},
                                                  {"query", "rating", "anna"},
                                                  {"rebuild"},
                                                  {"verify"}}) {
    INFO(command[0]);
    const ProgramRun run = program.Run(command);
    CHECK(run.code == 4);
    CHECK(run.err.find(program.data()) != std::string::npos);
  }
  // The log can be read all the same.
  CHECK(program.Run({"log", "info"}).code == 0);
  CHECK(program.Run({"log", "check"}).code == 0);
  CHECK(LinesOf(program.Run({"log", "cat"}).out).size() == 4);
}

TEST_CASE("a folder that must not be written is an error of the environment") {
  Program program;
  program.Write("events.jsonl", EventLine(kNoon, Placed("o1", "b1")));
  std::filesystem::create_directory(program.data());
  REQUIRE(chmod(program.Path("").c_str(), 0755) == 0);
  REQUIRE(chmod(program.data().c_str(), 0555) == 0);
  const int input = open(program.Path("events.jsonl").c_str(), O_RDONLY | O_CLOEXEC);
  // Root may write everywhere.
  const bool root = geteuid() == 0;
  if (root) REQUIRE(seteuid(65534) == 0);
  const ProgramRun run = program.RunOn(input, {"publish"});
  if (root) REQUIRE(seteuid(0) == 0);
  close(input);
  CHECK(run.code == 4);
  CHECK(run.err.find(program.data()) != std::string::npos);
}

TEST_CASE("a full disk loses nothing, claims nothing, and is no end") {
  Program program;
  std::filesystem::create_directory(program.data());
  if (mount("none", program.data().c_str(), "tmpfs", 0, "size=6m") != 0) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += EventLine(kNoon, Placed(std::to_string(i), "b1"));
  const ProgramRun full = program.Run({"--json", "publish", "--partitions", "1"}, lines);
  CHECK(full.code == 4);
  size_t accepted = 0;
  size_t not_published = 0;
  for (const std::string& line : LinesOf(full.out)) {
    accepted += line.find(R"("status":"accepted")") != std::string::npos ? 1U : 0U;
    not_published += line.find(R"("status":"notPublished","reason":")") != std::string::npos;
  }
  CHECK(not_published > 0);
  CHECK(accepted + not_published == LinesOf(full.out).size());

  REQUIRE(mount("none", program.data().c_str(), "tmpfs", MS_REMOUNT, "size=200m") == 0);
  CHECK(LinesOf(program.Run({"log", "cat"}).out).size() == accepted);
  CHECK(program.Run({"publish"}, lines).code == 0);
  CHECK(program.Run({"log", "check"}).code == 0);
  CHECK(program.Run({"verify"}).code == 0);
  CHECK(umount(program.data().c_str()) == 0);
}

TEST_CASE("rebuild gives the same rows") {
  Program program;
  FillQuarantine(program);
  const ProgramRun run = program.Run({"--json", "rebuild"});
  CHECK(run.code == 0);
  CHECK(run.out.find(R"("equal":true)") != std::string::npos);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("rebuild drops rows that cannot be read") {
  Program program;
  FillQuarantine(program);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(program.data() + "/cells")) {
    if (entry.path().filename().string().rfind("MANIFEST", 0) == 0) {
      std::filesystem::resize_file(entry.path(), 7);
    }
  }
  const ProgramRun run = program.Run({"rebuild"});
  CHECK(run.code == 0);
  CHECK(run.out.find("not known") != std::string::npos);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("a simulation is the same again, publishes and verifies") {
  Program program;
  program.now = *ParseInstant("2026-11-01T00:00:00Z");
  const std::vector<std::string> simulate = {"simulate", "--sellers", "5",      "--orders", "60",
                                             "--days",   "40",        "--seed", "7"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = simulate;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program.Run(arguments);
  };
  REQUIRE(with({"--out", program.Path("a.jsonl")}).code == 0);
  const ProgramRun to_stdout = with({"--out", "-"});
  REQUIRE(to_stdout.code == 0);
  CHECK(to_stdout.out == program.Read("a.jsonl"));
  CHECK_FALSE(std::filesystem::exists(program.data()));
  REQUIRE(with({"--out", program.Path("a.bin"), "--format", "binary"}).code == 0);
  REQUIRE(with({"--json"}).code == 0);
  // The same events by the other doors are duplicates, all of them.
  const size_t events = LinesOf(to_stdout.out).size();
  const ProgramRun again = program.Run({"publish", program.Path("a.jsonl")});
  CHECK(again.code == 0);
  CHECK(again.out.find("accepted 0, duplicates " + std::to_string(events)) != std::string::npos);
  const ProgramRun binary = program.Run({"publish", "--format", "binary", program.Path("a.bin")});
  CHECK(binary.code == 0);
  CHECK(binary.out.find("accepted 0, duplicates " + std::to_string(events)) != std::string::npos);
  CHECK(program.Run({"verify"}).code == 0);
  CHECK(program.Run({"simulate", "--sellers", "0"}).code == 2);
}

TEST_CASE("the sample of the public data set is imported and verified") {
  const std::string folder = std::string(FLYWHEEL_SOURCE_DIR) + "/../shared/data/olist-8k";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: there is no " << folder);
    return;
  }
  Program program;
  const ProgramRun first = program.Run({"--json", "import", "olist", folder});
  REQUIRE(first.code == 0);
  CHECK(first.out.find(R"("refused":0,"fold":)") != std::string::npos);
  const ProgramRun again = program.Run({"--json", "import", "olist", folder});
  CHECK(again.out.find(R"("accepted":0,"duplicates":)") != std::string::npos);
  const ProgramRun verify = program.Run({"verify"});
  CHECK(verify.code == 0);
  INFO(verify.out);
  CHECK(verify.out.find(" 0 differences") != std::string::npos);
}

TEST_CASE("an import without its files names the one that is missing") {
  Program program;
  const ProgramRun run = program.Run({"import", "olist", program.Path("")});
  CHECK(run.code == 3);
  CHECK(run.err.find("olist_") != std::string::npos);
}

}  // namespace
}  // namespace flywheel
