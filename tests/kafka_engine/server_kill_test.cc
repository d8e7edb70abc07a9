// A server that reads the inbox of a log on Kafka is killed at random moments and started again,
// and so is the broker: every event of the inbox is in the log, and counts once.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "effort.h"
#include "events/kafka/address.h"
#include "flywheel/events/v1/event.pb.h"
#include "integration/data_folder_run.h"
#include "integration/kill_driver.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "kafka/topic_testing.h"
#include "kafka_engine/log_on_kafka.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int32_t kLogPartitions = 3;
constexpr int32_t kInboxPartitions = 5;
// From the start of a server to the first event that it takes from the inbox.
constexpr double kStartupMillis = 3000;
// From an event in the inbox to the commit that follows it in the log.
constexpr double kTakingMillis = 60;
constexpr uint32_t kOrdersPerRound = 50;

void PumpFor(RunningProgram& program, microseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (!program.ended()) {
    const auto left = std::chrono::duration_cast<microseconds>(end - Clock::now());
    if (left <= microseconds(0)) return;
    program.Pump(left);
  }
}

// Somebody who publishes to the inbox and knows nothing of what becomes of it.
class InboxPublisher {
 public:
  InboxPublisher(std::string broker, std::string topic, std::vector<SimulatedEvent> events,
                 std::mt19937_64* random)
      : tester_(std::move(broker)),
        topic_(std::move(topic)),
        events_(std::move(events)),
        random_(*random) {}

  // So many that were not published yet, in disorder, and some that were.
  void Publish(size_t some) {
    std::vector<const SimulatedEvent*> chosen;
    const size_t from = next_;
    next_ = std::min(next_ + some, events_.size());
    for (size_t i = from; i < next_; ++i) chosen.push_back(&events_[i]);
    for (size_t i = random_() % (some / 4 + 1); i > 0 && from > 0; --i) {
      chosen.push_back(&events_[random_() % from]);
    }
    Shuffle(chosen, random_);
    std::vector<TopicMessage> messages;
    messages.reserve(chosen.size());
    for (const SimulatedEvent* const event : chosen) messages.push_back(MessageOf(*event));
    static const char* const kCodecs[] = {"none", "lz4", "zstd", "gzip", "snappy"};
    tester_.Publish(topic_, messages, {{"compression.type", kCodecs[random_() % 5]}});
    published_ += static_cast<int64_t>(messages.size());
  }
  void PublishRest() { Publish(events_.size() - next_); }

  const std::vector<SimulatedEvent>& events() const { return events_; }
  size_t left() const { return events_.size() - next_; }
  int64_t published() const { return published_; }
  // How many messages of the inbox the group has committed, as far as the broker can say: for a
  // while after its start it does not know.
  int64_t Taken(const std::string& group) {
    try {
      int64_t sum = 0;
      for (const auto& [partition, offset] : tester_.Committed(group, topic_, kInboxPartitions)) {
        sum += offset;
      }
      return sum;
    } catch (const std::runtime_error& error) {
      UNSCOPED_INFO(error.what());
      return 0;
    }
  }

 private:
  TopicMessage MessageOf(const SimulatedEvent& event) {
    TopicMessage message;
    if (random_() % 2 == 0) {
      message.value = event.bytes;
    } else {
      message.value = event.JsonLine();
      message.headers.emplace_back("content-type", "application/json");
    }
    if (random_() % 2 == 0) message.key = event.event_id;
    return message;
  }

  TopicTester tester_;
  const std::string topic_;
  const std::vector<SimulatedEvent> events_;
  std::mt19937_64& random_;
  size_t next_ = 0;
  int64_t published_ = 0;
};

// Everything in the log is an event of the publisher's, byte for byte but for its stamp; gives how
// many different ones there are.
size_t CheckLogged(const DataFolder& folder, const std::vector<SimulatedEvent>& events) {
  std::map<std::string, std::string> expected;
  for (const SimulatedEvent& event : events) expected.emplace(event.event_id, event.bytes);
  std::map<std::string, int> logged;
  for (const auto& partition : EventsInLog(folder)) {
    for (const auto& [offset, bytes] : partition) {
      events::v1::Event event;
      REQUIRE(event.ParseFromString(bytes));
      CHECK(event.has_recorded_at());
      event.clear_recorded_at();
      CHECK(event.SerializeAsString() == expected[event.event_id()]);
      ++logged[event.event_id()];
    }
  }
  return logged.size();
}

class KilledServer {
 public:
  KilledServer(const TemporaryFolder& folders, const KafkaBroker& broker, std::mt19937_64* random)
      : folders_(folders),
        folder_(NewOnKafka(folders.Path("served"), broker, kLogPartitions, kInboxPartitions)),
        address_(KafkaAddress::Parse(folder_.log).value()),
        random_(*random) {}

