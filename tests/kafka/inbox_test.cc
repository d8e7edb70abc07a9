// The inbox on a real broker: whatever publishers write, and what becomes of it.
#include "events/kafka/inbox.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <stdexcept>
#include <string>

#include "events/event_json.h"
#include "events/inbox_message.h"
#include "kafka/inbox_testing.h"

namespace flywheel {
namespace {

// Every order of [0, end) once, and no other.
bool HasEachOnce(EventLog& log, int end) {
  const std::map<std::string, int> orders = OrdersOf(log);
  if (orders.size() != static_cast<size_t>(end)) return false;
  for (int i = 0; i < end; ++i) {
    const auto found = orders.find("order-" + std::to_string(i));
    if (found == orders.end() || found->second != 1) return false;
  }
  return true;
}

TEST_CASE("any key, partition and compression of the inbox is read") {
  InboxWorld world(SharedBroker(), "keys");
  world.MakeInbox(3);
  const auto inbox = world.Start();
  int number = 0;
  for (const char* compression : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    for (const char* partitioner : {"random", "consistent", "murmur2_random", "fnv1a"}) {
      std::vector<TopicMessage> messages = PaidMessages(number, number + 20);
      number += 20;
      const std::optional<std::string> keys[] = {
          std::nullopt, "", "seller", std::string("\0\xFF\n", 3), std::string(10'000, 'k'), "{}"};
      for (size_t i = 0; i < messages.size(); ++i) messages[i].key = keys[i % std::size(keys)];
      world.Publish(messages, {{"compression.type", compression}, {"partitioner", partitioner}});
    }
  }
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == static_cast<size_t>(number); }));
  CHECK(HasEachOnce(world.log, number));
  CHECK(RefusedOf(world.log).empty());
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 3); }));
  CHECK(inbox->state().messages == static_cast<uint64_t>(number));
  CHECK(inbox->state().written.accepted == static_cast<uint64_t>(number));
  CHECK(inbox->state().status.ok());
  // Records lie where their sellers do, not where the publisher's key says.
  for (int32_t p = 0; p < 4; ++p) {
    const RecordBatch batch = world.log.Read(Partition(p), Offset(0), {}).value();
    for (const LogRecord& each : batch.records) {
      log::v1::Record record;
      REQUIRE(record.ParseFromArray(each.bytes.data(), static_cast<int>(each.bytes.size())));
      CHECK(PartitionOf(record.event().seller_id(), 4) == Partition(p));
    }
  }
  // The offsets are the group's, so the next one goes on.
  inbox->Stop();
  int64_t committed = 0;
  for (const auto& [partition, offset] :
       world.tester.Committed(world.name + ".intake", world.inbox_topic(), 3)) {
    committed += offset;
  }
  CHECK(committed == number);
  world.Publish(PaidMessages(number, number + 10));
  const auto next = world.Start();
  REQUIRE(
      HoldsSoon([&] { return OrdersOf(world.log).size() == static_cast<size_t>(number + 10); }));
  CHECK(HasEachOnce(world.log, number + 10));
  CHECK(next->state().messages == 10);
}

TEST_CASE("CloudEvents, Confluent's framing and JSON are read like plain bytes") {
  InboxWorld world(SharedBroker(), "forms");
  world.MakeInbox(2);
  const std::string bytes = PaidEvent("order-0").SerializeAsString();
  sample::pb::Event bare = PaidEvent("order-3");
  bare.clear_event_id();
  bare.clear_occurred_at();
  bare.clear_source();
  std::vector<TopicMessage> messages(4);
  messages[0].value = bytes;
  messages[1].value = std::string("\0\0\0\0\7\0", 6) + PaidEvent("order-1").SerializeAsString();
  messages[2].value = EventToJson(PaidEvent("order-2").SerializeAsString()).value();
  messages[2].headers = {{"content-type", "application/json"}};
  messages[3].value = bare.SerializeAsString();
  messages[3].headers = {{"ce_specversion", "1.0"},
                         {"ce_type", "flywheel.events.v1.OrderPaid"},
                         {"ce_id", "payment-17"},
                         {"ce_source", "/payments"},
                         {"ce_time", "2024-03-01T12:00:00.5Z"},
                         {"ce_subject", std::nullopt}};
  world.Publish(messages);
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 4; }));
  CHECK(HasEachOnce(world.log, 4));
  for (const log::v1::Record& record : RecordsOf(world.log)) {
    if (record.event().order_paid().order_id() != "order-3") continue;
    CHECK(record.event().source() == "/payments");
    CHECK(record.event().event_id() == IdOfCloudEvent("/payments", "payment-17"));
    CHECK(record.event().occurred_at().nanos() == 500'000'000);
  }
}

