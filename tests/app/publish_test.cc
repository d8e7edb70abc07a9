#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "app/event_input.h"
#include "app/events.h"
#include "app/program.h"

namespace flywheel {
namespace {

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";

TEST_CASE("publish acknowledges each line with its place") {
  Program program;
  const std::string line = EventLine(kNoon, Placed("o1", "b1"));
  const std::string id = line.substr(line.find("0190"), 36);
  const ProgramRun run =
      program.Run({"--json", "publish", "-", "--partitions", "1"}, line + "{\"x\":1}\n" + line);
  CHECK(run.code == 1);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        R"({"line":1,"eventId":")" + id + R"(","status":"accepted","partition":0,"offset":0})");
  CHECK(lines[1].rfind(R"({"line":2,"status":"refused","code":"INVALID","field":"x","reason":)",
                       0) == 0);
  CHECK(lines[2] ==
        R"({"line":3,"eventId":")" + id + R"(","status":"accepted","partition":0,"offset":1})");
  CHECK(run.err == "3 lines, 2 accepted, 1 refused\nin the fold: accepted 1, duplicates 1\n");
}

TEST_CASE("a refused line is named with its field and reason, and the rest goes on") {
  Program program;
  const std::string input = EventLine(kNoon, Placed("o1", "b1")) +
                            EventLine(kNoon, Reviewed("o1", "b1", true, 6)) + "\n" +
                            EventLine(kNoon, Reviewed("o1", "b1", true, 5));
  const ProgramRun run = program.Run({"publish"}, input);
  CHECK(run.code == 1);
  CHECK(run.err.rfind("line 2: INVALID review_posted.rates.service: ", 0) == 0);
  CHECK(run.out == "3 lines, 2 accepted, 1 refused, 1 empty lines\nin the fold: accepted 2\n");
}

TEST_CASE("publish reads a file, whose last line needs no end") {
  Program program;
  std::string line = EventLine(kNoon, Placed("o1", "b1"));
  line.pop_back();
  program.Write("events.jsonl", line);
  CHECK(program.Run({"publish", program.Path("events.jsonl")}).code == 0);
  CHECK(program.Run({"query", "rating", "anna"}).code == 0);
}

TEST_CASE("a dry run says what publish would refuse and makes no folder") {
  Program program;
  const ProgramRun run =
      program.Run({"publish", "--dry-run", "--json"},
                  EventLine(kNoon, Placed("o1", "b1")) + EventLine(kNoon, "\"orderPaid\":{}"));
  CHECK(run.code == 1);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(R"("status":"valid")") != std::string::npos);
  CHECK(lines[1].find(R"("field":"order_paid.order_id")") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(program.data()));
}

TEST_CASE("what is no event is refused line by line and nothing else happens") {
  Program program;
  std::string deep(100'000, '[');
  const std::string good = EventLine(kNoon, Placed("o1", "b1"));
  const std::string input =
      std::string("\x00\x01\xff\xfe garbage", 13) + "\n" + "null\n" + "[]\n" + "1e400\n" + "NaN\n" +
      deep + "\n" + R"({"eventId":"\xff"})" + "\n" + "{\"sellerId\":\"\xc3\x28\"}\n" +
      EventLine("9999-01-01T00:00:00Z", Placed("o2", "b1")) +
      EventLine(kNoon,
                R"("orderPlaced":{"orderId":"o","buyerId":"b","total":{"amountMinor":1e400}})") +
      EventLine(kNoon, R"("parcelScanned":{"orderId":"o","parcelId":"p","code":"LOST_IN_SPACE"})") +
      EventLine(kNoon, R"("reviewPosted":{"orderId":"o","rates":{"service":NaN}})") + good;
  const ProgramRun run = program.Run({"publish", "--json"}, input);
  CHECK(run.code == 1);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 13);
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    INFO(lines[i]);
    CHECK(lines[i].find(R"("status":"refused")") != std::string::npos);
  }
  CHECK(lines.back().find(R"("status":"accepted")") != std::string::npos);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("a line that is too long is refused and skipped to its end") {
  Program program;
  const std::string input = std::string(kMaxInputBytes + 500'000, 'a') + "\n" +
                            EventLine(kNoon, Placed("o1", "b1")) +
                            std::string(3 * kMaxInputBytes, 'b');
  const ProgramRun run = program.Run({"publish", "--json"}, input);
  CHECK(run.code == 1);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].rfind(R"({"line":1,"status":"refused","code":"INVALID")", 0) == 0);
  CHECK(lines[1].find(R"("line":2,)") != std::string::npos);
  CHECK(lines[1].find("accepted") != std::string::npos);
  CHECK(lines[2].rfind(R"({"line":3,"status":"refused")", 0) == 0);
}

