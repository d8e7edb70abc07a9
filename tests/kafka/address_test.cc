#include "events/kafka/address.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kafka/log_testing.h"

namespace flywheel {
namespace {

TEST_CASE("an address gives the brokers, the name and the topics, and its text again") {
  for (const std::string text :
       {"kafka://localhost:9092/shop", "kafka://10.0.0.1:1,b-2.example.com:65535/a.b_c-D9",
        "kafka://[::1]:9092,[fe80::1%eth0]:9093/x"}) {
    const absl::StatusOr<KafkaAddress> address = KafkaAddress::Parse(text);
    INFO(address.status());
    REQUIRE(address.ok());
    CHECK(address->ToText() == text);
  }
  const KafkaAddress address = KafkaAddress::Parse("kafka://a:1,b:2/shop").value();
  CHECK(address.bootstrap_servers() == "a:1,b:2");
  CHECK(address.name() == "shop");
  CHECK(address.InboxTopic() == "shop.inbox");
  CHECK(address.LogTopic() == "shop.log");
  CHECK(address.RefusedTopic() == "shop.refused");
}

TEST_CASE("what is wrong with an address is said") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"shop", "does not begin with kafka://"},
      {"kafka:/a:1/shop", "does not begin with kafka://"},
      {"kafka://", "\"\" has no port"},
      {"kafka://a/shop", "\"a\" has no port"},
      {"kafka://[::1]/shop", "\"[::1]\" has no port"},
      {"kafka://a:/shop", "\"\" is no port"},
      {"kafka://a:0/shop", "\"0\" is no port"},
      {"kafka://a:65536/shop", "\"65536\" is no port"},
      {"kafka://a:1x/shop", "\"1x\" is no port"},
      {"kafka://:1/shop", "host is missing"},
      {"kafka://a:1,/shop", "\"\" has no port"},
      {"kafka://::1:1/shop", "belongs in brackets"},
      {"kafka://[]:1/shop", "is no IPv6 address in brackets"},
      {"kafka://me@a:1/shop", "a host has no '@'"},
      {"kafka://a:1", "name is missing"},
      {"kafka://a:1/", "name is missing"},
      {"kafka://a:1/..", "cannot be called"},
      {"kafka://a:1/sh op", "only letters"},
      {"kafka://a:1/shop/x", "only letters"},
      {"kafka://a:1/" + std::string(kMaxKafkaNameBytes + 1, 'x'), "longer than 241"},
  };
  for (const auto& [text, reason] : wrong) {
    const absl::Status status = KafkaAddress::Parse(text).status();
    INFO(text);
    INFO(status);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(Mentions(status, reason));
  }
  CHECK(KafkaAddress::Parse("kafka://a:1/" + std::string(kMaxKafkaNameBytes, 'x')).ok());
}

TEST_CASE("an address lists a few brokers, not hundreds") {
  std::string brokers = "b0:1";
  for (size_t i = 1; i < kMaxKafkaBrokers; ++i) brokers += ",b" + std::to_string(i) + ":1";
  CHECK(KafkaAddress::Parse("kafka://" + brokers + "/shop").ok());
  CHECK(Mentions(KafkaAddress::Parse("kafka://" + brokers + ",one:1/shop").status(),
                 "more than 16 brokers"));
}

}  // namespace
}  // namespace flywheel