TEST_CASE("garbage becomes Refused records with its place, and its bytes go to the refused topic") {
  InboxWorld world(SharedBroker(), "garbage");
  world.MakeInbox(3);
  world.tester.Create(world.address.RefusedTopic(), 1);
  const auto store = KafkaRefusedStore::Make(world.address, KafkaSettings(), {}).value();
  world.refused = store.get();

  sample::pb::Event elsewhere = PaidEvent("x");
  elsewhere.set_market("XX");
  sample::pb::Event own = sample::FullEvent(EventKind::kTimePassed);
  std::vector<TopicMessage> messages(12);
  messages[0].value = std::nullopt;
  messages[1].value = "";
  messages[2].value = "\xFF\xFF\xFF";
  messages[3].value = std::string("\0\1", 2);
  messages[4].value = "{\"seller_id\": \"s\"";
  messages[5].value = "{\"color\": 1}";
  messages[6].value = elsewhere.SerializeAsString();
  messages[7].value = own.SerializeAsString();
  messages[8].value = PaidEvent("y").SerializeAsString();
  messages[8].headers = {{"ce_type", "com.example.paid"}};
  messages[9].value = PaidEvent("z").SerializeAsString();
  messages[9].headers = {{"content-type", "application/cloudevents+json"}};
  messages[10].value = std::string(500'000, 'x');
  messages[11].value = PaidEvent("w").SerializeAsString().substr(0, 30);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 3);
  world.Publish(messages);
  world.Publish(PaidMessages(0, 10));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 3); }));
  const auto refused = RefusedOf(world.log);
  CHECK(refused.size() == messages.size());
  CHECK(inbox->state().written.refused == messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string place = std::to_string(i % 3) + "@" + std::to_string(i / 3);
    INFO(place);
    REQUIRE(refused.count(place) == 1);
    const log::v1::Refused& one = refused.at(place);
    CHECK(one.source() == world.inbox_topic());
    CHECK(one.length() == messages[i].value.value_or("").size());
    CHECK(one.sha256().size() == 32);
    CHECK(one.sentence().find("not kept") == std::string::npos);
  }
  CHECK(refused.at("0@2").field() == "market");
  CHECK(refused.at("0@2").seller_id() == "seller");
  CHECK(refused.at("2@2").field() == "ce_type");

  std::map<std::string, TopicMessage> kept;
  for (TopicMessage& each : world.tester.ReadAll(world.address.RefusedTopic(), 1)) {
    kept[each.key.value()] = std::move(each);
  }
  REQUIRE(kept.size() == messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const TopicMessage& one = kept.at(std::to_string(i % 3) + "@" + std::to_string(i / 3));
    CHECK(one.value == messages[i].value.value_or("").substr(0, kMaxRefusedBytes));
    CHECK(std::set(one.headers.begin(), one.headers.end()).count({"source", world.inbox_topic()}) ==
          1);
  }
  const auto& headers = kept.at("0@2").headers;
  CHECK(std::set(headers.begin(), headers.end()).count({"code", "INVALID"}) == 1);
  CHECK(std::set(headers.begin(), headers.end()).count({"field", "market"}) == 1);
  CHECK(std::set(headers.begin(), headers.end()).count({"seller_id", "seller"}) == 1);
  const auto& large = kept.at("1@3").headers;
  CHECK(std::set(large.begin(), large.end()).count({"length", "500000"}) == 1);
}