TEST_CASE("an empty input is no error") {
  Program program;
  const ProgramRun run = program.Run({"publish"}, "");
  CHECK(run.code == 0);
  CHECK(run.out == "0 lines, 0 accepted, 0 refused\nin the fold: accepted 0\n");
}

TEST_CASE("a file that is missing or a folder ends the command with a reason") {
  Program program;
  const ProgramRun missing = program.Run({"publish", program.Path("nothing.jsonl")});
  CHECK(missing.code == 3);
  CHECK(missing.err.find("nothing.jsonl") != std::string::npos);
  const ProgramRun folder = program.Run({"publish", "/"});
  CHECK(folder.code == 2);
  CHECK_FALSE(std::filesystem::exists(program.data()));
}

TEST_CASE("events that come one by one are acknowledged at once") {
  Program program;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::thread publisher([&] {
    for (int i = 0; i < 3; ++i) {
      const std::string line = EventLine(kNoon, Placed(std::to_string(i), "b1"));
      // The first line comes in two pieces.
      const size_t cut = i == 0 ? line.size() / 2 : line.size();
      REQUIRE(write(ends[1], line.data(), cut) == static_cast<ssize_t>(cut));
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      if (cut < line.size()) {
        REQUIRE(write(ends[1], line.data() + cut, line.size() - cut) ==
                static_cast<ssize_t>(line.size() - cut));
      }
    }
    close(ends[1]);
  });
  const ProgramRun run = program.RunOn(ends[0], {"publish", "--json"});
  publisher.join();
  close(ends[0]);
  CHECK(run.code == 0);
  CHECK(LinesOf(run.out).size() == 3);
}

TEST_CASE("a signal ends publish after what was read, with its code") {
  Program program;
  program.interrupt.Raise(2);
  const ProgramRun run = program.Run({"publish"}, EventLine(kNoon, Placed("o1", "b1")));
  CHECK(run.code == 130);
  CHECK(run.out.rfind("0 lines, 0 accepted, 0 refused; interrupted", 0) == 0);
}

TEST_CASE("what waits on an open pipe ends by a signal") {
  Program program;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const std::string line = EventLine(kNoon, Placed("o1", "b1"));
  REQUIRE(write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  std::thread signal([&] {
    // Once the line has been taken from the pipe, the program waits for the next one.
    for (int left = 1; left > 0;) {
      REQUIRE(ioctl(ends[0], FIONREAD, &left) == 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    program.interrupt.Raise(15);
  });
  const ProgramRun run = program.RunOn(ends[0], {"publish", "--json"});
  signal.join();
  close(ends[0]);
  close(ends[1]);
  CHECK(run.code == 143);
  CHECK(LinesOf(run.out).size() == 1);
}

TEST_CASE("a folder keeps its number of partitions") {
  Program program;
  CHECK(program.Run({"publish", "--partitions", "3"}, EventLine(kNoon, Placed("o1", "b1"))).code ==
        0);
  const ProgramRun other = program.Run({"publish", "--partitions", "5"}, "");
  CHECK(other.code == 2);
  CHECK(other.err.find("3 partitions") != std::string::npos);
  CHECK(program.Run({"publish"}, EventLine(kNoon, Placed("o2", "b1"))).code == 0);
}

TEST_CASE("binary events are published by the same rules") {
  Program program;
  const ProgramRun cut =
      program.Run({"publish", "--format", "binary", "--json"}, std::string("\x03\xff\xff\xff\x05"
                                                                           "ab",
                                                                           7));
  CHECK(cut.code == 1);
  const auto lines = LinesOf(cut.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(R"("code":"UNDECODABLE")") != std::string::npos);
  CHECK(lines[1].find("ends within the event") != std::string::npos);
  const ProgramRun endless =
      program.Run({"publish", "--format", "binary"}, std::string(20, '\xff'));
  CHECK(endless.code == 1);
  CHECK(endless.err.rfind("event 1: UNDECODABLE: no length", 0) == 0);
}

}  // namespace
}  // namespace flywheel
