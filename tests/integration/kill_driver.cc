#include "integration/kill_driver.h"

#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "flywheel/events/v1/event.pb.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr const char* kSeedVariable = "FLYWHEEL_KILL_SEED";
constexpr const char* kAsOf = "2025-06-01T00:00:00Z";
// How long the log's server is away, beside what its start takes.
constexpr double kShortestOutageMillis = 1;
constexpr double kLongestOutageMillis = 1500;
// The program waits for the log's server for half a minute; where that is slower to come back, what
// was not taken is not acknowledged.
constexpr int kLogIsAway = 4;

size_t LinesOut(const RunningProgram& program) {
  return static_cast<size_t>(std::count(program.out().begin(), program.out().end(), '\n'));
}

}  // namespace

uint64_t KillSeed(const char* test) {
  const char* given = std::getenv(kSeedVariable);
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("%s: %s=%llu\n", test, kSeedVariable, static_cast<unsigned long long>(seed));
  return seed;
}

microseconds RandomDelay(std::mt19937_64& random, double from_millis, double to_millis) {
  const double share = static_cast<double>(random() % 1'000'000) / 1e6;
  return microseconds(
      static_cast<int64_t>(1000 * from_millis * std::pow(to_millis / from_millis, share)));
}

// ---------------------------------------------------------------- the publisher outside

size_t OutsidePublisher::left() const {
  return static_cast<size_t>(std::count(acknowledged_.begin(), acknowledged_.end(), false));
}