TEST_CASE("what a publisher's transaction takes back is not read") {
  InboxWorld world(SharedBroker(), "aborted");
  world.MakeInbox(1);
  world.Publish(PaidMessages(0, 5));
  world.tester.PublishAndAbort(world.inbox_topic(), PaidMessages(100, 110));
  world.Publish(PaidMessages(5, 10));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() >= 10; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 1); }));
  CHECK(HasEachOnce(world.log, 10));
}

TEST_CASE("partitions that are added while it runs are read from their beginning") {
  InboxWorld world(SharedBroker(), "added");
  world.MakeInbox(1);
  world.Publish(PaidMessages(0, 10));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
  world.tester.AddPartitions(world.inbox_topic(), 4);
  std::vector<TopicMessage> messages = PaidMessages(10, 50);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 4);
  world.Publish(messages);
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 50; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 4); }));
  CHECK(inbox->state().losses == 0);
}

TEST_CASE("a missing topic is said, and read once it is there") {
  InboxWorld world(SharedBroker(), "missing");
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return absl::IsNotFound(inbox->state().status); }));
  const std::string message(inbox->state().status.message());
  CHECK(message.find(world.inbox_topic()) != std::string::npos);
  CHECK(message.find("flywheel topics create") != std::string::npos);
  world.MakeInbox(2);
  world.Publish(PaidMessages(0, 10));
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
  CHECK(HoldsSoon([&] { return inbox->state().status.ok(); }));
}

TEST_CASE("messages that were deleted before they were read are an alarm, and it goes on") {
  InboxWorld world(SharedBroker(), "expired");
  world.MakeInbox(2);
  std::vector<TopicMessage> messages = PaidMessages(0, 40);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 2);
  const std::vector<TopicMessage> first(messages.begin(), messages.begin() + 10);
  const std::vector<TopicMessage> rest(messages.begin() + 10, messages.end());
  world.Publish(first);
  {
    const auto inbox = world.Start();
    REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
    inbox->Stop();
  }
  world.Publish(rest);
  world.tester.DeleteBefore(world.inbox_topic(), 1, 12);  // 7 that are not read
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 33; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 2); }));
  const InboxState state = inbox->state();
  CHECK(state.losses == 1);
  CHECK(state.lost_messages == 7);
  CHECK(state.last_loss.find("messages 5 to 11 of partition 1") != std::string::npos);
}

// Deletes and makes it, and waits until both have happened.
void MakeAnew(InboxWorld& world, int32_t partitions) {
  world.tester.Delete(world.inbox_topic());
  REQUIRE(HoldsSoon([&] {
    try {
      world.MakeInbox(partitions);
    } catch (const std::runtime_error&) {
      return false;  // it takes a moment until the old one is gone
    }
    return true;
  }));
}

TEST_CASE("a topic that ends before what was read is an alarm, and read from its beginning") {
  InboxWorld world(SharedBroker(), "truncated");
  world.MakeInbox(1);
  world.Publish(PaidMessages(0, 20));
  world.tester.Commit(world.name + ".intake", world.inbox_topic(), 0, 1000);
  {
    const auto inbox = world.Start();
    REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 20; }));
    REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 1); }));
    CHECK(inbox->state().losses == 1);
    CHECK(inbox->state().lost_messages == 0);
    CHECK(inbox->state().last_loss.find("ends before message 1000") != std::string::npos);
    inbox->Stop();
  }
  // The group's offset has gone down with it.
  CHECK(world.tester.Committed(world.name + ".intake", world.inbox_topic(), 1).at(0) == 20);
  const auto next = world.Start();
  world.Publish(PaidMessages(20, 25));
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 25; }));
  CHECK(next->state().losses == 0);
  CHECK(HasEachOnce(world.log, 25));
}

TEST_CASE("a topic that is made anew while nobody reads it is read from its beginning") {
  InboxWorld world(SharedBroker(), "anew");
  world.MakeInbox(1);
  world.Publish(PaidMessages(0, 20));
  {
    const auto inbox = world.Start();
    REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 20; }));
  }
  MakeAnew(world, 1);
  world.Publish(PaidMessages(20, 25));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 25; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 1); }));
}

