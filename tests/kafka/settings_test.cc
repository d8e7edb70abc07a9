#include "events/kafka/settings.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "events/kafka/client.h"
#include "kafka/log_testing.h"

namespace flywheel {
namespace {

KafkaAddress Nowhere() { return AddressOf("127.0.0.1:1", "nowhere"); }

// What a handle of these settings is configured with.
std::string Configured(const KafkaSettings& settings, KafkaClientOptions options,
                       const std::string& name) {
  const auto client = KafkaClient::Make(Nowhere(), settings, std::move(options));
  INFO(client.status());
  REQUIRE(client.ok());
  char value[512];
  size_t size = sizeof(value);
  REQUIRE(rd_kafka_conf_get(rd_kafka_conf((*client)->handle()), name.c_str(), value, &size) ==
          RD_KAFKA_CONF_OK);
  return value;
}

TEST_CASE("settings keep their order, the last of a name wins, and a value may hold anything") {
  const absl::StatusOr<KafkaSettings> settings =
      KafkaSettings::Parse({"client.id=a=b,c", "linger.ms=7", "client.rack=", "linger.ms=9"});
  INFO(settings.status());
  REQUIRE(settings.ok());
  const std::vector<KafkaSetting> expected = {
      {"client.id", "a=b,c"}, {"client.rack", ""}, {"linger.ms", "9"}};
  CHECK(settings->all() == expected);
  CHECK(settings->ToText() == "client.id=a=b,c, client.rack=, linger.ms=9");
  CHECK(*settings->Find("linger.ms") == "9");
  CHECK(settings->Find("acks") == nullptr);
}

TEST_CASE("what correctness depends on cannot be set, under any of its names") {
  for (const std::string name : {"bootstrap.servers",
                                 "metadata.broker.list",
                                 "enable.idempotence",
                                 "acks",
                                 "request.required.acks",
                                 "retries",
                                 "message.timeout.ms",
                                 "delivery.timeout.ms",
                                 "transactional.id",
                                 "isolation.level",
                                 "enable.auto.commit",
                                 "auto.commit.enable",
                                 "enable.auto.offset.store",
                                 "auto.offset.reset",
                                 "check.crcs",
                                 "enable.partition.eof",
                                 "partition.assignment.strategy",
                                 "partitioner",
                                 "group.id",
                                 "group.instance.id",
                                 "message.max.bytes",
                                 "allow.auto.create.topics",
                                 "dr_msg_cb",
                                 "opaque"}) {
    const absl::Status status = KafkaSettings::Parse({name + "=1"}).status();
    INFO(status);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(Mentions(status, "the Kafka setting " + name + " cannot be given: "));
  }
}

TEST_CASE("what librdkafka does not know is refused in its own words") {
  absl::Status status = KafkaSettings::Parse({"no.such.thing=1"}).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(Mentions(status, "No such configuration property: \"no.such.thing\""));
  status = KafkaSettings::Parse({"linger.ms=soon"}).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(Mentions(status, "Invalid value"));
  CHECK(
      Mentions(KafkaSettings::Parse({"linger.ms"}).status(), "the value of linger.ms is missing"));
  CHECK(Mentions(KafkaSettings::Parse({"=hunter2"}).status(), "the name is missing"));
}

TEST_CASE("no message and no text shows a secret") {
  const std::vector<std::string> secrets = {"sasl.password=hunter2", "ssl.key.password=hunter2",
                                            "ssl.keystore.password=hunter2", "ssl.key.pem=hunter2",
                                            "sasl.oauthbearer.config=hunter2"};
  for (const std::string& secret : secrets) {
    const absl::StatusOr<KafkaSettings> settings = KafkaSettings::Parse({secret});
    if (settings.ok()) {
      CHECK(settings->ToText().find("hunter2") == std::string::npos);
      CHECK(settings->ToText().find("(hidden)") != std::string::npos);
    }
    CHECK_FALSE(Mentions(settings.status(), "hunter2"));
  }
  CHECK_FALSE(Mentions(KafkaSettings::Parse({"=hunter2"}).status(), "hunter2"));
  // A key that cannot be read is said when the handle is made.
  const auto settings = KafkaSettings::Parse(
      {"security.protocol=ssl", "ssl.key.pem=hunter2", "ssl.key.password=hunter2"});
  REQUIRE(settings.ok());
  const absl::Status status = KafkaClient::Make(Nowhere(), *settings, {}).status();
  INFO(status);
  CHECK(absl::IsInvalidArgument(status));
  CHECK_FALSE(Mentions(status, "hunter2"));
}

TEST_CASE("an operator's settings win over defaults, and what is required over these") {
  const KafkaSettings settings = KafkaSettings::Parse({"client.id=mine"}).value();
  KafkaClientOptions options;
  options.defaults = {{"client.id", "default"}, {"fetch.wait.max.ms", "77"}};
  CHECK(Configured(settings, options, "client.id") == "mine");
  CHECK(Configured(settings, options, "fetch.wait.max.ms") == "77");
  options.required = {{"client.id", "required"}};
  CHECK(Configured(settings, options, "client.id") == "required");
  CHECK(Configured(settings, options, "allow.auto.create.topics") == "false");
}

TEST_CASE("a default that an older librdkafka does not know is left out") {
  KafkaClientOptions options;
  options.defaults = {{"a.setting.of.later", "1"}};
  CHECK(Configured({}, options, "client.id") == "flywheel");
  options.required = {{"a.setting.of.later", "1"}};
  CHECK(absl::IsInvalidArgument(KafkaClient::Make(Nowhere(), {}, options).status()));
}

TEST_CASE("settings that do not go together are said when a handle is made") {
  const KafkaSettings settings = KafkaSettings::Parse({"max.in.flight=10"}).value();
  KafkaClientOptions options;
  options.kind = KafkaClientKind::kProducer;
  options.required = {{"enable.idempotence", "true"}};
  const absl::Status status = KafkaClient::Make(Nowhere(), settings, options).status();
  INFO(status);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(Mentions(status, "max.in.flight"));
}

TEST_CASE("what librdkafka logs is limited in its rate, and says how much was left out") {
  KafkaClientOptions options;
  std::atomic<int> lines{0};
  std::atomic<int> seen_level{0};
  options.log = [&](std::string_view line) {
    ++lines;
    if (line.find("Connection refused") != std::string_view::npos) ++seen_level;
  };
  {
    // Debug lines come by hundreds.
    const auto client =
        KafkaClient::Make(Nowhere(), KafkaSettings::Parse({"debug=all"}).value(), options);
    REQUIRE(client.ok());
    Eventually([&] { return lines >= kMaxLogLines; });
  }
  CHECK(lines <= kMaxLogLines + 1);
  lines = 0;
  seen_level = 0;
  {
    const auto client = KafkaClient::Make(Nowhere(), {}, options);
    REQUIRE(client.ok());
    Eventually([&] { return seen_level > 0; });
    CHECK((*client)->Trouble().find("127.0.0.1:1") != std::string::npos);
  }
  CHECK(lines < kMaxLogLines);
}

}  // namespace
}  // namespace flywheel