  const DataFolder& folder() const { return folder_; }
  const KafkaAddress& address() const { return address_; }

  // Events come while it starts, or while it takes what comes; then it is killed.
  void Round(InboxPublisher& publisher, size_t events, const Outage* outage) {
    const bool starting = random_() % 2 == 0;
    if (starting) publisher.Publish(events / 2);
    const auto server = Start();
    if (!starting) {
      publisher.Publish(events / 2);
      WaitUntilTaken(*server, publisher);
    }
    publisher.Publish(events - events / 2);
    if (outage != nullptr) {
      outage->begin();
      PumpFor(*server, RandomDelay(random_, 1, 500));
      outage->end();
    }
    PumpFor(*server, RandomDelay(random_, 0.1, starting ? kStartupMillis : kTakingMillis));
    server->Signal(SIGKILL);
    const ProgramEnd& end = server->Wait();
    INFO(end.err);
    CHECK(end.signal == SIGKILL);
  }

  // Lets it take all that is left, and stops it as an operator does.
  void Finish(InboxPublisher& publisher) {
    const auto server = Start();
    // Before it serves, a signal ends it at once; and there may be nothing left to take.
    REQUIRE(server->PumpUntil("serving on"));
    WaitUntilTaken(*server, publisher);
    server->Signal(SIGTERM);
    const ProgramEnd& end = server->Wait();
    INFO(end.err);
    CHECK(end.code == 0);
  }

 private:
  void WaitUntilTaken(RunningProgram& server, InboxPublisher& publisher) const {
    const Clock::time_point hung = Clock::now() + RunningProgram::kPatience;
    while (publisher.Taken(address_.name() + ".intake") < publisher.published()) {
      INFO(server.err());
      REQUIRE_FALSE(server.ended());
      REQUIRE(Clock::now() < hung);
      PumpFor(server, milliseconds(50));
    }
  }

  std::unique_ptr<RunningProgram> Start() const {
    return std::make_unique<RunningProgram>(On(
        folder_, {"serve", "--listen", "127.0.0.1:0", "--node-id", "node", "--session-timeout", "6",
                  "--checkpoint-interval", "1", "--checkpoints", folders_.Path("checkpoints")}));
  }

  const TemporaryFolder& folders_;
  const DataFolder folder_;
  const KafkaAddress address_;
  std::mt19937_64& random_;
};

TEST_CASE("a server that is killed again and again takes every event of its inbox, each once") {
  const uint64_t seed = KillSeed("kills of a server");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int rounds = Effort(12, 4);
  const TemporaryFolder folders;
  KafkaBroker broker(QuickToReturn());
  KilledServer server(folders, broker, &random);
  InboxPublisher publisher(
      broker.address(), server.address().InboxTopic(),
      SimulatedEvents(40, kOrdersPerRound * static_cast<uint32_t>(rounds), seed % 1000), &random);
  const Outage killed = KillOf(broker);
  const Outage paused = PauseOf(broker);
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    const size_t some = publisher.left() / static_cast<size_t>(rounds - round) + 1;
    server.Round(publisher, some, round % 6 == 1 ? &killed : round % 6 == 3 ? &paused : nullptr);
  }
  publisher.PublishRest();
  server.Finish(publisher);

  const std::vector<SimulatedEvent>& events = publisher.events();
  CHECK(CheckLogged(server.folder(), events) == events.size());
  // The server's own rows, and those of one who has never seen any of it.
  const DataFolder fresh(folders.Path("fresh"), server.folder().log);
  for (const DataFolder& folder : {server.folder(), fresh}) {
    CheckWhole(folder);
    const LogCounts counts = CountsOf(folder);
    CHECK(counts.accepted == events.size());
    CHECK(counts.waiting == 0);
    CHECK(counts.records >= static_cast<uint64_t>(publisher.published()));
    CHECK(counts.accepted + counts.duplicates + counts.repeats == counts.records);
  }
  std::printf("%zu events, %lld messages, %llu records\n", events.size(),
              static_cast<long long>(publisher.published()),
              static_cast<unsigned long long>(CountsOf(fresh).records));
  const std::string undisturbed = folders.Path("undisturbed");
  REQUIRE(RunOn(undisturbed, {"publish"}, JsonLines(events)).code == 0);
  const std::string expected = ExportedRatings(undisturbed);
  CHECK(FirstDifference(ExportedRatings(fresh), expected) == "");
  CHECK(FirstDifference(ExportedRatings(server.folder()), expected) == "");
}

}  // namespace
}  // namespace flywheel
