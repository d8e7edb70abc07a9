// The topics that `flywheel topics` makes and checks.
#include "events/kafka/topics.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "events/kafka/topic_plan.h"
#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "kafka/topic_testing.h"

namespace flywheel {
namespace {

TopicsPlan PlanOf(int32_t partitions) {
  TopicsPlan plan;
  plan.log_partitions = partitions;
  return plan;
}

// A topic as it should be.
TopicFound Right(const TopicWish& wish) {
  TopicFound found;
  found.partitions = wish.partitions.value_or(1);
  found.replication = wish.replication.value_or(1);
  for (const SettingWish& setting : wish.settings) found.settings[setting.name] = setting.value;
  return found;
}

const TopicDifference* Of(const std::vector<TopicDifference>& differences,
                          const std::string& setting) {
  const auto found = std::find_if(differences.begin(), differences.end(),
                                  [&](const TopicDifference& d) { return d.setting == setting; });
  return found == differences.end() ? nullptr : &*found;
}

TEST_CASE("each thing that differs is said with what mends it, and nothing else is") {
  const KafkaAddress address = AddressOf("b:1", "shop");
  TopicsPlan plan = PlanOf(4);
  plan.replication = 3;
  const std::vector<TopicWish> wishes = WishesOf(address, plan);
  REQUIRE(wishes.size() == 3);
  const TopicWish& log = wishes[1];
  CHECK(log.topic == "shop.log");
  for (const TopicWish& wish : wishes) {
    const TopicFound right = Right(wish);
    CHECK(Compare(address, wish, &right).empty());
  }

  TopicFound found = Right(log);
  found.settings["retention.ms"] = "604800000";
  std::vector<TopicDifference> differences = Compare(address, log, &found);
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].is == "604800000");
  CHECK(differences[0].should_be == "-1");
  CHECK(differences[0].remedy ==
        "kafka-configs.sh --bootstrap-server b:1 --alter --entity-type topics --entity-name "
        "shop.log --add-config retention.ms=-1");

  for (const auto& [setting, value] : std::vector<std::pair<std::string, std::string>>{
           {"cleanup.policy", "compact,delete"},
           {"retention.bytes", "1000"},
           {"min.insync.replicas", "1"},
           {"unclean.leader.election.enable", "true"},
           {"message.timestamp.type", "LogAppendTime"},
           {"message.timestamp.after.max.ms", "3600000"},
           {"max.message.bytes", "1048588"}}) {
    found = Right(log);
    found.settings[setting] = value;
    differences = Compare(address, log, &found);
    INFO(setting);
    REQUIRE(differences.size() == 1);
    CHECK(differences[0].setting == setting);
    CHECK(differences[0].is == value);
    CHECK_FALSE(differences[0].why.empty());
  }

  found = Right(log);
  found.settings["min.insync.replicas"] = "3";
  found.settings["max.message.bytes"] = "99999999";
  CHECK(Compare(address, log, &found).empty());

  found = Right(log);
  found.partitions = 5;
  found.replication = 2;
  differences = Compare(address, log, &found);
  REQUIRE(differences.size() == 2);
  CHECK(Of(differences, "partitions")->remedy.starts_with("nothing mends it"));
  CHECK(Of(differences, "replication")->should_be == ">= 3");

  // The inbox may have more, and its retention may be shorter, but not without end.
  const TopicWish& inbox = wishes[0];
  found = Right(inbox);
  found.partitions = 8;
  found.settings["retention.ms"] = "86400000";
  CHECK(Compare(address, inbox, &found).empty());
  found.partitions = 2;
  found.settings["retention.ms"] = "-1";
  differences = Compare(address, inbox, &found);
  REQUIRE(differences.size() == 2);
  CHECK(Of(differences, "partitions")->remedy ==
        "kafka-topics.sh --bootstrap-server b:1 --alter --topic shop.inbox --partitions 4");
  CHECK(Of(differences, "retention.ms")->should_be == "3600000 to 604800000");

  differences = Compare(address, log, nullptr);
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].remedy == "flywheel topics create --log kafka://b:1/shop --partitions 4");
}

TEST_CASE("without a plan a topic of one copy may acknowledge by one, and one of three may not") {
  const KafkaAddress address = AddressOf("b:1", "shop");
  const TopicWish log = WishesOf(address, TopicsPlan())[1];
  TopicFound found = Right(log);
  found.settings["min.insync.replicas"] = "1";
  CHECK(Compare(address, log, &found).empty());
  found.replication = 3;
  const std::vector<TopicDifference> differences = Compare(address, log, &found);
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].setting == "min.insync.replicas");
  CHECK(differences[0].should_be == ">= 2");
}

TEST_CASE("numbers that make no sense are refused before a broker is asked") {
  const KafkaAddress nowhere = AddressOf("127.0.0.1:1", "shop");
  TopicsPlan plan = PlanOf(0);
  CHECK(absl::IsInvalidArgument(CheckTopics(nowhere, {}, plan).status()));
  plan = PlanOf(1025);
  CHECK(absl::IsInvalidArgument(CreateTopics(nowhere, {}, plan).status()));
  plan = PlanOf(4);
  plan.replication = 2;
  plan.min_insync = 3;
  CHECK(absl::IsInvalidArgument(CreateTopics(nowhere, {}, plan).status()));
  CHECK(absl::IsInvalidArgument(CreateTopics(nowhere, {}, TopicsPlan()).status()));
}

TEST_CASE("topics are made once, as they should be, and then only checked") {
  const KafkaAddress address = NewAddress("topics");
  absl::StatusOr<TopicsReport> report = CheckTopics(address, {}, TopicsPlan());
  REQUIRE(report.ok());
  CHECK(report->differences.size() == 3);

  report = CreateTopics(address, {}, PlanOf(4));
  INFO(report.status());
  REQUIRE(report.ok());
  CHECK(report->made ==
        std::vector<std::string>{address.InboxTopic(), address.LogTopic(), address.RefusedTopic()});
  CHECK(report->differences.empty());
  CHECK(CheckTopics(address, {}, TopicsPlan()).value().differences.empty());

  report = CreateTopics(address, {}, PlanOf(5));
  REQUIRE(report.ok());
  CHECK(report->made.empty());
  // The log's and the inbox's partitions are other ones than were asked for.
  CHECK(report->differences.size() == 2);
  CHECK(OpenOn(address)->partitions() == 4);
}

TEST_CASE("what has become of a topic is told") {
  const KafkaAddress address = NewAddress("topics");
  TopicTester(SharedBroker().address())
      .Create(address.LogTopic(), 2, {{"retention.ms", "1000000"}, {"cleanup.policy", "compact"}});
  const TopicsReport report = CheckTopics(address, {}, PlanOf(2)).value();
  std::vector<std::string> settings;
  for (const TopicDifference& difference : report.differences) {
    if (difference.topic == address.LogTopic()) settings.push_back(difference.setting);
  }
  std::sort(settings.begin(), settings.end());
  CHECK(settings == std::vector<std::string>{"cleanup.policy", "max.message.bytes",
                                             "message.timestamp.after.max.ms", "retention.ms"});
}

TEST_CASE("more copies than brokers are refused in the brokers' words") {
  const KafkaAddress address = NewAddress("topics");
  TopicsPlan plan = PlanOf(1);
  plan.replication = 3;
  const absl::Status status = CreateTopics(address, {}, plan).status();
  INFO(status);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "replica"));
}

}  // namespace
}  // namespace flywheel