TEST_CASE("a topic that is made anew while it is read is read from its beginning") {
  InboxWorld world(SharedBroker(), "anew_live");
  world.MakeInbox(2);
  std::vector<TopicMessage> messages = PaidMessages(0, 65);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 2);
  world.Publish({messages.begin(), messages.begin() + 40});
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 40; }));
  MakeAnew(world, 2);
  world.Publish({messages.begin() + 40, messages.begin() + 55});
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 55; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 2); }));
  world.Publish({messages.begin() + 55, messages.end()});
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 65; }));
}

TEST_CASE("a log that does not take a batch is asked again until it does") {
  InboxWorld world(SharedBroker(), "failing");
  world.MakeInbox(2);
  for (int i = 0; i < 12; ++i) {
    world.log.FailNextAppend(i % 2 == 0 ? absl::UnavailableError("the log is away")
                                        : absl::ResourceExhaustedError("the log's disk is full"),
                             /*records_are_there=*/false);
  }
  world.Publish(PaidMessages(0, 100));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return !inbox->state().status.ok() && inbox->state().in_hand > 0; }));
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 100; }));
  REQUIRE(HoldsSoon([&] { return HasCaughtUp(*inbox, 2); }));
  CHECK(HasEachOnce(world.log, 100));
  CHECK(inbox->state().written.failed_appends == 12);
  CHECK(HoldsSoon([&] { return inbox->state().status.ok(); }));
}

TEST_CASE("a missing refused topic stops nothing: the records say that the bytes are not kept") {
  InboxWorld world(SharedBroker(), "no_refused");
  world.MakeInbox(1);
  const auto store = KafkaRefusedStore::Make(world.address, KafkaSettings(), {}).value();
  world.refused = store.get();
  TopicMessage garbage;
  garbage.value = "garbage";
  world.Publish({garbage});
  world.Publish(PaidMessages(0, 10));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
  const auto refused = RefusedOf(world.log);
  REQUIRE(refused.size() == 1);
  CHECK(refused.begin()->second.sentence().find("(bytes not kept: ") == 0);
  CHECK(inbox->state().written.bytes_lost == 1);
}

TEST_CASE("a refused topic that takes no such message stops nothing") {
  InboxWorld world(SharedBroker(), "small_refused");
  world.MakeInbox(1);
  world.tester.Create(world.address.RefusedTopic(), 1, {{"max.message.bytes", "1000"}});
  const auto store = KafkaRefusedStore::Make(world.address, KafkaSettings(), {}).value();
  world.refused = store.get();
  // Bytes that no compression makes small.
  std::mt19937_64 random(1);
  TopicMessage garbage;
  garbage.value.emplace(5000, '\xFF');
  for (char& byte : *garbage.value) byte = static_cast<char>(random() | 0x80);
  world.Publish({garbage});
  world.Publish(PaidMessages(0, 10));
  const auto inbox = world.Start();
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 10; }));
  const auto refused = RefusedOf(world.log);
  REQUIRE(refused.size() == 1);
  CHECK(refused.begin()->second.sentence().find("(bytes not kept: ") == 0);
}

TEST_CASE("two members share the partitions, and one takes over what the other leaves") {
  InboxWorld world(SharedBroker(), "members");
  world.MakeInbox(4);
  KafkaInboxOptions options = QuickOptions();
  options.consumer.node_id = "";
  const auto first = world.Start(options);
  REQUIRE(HoldsSoon([&] { return first->state().lags.size() == 4; }));
  const auto second = world.Start(options);
  REQUIRE(HoldsSoon(
      [&] { return first->state().lags.size() == 2 && second->state().lags.size() == 2; }));
  std::vector<TopicMessage> messages = PaidMessages(0, 100);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 4);
  world.Publish(messages);
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 100; }));
  CHECK(first->state().messages == 50);
  CHECK(second->state().messages == 50);
  second->Stop();
  REQUIRE(HoldsSoon([&] { return first->state().lags.size() == 4; }));
  std::vector<TopicMessage> more = PaidMessages(100, 140);
  for (size_t i = 0; i < more.size(); ++i) more[i].partition = static_cast<int32_t>(i % 4);
  world.Publish(more);
  REQUIRE(HoldsSoon([&] { return OrdersOf(world.log).size() == 140; }));
  CHECK(HasEachOnce(world.log, 140));
}

