// The inbox while its broker fails: nothing is lost, it says what is wrong and goes on by itself.
#include <catch2/catch.hpp>
#include <string>

#include "events/kafka/inbox.h"
#include "kafka/inbox_testing.h"
#include "kafka/log_testing.h"

namespace flywheel {
namespace {

// Every order of [0, end), once or more.
bool HasEach(EventLog& log, int end) {
  const std::map<std::string, int> orders = OrdersOf(log);
  for (int i = 0; i < end; ++i) {
    if (orders.count("order-" + std::to_string(i)) == 0) return false;
  }
  return true;
}

KafkaInboxOptions SmallBatches() {
  KafkaInboxOptions options = QuickOptions();
  options.max_batch_messages = 10;
  options.consumer.request_timeout = absl::Seconds(1);
  options.consumer.session_timeout = absl::Seconds(6);
  return options;
}

TEST_CASE("a broker that is killed in the middle, or away at the start, is waited for") {
  KafkaBroker broker;
  InboxWorld world(broker, "killed");
  world.MakeInbox(3);
  world.Publish(PaidMessages(0, 300));
  const auto inbox = world.Start(SmallBatches());
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() >= 50; }));
  broker.Kill();
  REQUIRE(HoldsSoon([&] { return absl::IsUnavailable(inbox->state().status); }));
  CHECK(inbox->state().status.message().find("127.0.0.1") != std::string_view::npos);
  // A second one, that has never seen the broker.
  InboxWorld late(broker, "late");
  const auto waiting = late.Start(SmallBatches());
  REQUIRE(HoldsSoon([&] { return waiting->state().status.message().size() > 30; }));
  CHECK(absl::IsUnavailable(waiting->state().status));
  broker.Start();
  late.MakeInbox(1);
  world.Publish(PaidMessages(300, 400));
  late.Publish(PaidMessages(0, 10));
  REQUIRE(HoldsSoon([&] { return HasEach(world.log, 400); }));
  REQUIRE(HoldsSoon([&] { return HasEach(late.log, 10); }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 3); }));
  CHECK(HoldsSoon([&] { return inbox->state().status.ok(); }));
  CHECK(inbox->state().losses == 0);
}

TEST_CASE("a broker that stands still for longer than all timeouts loses nothing") {
  KafkaBroker broker;
  InboxWorld world(broker, "paused");
  MakeTopics(world.address, 3);
  const auto log = OpenOn(world.address, ShortTimeouts());
  const auto store = KafkaRefusedStore::Make(world.address, KafkaSettings(), {}).value();
  std::vector<TopicMessage> messages = PaidMessages(0, 300);
  for (int i = 0; i < 30; ++i) messages.emplace_back().value = "garbage " + std::to_string(i);
  KafkaInboxOptions options = SmallBatches();
  // The broker stops between a batch's reading and its append.
  std::atomic<int> batches = 0;
  options.on_step = [&](InboxStep step) {
    if (step == InboxStep::kPrepared && ++batches == 5) broker.Pause();
  };
  world.Publish(messages);
  const auto inbox = KafkaInbox::Start(
                         world.address, KafkaSettings(), log.get(), store.get(),
                         [&] { return world.policies; }, WallClock, options)
                         .value();
  REQUIRE(HoldsSoon([&] { return inbox->state().written.failed_appends > 0; }));
  CHECK(inbox->state().in_hand > 0);
  const IntakeRefusal refusal{RefusalCode::kInvalid, "", "x", ""};
  const auto other = KafkaRefusedStore::Make(world.address, KafkaSettings(), {}).value();
  const RefusedBytes bytes[] = {{"t", "0@0", "x", &refusal}};
  CHECK(absl::IsUnavailable(other->Put(bytes, absl::Seconds(1))));
  broker.Resume();
  REQUIRE(HoldsSoon([&] { return other->Put(bytes, absl::Seconds(5)).ok(); }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 3); }));
  CHECK(HasEach(*log, 300));
  CHECK(RefusedOf(*log).size() == 30);
  CHECK(inbox->state().losses == 0);
  CHECK(inbox->state().written.bytes_lost == 0);
}

TEST_CASE("an inbox stops although its broker stands still") {
  KafkaBroker broker;
  InboxWorld world(broker, "stopping");
  world.MakeInbox(2);
  world.Publish(PaidMessages(0, 100));
  KafkaInboxOptions options = SmallBatches();
  options.stop_timeout = absl::Seconds(1);
  options.consumer.close_timeout = absl::Seconds(1);
  const auto inbox = world.Start(options);
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 100; }));
  broker.Pause();
  inbox->Stop();
  CHECK(absl::IsCancelled(inbox->state().status));
  broker.Resume();
  const auto next = world.Start(options);
  world.Publish(PaidMessages(100, 110));
  REQUIRE(HoldsSoon([&] { return HasEach(world.log, 110); }));
}

// The ACL by which the stranger may do the operation, e.g. {"--topic", "x", "--operation", "Read"}.
void Allow(const KafkaBroker& broker, std::vector<std::string> what) {
  std::vector<std::string> arguments = {"org.apache.kafka.tools.AclCommand", "--add",
                                        "--allow-principal",
                                        "User:" + std::string(KafkaBroker::kStranger)};
  arguments.insert(arguments.end(), what.begin(), what.end());
  const KafkaBroker::ToolRun run = broker.RunTool(arguments);
  INFO(run.output);
  REQUIRE(run.code == 0);
}

TEST_CASE("a right that is missing is said, and waited for") {
  KafkaBroker::Options options;
  options.secure = true;
  KafkaBroker broker(options);
  InboxWorld world(broker, "rights");
  world.tester = TopicTester(broker.open_address());
  world.MakeInbox(1);
  world.Publish(PaidMessages(0, 10));
  const auto settings_of = [&broker](std::string_view password) {
    KafkaSettings settings;
    for (const auto& [name, value] : broker.ClientSettings(KafkaBroker::kStranger, password)) {
      if (name == "bootstrap.servers") continue;
      REQUIRE(settings.Set(name, value).ok());
    }
    return settings;
  };
  const auto require_denied = [](const KafkaInbox& inbox, const std::string& words) {
    const bool denied = HoldsSoon([&] {
      const absl::Status status = inbox.state().status;
      return absl::IsPermissionDenied(status) && status.ToString().find(words) != std::string::npos;
    });
    INFO(inbox.state().status);
    REQUIRE(denied);
  };
  {
    const auto inbox = world.Start(SmallBatches(), settings_of("wrong"));
    require_denied(*inbox, "does not let this client in");
  }
  const auto inbox = world.Start(SmallBatches(), settings_of(""));
  require_denied(*inbox, world.inbox_topic());
  Allow(broker, {"--topic", world.inbox_topic(), "--operation", "Read"});
  require_denied(*inbox, "Group authorization failed");
  CHECK(OrdersOf(world.log).empty());
  Allow(broker, {"--group", world.name + ".intake", "--operation", "Read"});
  REQUIRE(HoldsSoon([&] { return HasEach(world.log, 10); }));
  CHECK(HoldsSoon([&] { return inbox->state().status.ok(); }));
}

}  // namespace
}  // namespace flywheel
