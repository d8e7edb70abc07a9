// The publishing program is killed at random moments while its log is on Kafka, and so is the
// broker.
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <string>

#include "effort.h"
#include "integration/data_folder_run.h"
#include "integration/kill_driver.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "kafka_engine/log_on_kafka.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

// From the start of the program to the first acknowledgement.
constexpr double kStartupMillis = 1500;
constexpr int32_t kPartitions = 4;

// One who has never seen any of it folds the same.
void CheckFreshFolder(const DataFolder& folder, const TemporaryFolder& folders) {
  const DataFolder fresh(folders.Path("fresh"), folder.log);
  CheckWhole(fresh);
  CHECK(FirstDifference(ExportedRatings(fresh), ExportedRatings(folder)) == "");
}

TEST_CASE("a publisher to Kafka that is killed again and again loses nothing, accepts all once") {
  const uint64_t seed = KillSeed("kills on Kafka");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(20, 5);
  const TemporaryFolder folders;
  const DataFolder folder =
      NewOnKafka(folders.Path("killed"), SharedBroker(), kPartitions, kPartitions);
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
  KafkaBroker broker(QuickToReturn());
  const DataFolder folder = NewOnKafka(folders.Path("killed"), broker, kPartitions, kPartitions);
  OutsidePublisher publisher(SimulatedEvents(40, static_cast<uint32_t>(12 * rounds), seed % 1000),
                             &random);
  const Outage outages[] = {KillOf(broker), PauseOf(broker), KillOf(broker), StopOf(broker)};
  const KillCounts kills = KillAgainAndAgain(folder, kStartupMillis, rounds, &publisher, &random,
                                             [&](int round) { return &outages[round % 4]; });
  CHECK(kills.all() >= 1);
  CheckNothingIsLost(folder, &publisher, folders.Path("undisturbed"));
  CheckFreshFolder(folder, folders);
}

}  // namespace
}  // namespace flywheel