TEST_CASE("a member whose log takes nothing keeps its place, and another one reads it all") {
  InboxWorld stuck(SharedBroker(), "stuck");
  stuck.MakeInbox(2);
  std::vector<TopicMessage> messages = PaidMessages(0, 60);
  for (size_t i = 0; i < messages.size(); ++i) messages[i].partition = static_cast<int32_t>(i % 2);
  stuck.Publish(messages);
  stuck.log.Close();
  const auto first = stuck.Start();
  REQUIRE(HoldsSoon([&] {
    return absl::IsFailedPrecondition(first->state().status) && first->state().in_hand > 0;
  }));
  InboxWorld good(SharedBroker(), "good");
  const auto second = KafkaInbox::Start(
                          stuck.address, KafkaSettings(), &good.log, &good.memory_refused,
                          [&] { return good.policies; }, WallClock, QuickOptions())
                          .value();
  // It takes part in the rebalance although its batch is stuck.
  REQUIRE(HoldsSoon(
      [&] { return first->state().lags.size() == 1 && second->state().lags.size() == 1; }));
  REQUIRE(HoldsSoon([&] { return OrdersOf(good.log).size() == 30; }));
  CHECK(first->state().restarts == 0);
  first->Stop();
  REQUIRE(HoldsSoon([&] { return OrdersOf(good.log).size() == 60; }));
  CHECK(HasEachOnce(good.log, 60));
}

TEST_CASE("two processes with one node id are told so") {
  InboxWorld world(SharedBroker(), "fenced");
  world.MakeInbox(1);
  KafkaInboxOptions options = QuickOptions();
  options.consumer.node_id = "node-1";
  Mutex mutex;
  std::vector<std::string> lines;
  KafkaInboxOptions told = options;
  told.consumer.log = [&](std::string_view line) {
    const MutexLock lock(&mutex);
    lines.emplace_back(line);
  };
  const auto first = world.Start(told);
  REQUIRE(HoldsSoon([&] { return first->state().lags.size() == 1; }));
  const auto second = world.Start(options);
  REQUIRE(HoldsSoon([&] { return first->state().restarts > 0; }));
  const MutexLock lock(&mutex);
  CHECK(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("does another process run as node node-1?") != std::string::npos;
  }));
}

TEST_CASE("where reading starts") {
  CHECK(StartOf(std::nullopt, 5, 9).offset == 5);
  CHECK(StartOf(std::nullopt, 5, 9).loss == InboxLoss::kNone);
  for (const int64_t next : {5, 7, 9}) {
    CHECK(StartOf(next, 5, 9).offset == next);
    CHECK(StartOf(next, 5, 9).loss == InboxLoss::kNone);
  }
  CHECK(StartOf(3, 5, 9).offset == 5);
  CHECK(StartOf(3, 5, 9).loss == InboxLoss::kExpired);
  CHECK(StartOf(3, 5, 9).lost == 2);
  CHECK(StartOf(10, 5, 9).offset == 5);
  CHECK(StartOf(10, 5, 9).loss == InboxLoss::kTruncated);
}

TEST_CASE("settings that librdkafka does not take are an error at once") {
  InboxWorld world(SharedBroker(), "settings");
  KafkaSettings settings;
  REQUIRE(settings.Set("session.timeout.ms", "10000").ok());
  REQUIRE(settings.Set("max.poll.interval.ms", "5000").ok());
  CHECK(absl::IsInvalidArgument(KafkaInbox::Start(
                                    world.address, settings, &world.log, world.refused,
                                    [&] { return world.policies; }, WallClock, QuickOptions())
                                    .status()));
  KafkaInboxOptions options = QuickOptions();
  options.max_batch_messages = 0;
  CHECK(absl::IsInvalidArgument(KafkaInbox::Start(
                                    world.address, {}, &world.log, world.refused,
                                    [&] { return world.policies; }, WallClock, options)
                                    .status()));
}

}  // namespace
}  // namespace flywheel
