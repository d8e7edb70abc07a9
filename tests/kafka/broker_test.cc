// The fixture itself: a broker that is real, loses nothing when it is killed, and refuses.
#include "kafka/broker.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "kafka/log_testing.h"
#include "kafka/plain_client.h"

namespace flywheel {
namespace {

std::vector<PlainMessage> Numbered(int first, int count) {
  std::vector<PlainMessage> messages;
  for (int i = first; i < first + count; ++i) {
    messages.push_back({.key = "key " + std::to_string(i % 7),
                        .value = "message " + std::to_string(i),
                        .headers = {{"number", std::to_string(i)}},
                        .partition = 0});
  }
  return messages;
}

// With a time limit on the publisher, since what is tested is a refusal.
PlainSettings Hurried(PlainSettings settings, int milliseconds) {
  settings.emplace_back("message.timeout.ms", std::to_string(milliseconds));
  return settings;
}

std::vector<std::string> ValuesOf(const std::vector<PlainMessage>& messages) {
  std::vector<std::string> values;
  for (const PlainMessage& message : messages) values.push_back(*message.value);
  return values;
}

TEST_CASE("a broker gives back what was published: key, value and headers") {
  const PlainSettings settings = SharedBroker().ClientSettings();
  const std::string topic = TestTopic("back");
  REQUIRE(CreatePlainTopic(settings, topic, 1).ToString() == "OK");
  std::vector<PlainMessage> messages = Numbered(0, 3);
  messages.push_back({.value = std::nullopt, .partition = 0});
  messages.push_back({.key = "", .value = "", .headers = {{"twice", "a"}, {"twice", ""}}});
  REQUIRE(ProducePlain(settings, topic, messages).ToString() == "OK");

  const absl::StatusOr<std::vector<PlainMessage>> back = ConsumeAll(settings, topic);
  REQUIRE(back.ok());
  REQUIRE(back->size() == messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    CHECK((*back)[i].key == messages[i].key);
    CHECK((*back)[i].value == messages[i].value);
    CHECK((*back)[i].headers == messages[i].headers);
    CHECK((*back)[i].offset == static_cast<int64_t>(i));
  }
}

TEST_CASE("a topic is there when it was made, and not by use") {
  const PlainSettings settings = SharedBroker().ClientSettings();
  const std::string topic = TestTopic("made");
  CHECK_FALSE(ConsumeAll(settings, topic).ok());
  REQUIRE(CreatePlainTopic(settings, topic, 2, {{"max.message.bytes", "2000"}}).ToString() == "OK");
  CHECK_FALSE(CreatePlainTopic(settings, topic, 2).ok());
  CHECK(ConsumeAll(settings, topic)->empty());
  const KafkaBroker::ToolRun described = SharedBroker().RunTool(
      {"org.apache.kafka.tools.TopicCommand", "--describe", "--topic", topic});
  CHECK(described.code == 0);
  CHECK_THAT(described.output, Catch::Contains("PartitionCount: 2"));
  CHECK_THAT(described.output, Catch::Contains("max.message.bytes=2000"));
  REQUIRE(DeletePlainTopic(settings, topic).ToString() == "OK");
}

TEST_CASE("what a broker has acknowledged survives kill -9 and an orderly stop") {
  KafkaBroker broker;
  const PlainSettings settings = broker.ClientSettings();
  const std::string address = broker.address();
  REQUIRE(CreatePlainTopic(settings, "kept", 1).ToString() == "OK");
  REQUIRE(ProducePlain(settings, "kept", Numbered(0, 1000)).ToString() == "OK");
  broker.Kill();
  CHECK_FALSE(broker.running());
  broker.Start();
  CHECK(broker.address() == address);
  REQUIRE(ProducePlain(settings, "kept", Numbered(1000, 1000)).ToString() == "OK");
  broker.Stop();
  CHECK_FALSE(broker.running());
  CHECK(std::filesystem::exists(broker.folder() + "/data/kept-0"));
  broker.Start();
  const absl::StatusOr<std::vector<PlainMessage>> back = ConsumeAll(settings, "kept");
  REQUIRE(back.ok());
  CHECK(ValuesOf(*back) == ValuesOf(Numbered(0, 2000)));
}

TEST_CASE("a paused broker answers nothing, and everything once it goes on") {
  KafkaBroker broker;
  REQUIRE(CreatePlainTopic(broker.ClientSettings(), "late", 1).ToString() == "OK");
  broker.Pause();
  CHECK(broker.running());
  CHECK_FALSE(ProducePlain(Hurried(broker.ClientSettings(), 1500), "late", Numbered(0, 1)).ok());
  broker.Resume();
  CHECK(ProducePlain(broker.ClientSettings(), "late", Numbered(0, 1)).ToString() == "OK");
}

TEST_CASE("a secure broker takes the right password over TLS and refuses everything else",
          "[secure]") {
  const KafkaBroker broker({.secure = true});
  const PlainSettings admin = broker.ClientSettings();
  REQUIRE(CreatePlainTopic(admin, "guarded", 1).ToString() == "OK");
  REQUIRE(ProducePlain(admin, "guarded", Numbered(0, 10)).ToString() == "OK");
  CHECK(ConsumeAll(admin, "guarded")->size() == 10);

  const auto refused = [&](PlainSettings settings) {
    settings.emplace_back("message.timeout.ms", "3000");
    return std::string(ProducePlain(settings, "guarded", Numbered(10, 1)).message());
  };
  INFO("a wrong password");
  CHECK_THAT(refused(broker.ClientSettings(KafkaBroker::kAdmin, "wrong")),
             Catch::Contains("_AUTHENTICATION"));
  INFO("a client that trusts somebody else");
  PlainSettings mistrusting = admin;
  mistrusting.back().second = "/etc/ssl/certs/ca-certificates.crt";
  CHECK_THAT(refused(mistrusting), Catch::Contains("_SSL"));
  INFO("a client that does not speak TLS");
  CHECK_FALSE(refused({{"bootstrap.servers", broker.address()}}).empty());
  INFO("a user without rights, until they are given");
  const PlainSettings stranger = broker.ClientSettings(KafkaBroker::kStranger);
  CHECK_THAT(refused(stranger), Catch::Contains("AUTHORIZATION_FAILED"));
  CHECK(broker
            .RunTool({"org.apache.kafka.tools.AclCommand", "--add", "--allow-principal",
                      "User:stranger", "--operation", "Write", "--topic", "guarded"})
            .code == 0);
  CHECK(refused(stranger).empty());
}

TEST_CASE("of three brokers one may be killed, and two may not") {
  KafkaBroker brokers({.brokers = 3});
  const PlainSettings settings = brokers.ClientSettings();
  REQUIRE(CreatePlainTopic(settings, "thrice", 1).ToString() == "OK");
  REQUIRE(ProducePlain(settings, "thrice", Numbered(0, 100)).ToString() == "OK");
  brokers.Kill(0);
  REQUIRE(ProducePlain(settings, "thrice", Numbered(100, 100)).ToString() == "OK");
  brokers.Kill(1);
  CHECK_FALSE(ProducePlain(Hurried(settings, 3000), "thrice", Numbered(200, 1)).ok());
  brokers.Start(0);
  // Until the two have a leader for the partition there is nobody to ask.
  absl::StatusOr<std::vector<PlainMessage>> back;
  Eventually([&] {
    back = ConsumeAll(settings, "thrice");
    return back.ok();
  });
  REQUIRE(back->size() >= 200);
  CHECK(ValuesOf({back->begin(), back->begin() + 200}) == ValuesOf(Numbered(0, 200)));
}

TEST_CASE("a broker without room refuses, and loses nothing that it took") {
  if (!KafkaBroker::CanLimitRoom()) {
    WARN("SKIPPED: mounting needs a privilege");
    return;
  }
  KafkaBroker broker({.room_mib = 64});
  const PlainSettings settings = broker.ClientSettings();
  REQUIRE(CreatePlainTopic(settings, "narrow", 1).ToString() == "OK");
  const std::string large(100'000, 'x');
  const std::vector<PlainMessage> batch(20, {.value = large, .partition = 0});
  size_t taken = 0;
  while (ProducePlain(Hurried(settings, 5000), "narrow", batch).ok()) {
    taken += batch.size();
    REQUIRE(taken < 1000);
  }
  CHECK(taken > 100);
  broker.Kill();
  broker.SetRoom(256);
  broker.Start();
  CHECK(ConsumeAll(settings, "narrow")->size() >= taken);
  CHECK(ProducePlain(settings, "narrow", {{.value = large, .partition = 0}}).ToString() == "OK");
}

TEST_CASE("a broker that cannot start says why") {
  CHECK_THROWS_WITH(KafkaBroker({.properties = {"message.max.bytes=many"}}),
                    Catch::Contains("message.max.bytes"));
}

// Run by the test below in a process of its own.
TEST_CASE("starts a child and crashes", "[.crash]") {
  const ChildProcess child({"sleep", "1000"}, "/dev/null");
  std::printf("child %d\n", child.pid());
  std::fflush(stdout);
  raise(SIGKILL);
}

TEST_CASE("a child ends with tests that crash") {
  const std::string output =
      (std::filesystem::temp_directory_path() / TestTopic("flywheel-crash")).string();
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const ChildProcess tests({self, "[.crash]"}, output);
  REQUIRE(tests.WaitForEnd(KafkaBroker::kPatience));
  CHECK(tests.code() == 128 + SIGKILL);
  std::ifstream file(output);
  std::string line;
  pid_t child = 0;
  while (std::getline(file, line)) {
    if (line.starts_with("child ")) child = std::stoi(line.substr(6));
  }
  std::filesystem::remove(output);
  REQUIRE(child > 0);
  const auto hung = std::chrono::steady_clock::now() + KafkaBroker::kPatience;
  // It is gone, or waits for a parent that will not ask.
  while (std::filesystem::exists("/proc/" + std::to_string(child) + "/exe")) {
    REQUIRE(std::chrono::steady_clock::now() < hung);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace
}  // namespace flywheel
