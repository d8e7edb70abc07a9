// The program is killed at random moments while it publishes and folds; an outside list of what was
// acknowledged is held against what is there in the end.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "effort.h"
#include "integration/data_folder_run.h"
#include "integration/kill_driver.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// From the start of the program to the first acknowledgement.
constexpr double kStartupMillis = 400;

TEST_CASE("a publisher that is killed a hundred times loses nothing and accepts nothing twice") {
  const uint64_t seed = KillSeed("kill test");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(100, 10);
  const TemporaryFolder folders;
  const std::string folder = folders.Path("killed");
  OutsidePublisher publisher(SimulatedEvents(40, static_cast<uint32_t>(12 * rounds), seed % 1000),
                             &random);
  const KillCounts kills = KillAgainAndAgain(folder, kStartupMillis, rounds, &publisher, &random,
                                             [](int) { return nullptr; });
  CHECK(kills.all() > rounds / 2);
  CheckNothingIsLost(folder, &publisher, folders.Path("undisturbed"));
}

// Kills the command at moments spread over the time that it takes.
int KillOver(const std::string& folder, const std::vector<std::string>& command, int times) {
  const Clock::time_point start = Clock::now();
  REQUIRE(RunOn(folder, command).code == 0);
  const auto whole = std::chrono::duration_cast<microseconds>(Clock::now() - start);
  int killed = 0;
  for (int i = 0; i < times; ++i) {
    RunningProgram program(On(folder, command));
    const Clock::time_point moment = Clock::now() + whole * i / times;
    while (!program.ended() && Clock::now() < moment) {
      program.Pump(std::chrono::duration_cast<microseconds>(moment - Clock::now()));
    }
    program.Signal(SIGKILL);
    if (program.Wait().signal == SIGKILL) ++killed;
  }
  return killed;
}

TEST_CASE("rebuild and verify can be killed at any moment") {
  const TemporaryFolder folders;
  const std::string folder = folders.Path("data");
  REQUIRE(RunOn(folder, {"publish"}, JsonLines(SimulatedEvents(20, 300, 7))).code == 0);
  const std::string before = ExportedRatings(folder);
  // The first kill comes at once, so that one at least finds the command at work.
  CHECK(KillOver(folder, {"rebuild"}, Effort(12, 4)) > 0);
  CHECK(FirstDifference(ExportedRatings(folder), before) == "");
  CHECK(KillOver(folder, {"verify"}, Effort(6, 3)) > 0);
  CheckWhole(folder);
  CHECK(FirstDifference(ExportedRatings(folder), before) == "");
  CHECK(RunOn(folder, {"rebuild"}).code == 0);
}

TEST_CASE(
    "SIGTERM ends publish after its batch: all that is in the log was acknowledged and folded") {
  const TemporaryFolder folders;
  const std::string folder = folders.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(20, 600, 8);
  RunningProgram program(On(folder, {"--json", "publish"}));
  program.Feed(JsonLines(events));
  REQUIRE(program.PumpUntil("accepted"));
  program.Signal(SIGTERM);
  const ProgramEnd& end = program.Wait();
  INFO(end.err);
  CHECK(end.code == 143);
  CHECK(Contains(end.err, "interrupted, the rest was not read"));

  const std::vector<Acknowledgement> taken = AcknowledgementsIn(end.out);
  CHECK(!taken.empty());
  CHECK(taken.size() == LinesOf(end.out).size());
  const LogCounts counts = CountsOf(folder);
  CHECK(counts.records == taken.size());
  CHECK(counts.lag == 0);
  CHECK(counts.accepted + counts.waiting == counts.records);
  CheckWhole(folder);
  // It goes on where it was told to stop.
  CHECK(RunOn(folder, {"publish"}, JsonLines(events)).code == 0);
  CHECK(CountsOf(folder).accepted == events.size());
}

TEST_CASE("SIGTERM ends a publish that waits for its publisher") {
  const TemporaryFolder folders;
  const std::string folder = folders.Path("data");
  RunningProgram program(On(folder, {"--json", "publish"}));
  program.Feed(SimulatedEvents(1, 1, 9).front().JsonLine());
  REQUIRE(program.PumpUntil("accepted"));
  program.Signal(SIGTERM);
  CHECK(program.Wait().code == 143);
  CHECK(CountsOf(folder).records == 1);
}

}  // namespace
}  // namespace flywheel
