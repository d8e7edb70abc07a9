// The program is killed at random moments while it publishes and folds; an outside list of what was
// acknowledged is held against what is there in the end.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "effort.h"
#include "flywheel/events/v1/event.pb.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr const char* kSeedVariable = "FLYWHEEL_KILL_SEED";
constexpr const char* kAsOf = "2025-06-01T00:00:00Z";

uint64_t Seed() {
  const char* given = std::getenv(kSeedVariable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// Log-uniform: as many moments within the first milliseconds as later.
microseconds RandomDelay(std::mt19937_64& random, double from_millis, double to_millis) {
  const double share = static_cast<double>(random() % 1'000'000) / 1e6;
  return microseconds(
      static_cast<int64_t>(1000 * from_millis * std::pow(to_millis / from_millis, share)));
}

// What a publisher outside knows: which events it has to publish, and which were acknowledged.
class Publisher {
 public:
  Publisher(std::vector<SimulatedEvent> events, std::mt19937_64* random)
      : events_(std::move(events)), acknowledged_(events_.size(), false), random_(*random) {}

  size_t left() const {
    return static_cast<size_t>(std::count(acknowledged_.begin(), acknowledged_.end(), false));
  }

  // Indexes of events to offer: about `some` that were not acknowledged, in disorder, and at
  // random some that were.
  std::vector<size_t> Choose(size_t some) {
    std::vector<size_t> chosen;
    for (size_t i = 0; i < events_.size() && chosen.size() < some; ++i) {
      if (!acknowledged_[i]) chosen.push_back(i);
    }
    const size_t again = random_() % 2 == 0 ? random_() % (some / 4 + 1) : 0;
    for (size_t i = 0; i < again; ++i) {
      const size_t index = random_() % events_.size();
      if (acknowledged_[index]) chosen.push_back(index);
    }
    if (random_() % 3 == 0) Shuffle(chosen, random_);
    return chosen;
  }

  // `offered` are the events by line.
  void Take(const std::vector<size_t>& offered, const std::vector<Acknowledgement>& taken) {
    for (const Acknowledgement& each : taken) {
      REQUIRE(each.line >= 1);
      REQUIRE(each.line <= static_cast<int64_t>(offered.size()));
      const size_t index = offered[static_cast<size_t>(each.line - 1)];
      CHECK(each.event_id == events_[index].event_id);
      acknowledged_[index] = true;
      // A place is acknowledged once.
      const bool is_new = places_.emplace(std::pair(each.partition, each.offset), index).second;
      CHECK(is_new);
    }
  }

  const SimulatedEvent& event(size_t index) const { return events_[index]; }
  size_t places() const { return places_.size(); }

  // Each acknowledged event stands in the log where it was acknowledged, as it was published.
  void CheckPlaces(const std::string& folder) const {
    const std::vector<std::vector<std::string>> log = EventsInLog(folder);
    for (const auto& [place, index] : places_) {
      REQUIRE(static_cast<size_t>(place.first) < log.size());
      const std::vector<std::string>& partition = log[static_cast<size_t>(place.first)];
      REQUIRE(static_cast<size_t>(place.second) < partition.size());
      events::v1::Event stored;
      REQUIRE(stored.ParseFromString(partition[static_cast<size_t>(place.second)]));
      CHECK(stored.has_recorded_at());
      stored.clear_recorded_at();
      CHECK(stored.SerializeAsString() == events_[index].bytes);
    }
  }

 private:
  std::vector<SimulatedEvent> events_;
  std::vector<bool> acknowledged_;
  std::map<std::pair<int32_t, int64_t>, size_t> places_;
  std::mt19937_64& random_;
};

// One process from its start to its death.
class Round {
 public:
  Round(const std::string& folder, Publisher* publisher, std::mt19937_64* random)
      : publisher_(*publisher),
        random_(*random),
        binary_(random_() % 2 == 0),
        window_(size_t{1} << random_() % 10),
        folder_(folder) {}

  // Gives whether it was killed (it may have ended before).
  bool Run(size_t events) {
    offered_ = publisher_.Choose(events);
    RunningProgram program(
        On(folder_, {"--json", "publish", "-", "--format", binary_ ? "binary" : "jsonl"}));
    switch (random_() % 3) {
      case 0:  // from recovery and the fold at the start to the publishing
        PumpFor(program, RandomDelay(random_, 1, 400));
        break;
      case 1:  // while publishing
        PumpUntilTaken(program, random_() % (offered_.size() + 1));
        PumpFor(program, RandomDelay(random_, 0.01, 5));
        break;
      default:  // near the end: the last fold
        PumpUntilTaken(program, offered_.size());
        program.EndInput();
        PumpFor(program, RandomDelay(random_, 0.1, 100));
        break;
    }
    program.Signal(SIGKILL);
    const ProgramEnd& end = program.Wait();
    INFO(end.err);
    CHECK((end.signal == SIGKILL || (end.signal == 0 && end.code == 0)));
    const std::vector<Acknowledgement> taken = AcknowledgementsIn(end.out);
    taken_ = taken.size();
    publisher_.Take(offered_, taken);
    return end.signal == SIGKILL;
  }
  size_t offered() const { return offered_.size(); }
  size_t taken() const { return taken_; }

 private:
  // Feeds pieces of random size, so that batches are of every size, and no more than the window
  // ahead of what was acknowledged.
  void FeedSome(RunningProgram& program) {
    if (program.unfed() > 0 || fed_ >= LinesOut(program) + window_) return;
    for (size_t piece = random_() % 16 + 1; piece > 0 && fed_ < offered_.size(); --piece) {
      const SimulatedEvent& event = publisher_.event(offered_[fed_++]);
      program.Feed(binary_ ? event.BinaryFrame() : event.JsonLine());
    }
  }

  void PumpFor(RunningProgram& program, microseconds time) {
    const Clock::time_point end = Clock::now() + time;
    while (!program.ended()) {
      const auto left = std::chrono::duration_cast<microseconds>(end - Clock::now());
      if (left <= microseconds(0)) return;
      FeedSome(program);
      program.Pump(left);
    }
  }

  void PumpUntilTaken(RunningProgram& program, size_t lines) {
    const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
    while (!program.ended() && LinesOut(program) < lines) {
      REQUIRE(Clock::now() < hung);
      FeedSome(program);
      program.Pump(std::chrono::milliseconds(20));
    }
  }

  static size_t LinesOut(const RunningProgram& program) {
    return static_cast<size_t>(std::count(program.out().begin(), program.out().end(), '\n'));
  }

  Publisher& publisher_;
  std::mt19937_64& random_;
  const bool binary_;
  const size_t window_;
  const std::string folder_;
  std::vector<size_t> offered_;
  size_t fed_ = 0;
  size_t taken_ = 0;
};

std::string Export(const std::string& folder) {
  const ProgramEnd end = RunOn(folder, {"export", "rating", "--as-of", kAsOf});
  INFO(end.err);
  REQUIRE(end.code == 0);
  CHECK(LinesOf(end.out).size() > 10);
  return end.out;
}

TEST_CASE("a publisher that is killed a hundred times loses nothing and accepts nothing twice") {
  const uint64_t seed = Seed();
  std::printf("kill test: %s=%llu\n", kSeedVariable, static_cast<unsigned long long>(seed));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(100, 10);
  const TemporaryFolder folders;
  const std::string folder = folders.Path("killed");
  const std::vector<SimulatedEvent> events =
      SimulatedEvents(40, static_cast<uint32_t>(12 * rounds), seed % 1000);
  Publisher publisher(events, &random);

  // Rounds that were killed before, while and after their events were acknowledged.
  int before = 0;
  int within = 0;
  int after = 0;
  for (int each = 0; each < rounds; ++each) {
    CAPTURE(each);
    const size_t some = publisher.left() / static_cast<size_t>(rounds - each) * 2 + 20;
    Round round(folder, &publisher, &random);
    if (!round.Run(some)) continue;
    ++(round.taken() == 0 ? before : round.taken() < round.offered() ? within : after);
  }
  std::printf("killed %d times before, %d while and %d after the events were acknowledged\n",
              before, within, after);
  CHECK(before + within + after > rounds / 2);

  // What is left is published in peace, with a good part of the rest once more.
  const std::vector<size_t> rest = publisher.Choose(events.size());
  std::string lines;
  for (const size_t index : rest) lines += events[index].JsonLine();
  const ProgramEnd last = RunOn(folder, {"--json", "publish"}, lines);
  INFO(last.err);
  REQUIRE(last.code == 0);
  publisher.Take(rest, AcknowledgementsIn(last.out));
  REQUIRE(publisher.left() == 0);

  CheckWhole(folder);
  publisher.CheckPlaces(folder);
  const LogCounts counts = CountsOf(folder);
  CHECK(counts.lag == 0);
  CHECK(counts.records >= publisher.places());
  CHECK(counts.accepted == events.size());
  CHECK(counts.waiting == 0);
  CHECK(counts.accepted + counts.duplicates + counts.repeats == counts.records);

  const std::string undisturbed = folders.Path("undisturbed");
  REQUIRE(RunOn(undisturbed, {"publish"}, JsonLines(events)).code == 0);
  CHECK(CountsOf(undisturbed).accepted == events.size());
  CHECK(CountsOf(undisturbed).records == events.size());
  CHECK(Export(folder) == Export(undisturbed));
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
  const std::string before = Export(folder);
  // The first kill comes at once, so that one at least finds the command at work.
  CHECK(KillOver(folder, {"rebuild"}, Effort(12, 4)) > 0);
  CHECK(Export(folder) == before);
  CHECK(KillOver(folder, {"verify"}, Effort(6, 3)) > 0);
  CheckWhole(folder);
  CHECK(Export(folder) == before);
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