std::vector<size_t> OutsidePublisher::Choose(size_t some) {
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

void OutsidePublisher::Take(const std::vector<size_t>& offered,
                            const std::vector<Acknowledgement>& taken) {
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

void OutsidePublisher::CheckPlaces(const DataFolder& folder) const {
  const LoggedEvents log = EventsInLog(folder);
  for (const auto& [place, index] : places_) {
    REQUIRE(static_cast<size_t>(place.first) < log.size());
    const std::map<int64_t, std::string>& partition = log[static_cast<size_t>(place.first)];
    const auto found = partition.find(place.second);
    REQUIRE(found != partition.end());
    events::v1::Event stored;
    REQUIRE(stored.ParseFromString(found->second));
    CHECK(stored.has_recorded_at());
    stored.clear_recorded_at();
    CHECK(stored.SerializeAsString() == events_[index].bytes);
  }
}

// ---------------------------------------------------------------- a round

KillRound::KillRound(DataFolder folder, double startup_millis, OutsidePublisher* publisher,
                     std::mt19937_64* random)
    : folder_(std::move(folder)),
      startup_millis_(startup_millis),
      publisher_(*publisher),
      random_(*random),
      binary_(random_() % 2 == 0),
      window_(size_t{1} << random_() % 10) {}

bool KillRound::Run(size_t events, const Outage* outage) {
  offered_ = publisher_.Choose(events);
  RunningProgram program(
      On(folder_, {"--json", "publish", "-", "--format", binary_ ? "binary" : "jsonl"}));
  if (outage != nullptr) {
    RunThrough(program, *outage);
  } else {
    RunToItsDeath(program);
  }
  program.Signal(SIGKILL);
  const ProgramEnd& end = program.Wait();
  INFO(end.err);
  const bool gave_up = outage != nullptr && end.code == kLogIsAway;
  CHECK((end.signal == SIGKILL || end.code == 0 || gave_up));
  const std::vector<Acknowledgement> taken = AcknowledgementsIn(end.out);
  taken_ = taken.size();
  publisher_.Take(offered_, taken);
  return end.signal == SIGKILL;
}

void KillRound::RunToItsDeath(RunningProgram& program) {
  switch (random_() % 3) {
    case 0:  // from recovery and the fold at the start to the publishing
      PumpFor(program, RandomDelay(random_, 1, startup_millis_));
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
}

void KillRound::RunThrough(RunningProgram& program, const Outage& outage) {
  PumpUntilTaken(program, random_() % (offered_.size() + 1));
  outage.begin();
  PumpFor(program, RandomDelay(random_, kShortestOutageMillis, kLongestOutageMillis));
  // A third dies while there is no server, the others after it is back.
  const bool dies_within = random_() % 3 == 0;
  if (dies_within) program.Signal(SIGKILL);
  outage.end();
  if (dies_within) return;
  PumpUntilTaken(program, random_() % (offered_.size() + 1));
  PumpFor(program, RandomDelay(random_, 0.01, 100));
}

// Feeds pieces of random size, so that batches are of every size, and no more than the window ahead
// of what was acknowledged.
void KillRound::FeedSome(RunningProgram& program) {
  if (program.unfed() > 0 || fed_ >= LinesOut(program) + window_) return;
  for (size_t piece = random_() % 16 + 1; piece > 0 && fed_ < offered_.size(); --piece) {
    const SimulatedEvent& event = publisher_.events()[offered_[fed_++]];
    program.Feed(binary_ ? event.BinaryFrame() : event.JsonLine());
  }
}

void KillRound::PumpFor(RunningProgram& program, microseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (!program.ended()) {
    const auto left = std::chrono::duration_cast<microseconds>(end - Clock::now());
    if (left <= microseconds(0)) return;
    FeedSome(program);
    program.Pump(left);
  }
}

void KillRound::PumpUntilTaken(RunningProgram& program, size_t lines) {
  const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
  while (!program.ended() && LinesOut(program) < lines) {
    REQUIRE(Clock::now() < hung);
    FeedSome(program);
    program.Pump(std::chrono::milliseconds(20));
  }
}

// ---------------------------------------------------------------- the whole

KillCounts KillAgainAndAgain(const DataFolder& folder, double startup_millis, int rounds,
                             OutsidePublisher* publisher, std::mt19937_64* random,
                             const std::function<const Outage*(int round)>& outage_of) {
  KillCounts counts;
  for (int each = 0; each < rounds; ++each) {
    CAPTURE(each);
    const size_t some = publisher->left() / static_cast<size_t>(rounds - each) * 2 + 20;
    KillRound round(folder, startup_millis, publisher, random);
    if (!round.Run(some, outage_of(each))) continue;
    ++(round.taken() == 0                ? counts.before
       : round.taken() < round.offered() ? counts.within
                                         : counts.after);
  }
  std::printf("killed %d times before, %d while and %d after the events were acknowledged\n",
              counts.before, counts.within, counts.after);
  return counts;
}

void CheckNothingIsLost(const DataFolder& folder, OutsidePublisher* publisher,
                        const std::string& undisturbed) {
  const std::vector<SimulatedEvent>& events = publisher->events();
  // What is left, with a good part of the rest once more.
  const std::vector<size_t> rest = publisher->Choose(events.size());
  std::string lines;
  for (const size_t index : rest) lines += events[index].JsonLine();
  const ProgramEnd last = RunOn(folder, {"--json", "publish"}, lines);
  INFO(last.err);
  REQUIRE(last.code == 0);
  publisher->Take(rest, AcknowledgementsIn(last.out));
  REQUIRE(publisher->left() == 0);

  CheckWhole(folder);
  publisher->CheckPlaces(folder);
  const LogCounts counts = CountsOf(folder);
  CHECK(counts.lag == 0);
  CHECK(counts.records >= publisher->places());
  CHECK(counts.accepted == events.size());
  CHECK(counts.waiting == 0);
  CHECK(counts.accepted + counts.duplicates + counts.repeats == counts.records);

  REQUIRE(RunOn(undisturbed, {"publish"}, JsonLines(events)).code == 0);
  CHECK(CountsOf(undisturbed).accepted == events.size());
  CHECK(CountsOf(undisturbed).records == events.size());
  CHECK(FirstDifference(ExportedRatings(folder), ExportedRatings(undisturbed)) == "");
}

std::string ExportedRatings(const DataFolder& folder) {
  const ProgramEnd end = RunOn(folder, {"export", "rating", "--as-of", kAsOf});
  INFO(end.err);
  REQUIRE(end.code == 0);
  CHECK(LinesOf(end.out).size() > 10);
  return end.out;
}

}  // namespace flywheel
