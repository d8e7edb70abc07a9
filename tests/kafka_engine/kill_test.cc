// The publishing program is killed at random moments while its log is on Kafka, and so is the
// broker.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "effort.h"
#include "integration/data_folder_run.h"
#include "integration/kill_driver.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

// From the start of the program to the first acknowledgement.
constexpr double kStartupMillis = 1500;

// Makes the topics as an operator does.
DataFolder NewOnKafka(const TemporaryFolder& folders, const KafkaBroker& broker) {
  DataFolder folder(folders.Path("killed"),
                    "kafka://" + broker.address() + "/" + TestTopic("kill"));
  const ProgramEnd made = RunOn(folder, {"topics", "create", "--partitions", "4"});
  INFO(made.out << made.err);
  REQUIRE(made.code == 0);
  return folder;
}

void CheckFreshFolder(const DataFolder& folder, const TemporaryFolder& folders) {
  const DataFolder fresh(folders.Path("fresh"), folder.log);
  CheckWhole(fresh);
  CHECK(ExportedRatings(fresh) == ExportedRatings(folder));
}

TEST_CASE("a publisher to Kafka that is killed again and again loses nothing, accepts all once") {
  const uint64_t seed = KillSeed("kills on Kafka");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(20, 5);
  const TemporaryFolder folders;
  const DataFolder folder = NewOnKafka(folders, SharedBroker());
  OutsidePublisher publisher(SimulatedEvents(40, static_cast<uint32_t>(12 * rounds), seed % 1000),
                             &random);
  const KillCounts kills = KillAgainAndAgain(folder, kStartupMillis, rounds, &publisher, &random,
                                             [](int) { return nullptr; });
  CHECK(kills.all() > rounds / 2);
  CheckNothingIsLost(folder, &publisher, folders.Path("undisturbed"));
  CheckFreshFolder(folder, folders);
}

TEST_CASE(
    "a broker that is killed or stands still under a publisher that is killed loses nothing") {
  const uint64_t seed = KillSeed("kills of the broker");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(8, 4);
  const TemporaryFolder folders;
  KafkaBroker broker;
  const DataFolder folder = NewOnKafka(folders, broker);
  OutsidePublisher publisher(SimulatedEvents(40, static_cast<uint32_t>(12 * rounds), seed % 1000),
                             &random);
  const Outage killed{[&] { broker.Kill(); }, [&] { broker.Start(); }};
  const Outage paused{[&] { broker.Pause(); }, [&] { broker.Resume(); }};
  const Outage stopped{[&] { broker.Stop(); }, [&] { broker.Start(); }};
  const KillCounts kills =
      KillAgainAndAgain(folder, kStartupMillis, rounds, &publisher, &random, [&](int round) {
        const Outage* const outages[] = {&killed, &paused, &killed, &stopped};
        return outages[round % 4];
      });
  CHECK(kills.all() >= 1);
  CheckNothingIsLost(folder, &publisher, folders.Path("undisturbed"));
  CheckFreshFolder(folder, folders);
}

}  // namespace
}  // namespace flywheel
