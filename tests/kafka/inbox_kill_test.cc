// A process that runs the inbox is killed between any two of its steps, again and again; what the
// log then holds is held against what was published, and folded.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "events/embedded/embedded_log.h"
#include "kafka/child_process.h"
#include "kafka/inbox_testing.h"
#include "kafka/log_testing.h"
#include "projections/cell/cell.h"
#include "projections/store/memory_store.h"

namespace flywheel {
namespace {

constexpr int32_t kLogPartitions = 2;
constexpr int32_t kInboxPartitions = 3;
constexpr int kGood = 200;
constexpr int kGarbage = 40;

// What the child is told by its environment.
constexpr const char* kChildAddress = "FLYWHEEL_TEST_INBOX";
constexpr const char* kChildLog = "FLYWHEEL_TEST_LOG";    // a folder, or "kafka"
constexpr const char* kChildStep = "FLYWHEEL_TEST_STEP";  // of InboxStep; -1: until all is read
constexpr const char* kChildCount = "FLYWHEEL_TEST_COUNT";
constexpr int kChildFinished = 40;

std::unique_ptr<EventLog> OpenLogOf(const std::string& what, const KafkaAddress& address) {
  if (what == "kafka") return OpenOn(address);
  EmbeddedLogOptions options;
  options.partitions = kLogPartitions;
  return EmbeddedLog::Open(what, options).value();
}

// The child: reads the inbox until it kills itself after the step.
[[noreturn]] void RunChild() {
  const auto address = KafkaAddress::Parse(std::getenv(kChildAddress)).value();
  const auto log = OpenLogOf(std::getenv(kChildLog), address);
  const auto store = KafkaRefusedStore::Make(address, KafkaSettings(), {}).value();
  const auto policies = std::make_shared<const PolicyBook>(PolicyBook::BuiltIn());
  const int step = std::atoi(std::getenv(kChildStep));
  int left = std::atoi(std::getenv(kChildCount));
  KafkaInboxOptions options = QuickOptions();
  options.consumer.node_id = "node-1";  // takes its dead predecessor's place at once
  options.max_batch_messages = 7;
  options.on_step = [&](InboxStep reached) {
    if (static_cast<int>(reached) == step && --left == 0) ::kill(::getpid(), SIGKILL);
  };
  const auto inbox = KafkaInbox::Start(
                         address, KafkaSettings(), log.get(), store.get(), [&] { return policies; },
                         WallClock, options)
                         .value();
  const bool caught_up = HoldsSoon([&] { return HasCaughtUp(*inbox, kInboxPartitions); });
  inbox->Stop();
  ::_exit(caught_up ? kChildFinished : 1);
}

TEST_CASE("the child of the test of kills", "[.inbox_child]") {
  if (std::getenv(kChildAddress) != nullptr) RunChild();
}

// Events that a fold accepts, and garbage that differs.
std::vector<TopicMessage> Messages() {
  std::vector<TopicMessage> messages;
  for (int i = 0; i < kGood; ++i) {
    sample::pb::Event event = sample::FullEvent(EventKind::kOrderPlaced);
    event.set_seller_id("seller-" + std::to_string(i % 20));
    event.mutable_order_placed()->set_order_id("order-" + std::to_string(i));
    messages.emplace_back().value = event.SerializeAsString();
    if (i % (kGood / kGarbage) != 0) continue;
    messages.emplace_back().value = "garbage " + std::to_string(i);
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    messages[i].partition = static_cast<int32_t>(i % kInboxPartitions);
  }
  return messages;
}

// What became of the records when they are folded.
RecordCounts Fold(EventLog& log) {
  RecordCounts sum;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    const auto cell =
        Cell::Open(&log, Partition(p), std::make_unique<MemoryStore>(), CellOptions()).value();
    REQUIRE(cell->CatchUp(log.EndOffset(Partition(p)).value(), [](const CellRow&) {}).ok());
    const RecordCounts& counts = cell->position().counts;
    sum.records += counts.records;
    sum.accepted += counts.accepted;
    sum.duplicates += counts.duplicates;
    sum.repeats += counts.repeats;
    sum.waiting += counts.waiting;
    for (size_t i = 0; i < counts.refused.size(); ++i) sum.refused[i] += counts.refused[i];
  }
  return sum;
}

int RunUntil(const KafkaAddress& address, const std::string& log, int step, int count,
             const std::string& output) {
  ChildProcess child(
      {"/usr/bin/env", kChildAddress + ("=" + address.ToText()), kChildLog + ("=" + log),
       kChildStep + ("=" + std::to_string(step)), kChildCount + ("=" + std::to_string(count)),
       std::filesystem::read_symlink("/proc/self/exe").string(), "[inbox_child]"},
      output);
  REQUIRE(child.WaitForEnd(KafkaBroker::kPatience));
  return child.code();
}

void KillAgainAndAgain(const std::string& stem, bool embedded) {
  InboxWorld world(SharedBroker(), stem);
  MakeTopics(world.address, kLogPartitions);
  world.tester.AddPartitions(world.inbox_topic(), kInboxPartitions);
  world.Publish(Messages());
  std::string folder = (std::filesystem::temp_directory_path() / "flywheel_inbox_XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const std::string log_name = embedded ? folder + "/log" : "kafka";
  if (embedded) OpenLogOf(log_name, world.address).reset();
  const std::string output = folder + "/child";

  int kills = 0;
  for (int round = 0; round < 2; ++round) {
    for (const InboxStep step :
         {InboxStep::kRead, InboxStep::kPrepared, InboxStep::kAppended, InboxStep::kCommitted}) {
      const int code = RunUntil(world.address, log_name, static_cast<int>(step), 1 + round, output);
      INFO("step " << static_cast<int>(step) << ", the child ended with " << code);
      CHECK(code == 128 + SIGKILL);
      kills += code == 128 + SIGKILL ? 1 : 0;
    }
  }
  CHECK(kills == 8);
  CHECK(RunUntil(world.address, log_name, -1, 0, output) == kChildFinished);

  const auto log = OpenLogOf(log_name, world.address);
  std::set<std::string> orders;
  std::set<std::string> places;
  size_t records = 0;
  for (const log::v1::Record& record : RecordsOf(*log)) {
    ++records;
    if (record.has_event()) orders.insert(record.event().order_placed().order_id());
    if (record.has_refused()) places.insert(record.refused().source_place());
  }
  CHECK(orders.size() == kGood);
  CHECK(places.size() == kGarbage);
  // Two of the kills came after an append and before its commit.
  CHECK(records > kGood + kGarbage);
  const RecordCounts counts = Fold(*log);
  CHECK(counts.records == records);
  CHECK(counts.accepted == kGood);
  CHECK(counts.refused_in_all() == kGarbage);
  CHECK(counts.waiting == 0);
  CHECK(counts.duplicates + counts.repeats == records - kGood - kGarbage);
  // The bytes of every refusal stand in the side store.
  std::set<std::string> kept;
  for (const TopicMessage& each : world.tester.ReadAll(world.address.RefusedTopic(), 1)) {
    kept.insert(each.key.value());
  }
  CHECK(kept == places);
  std::filesystem::remove_all(folder);
}

TEST_CASE("kill -9 between any two steps: the embedded log has every message, repeats only count") {
  KillAgainAndAgain("kill_embedded", /*embedded=*/true);
}

TEST_CASE("kill -9 between any two steps: the log on Kafka has every message, repeats only count") {
  KillAgainAndAgain("kill_kafka", /*embedded=*/false);
}

}  // namespace
}  // namespace flywheel
