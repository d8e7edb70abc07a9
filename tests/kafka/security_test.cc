// TLS, passwords and what a client is allowed to do.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

KafkaSettings SettingsOf(const std::vector<std::pair<std::string, std::string>>& pairs,
                         std::string_view without = "") {
  KafkaSettings settings;
  for (const auto& [name, value] : pairs) {
    if (name == "bootstrap.servers" || name == without) continue;
    const absl::Status set = settings.Set(name, value);
    INFO(set);
    REQUIRE(set.ok());
  }
  return settings;
}

// Lets the stranger do something with everything of that name.
void Allow(const KafkaBroker& broker, const std::string& topic,
           const std::vector<std::string>& operations) {
  std::vector<std::string> arguments = {
      "org.apache.kafka.tools.AclCommand",           "--add",   "--allow-principal",
      "User:" + std::string(KafkaBroker::kStranger), "--topic", topic};
  for (const std::string& operation : operations) {
    arguments.emplace_back("--operation");
    arguments.push_back(operation);
  }
  const KafkaBroker::ToolRun run = broker.RunTool(arguments);
  INFO(run.output);
  REQUIRE(run.code == 0);
}

TEST_CASE("a log behind TLS and SASL SCRAM is open to who may, and closed to who may not") {
  KafkaBroker::Options secure;
  secure.secure = true;
  const KafkaBroker broker(secure);
  const KafkaAddress address = AddressOf(broker.address(), "secure");
  const KafkaSettings admin = SettingsOf(broker.ClientSettings());
  MakeTopics(address, 1, admin);

  {
    const auto log = OpenOn(address, {}, admin);
    REQUIRE(AppendOne(*log, kOnly, "secret").ok());
    CHECK(ReadFrom(*log, kOnly, Offset(0)).value().front().bytes == "secret");
  }

  KafkaLogOptions options = ShortTimeouts();
  options.request_timeout = absl::Seconds(20);
  absl::Status status =
      KafkaLog::Open(address,
                     SettingsOf(broker.ClientSettings(KafkaBroker::kAdmin, "wrong-password")),
                     options)
          .status();
  INFO(status);
  CHECK(absl::IsPermissionDenied(status));
  CHECK_FALSE(Mentions(status, "wrong-password"));

  status = KafkaLog::Open(address, SettingsOf(broker.ClientSettings(), "ssl.ca.location"), options)
               .status();
  INFO(status);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "certificate verify failed"));

  if (!KafkaBroker::ScramWorks()) {
    // The right password is refused: whoever reads that must learn why.
    KafkaSettings scram = admin;
    REQUIRE(scram.Set("sasl.mechanism", "SCRAM-SHA-512").ok());
    status = KafkaLog::Open(address, scram, options).status();
    INFO(status);
    CHECK(absl::IsPermissionDenied(status));
    CHECK(Mentions(status, "2.6.1"));
  }

  const KafkaSettings stranger = SettingsOf(broker.ClientSettings(KafkaBroker::kStranger));
  status = KafkaLog::Open(address, stranger, options).status();
  INFO(status);
  CHECK(absl::IsPermissionDenied(status));

  // Who may read needs no right on any consumer group.
  Allow(broker, address.LogTopic(), {"Describe", "Read"});
  std::unique_ptr<KafkaLog> log;
  Eventually([&] {
    auto opened = KafkaLog::Open(address, stranger, options);
    if (opened.ok()) log = *std::move(opened);
    return log != nullptr;
  });
  const absl::StatusOr<std::vector<StoredText>> read = ReadFrom(*log, kOnly, Offset(0));
  INFO(read.status());
  REQUIRE(read.ok());
  CHECK(read->size() == 1);
  status = AppendOne(*log, kOnly, "forged").status();
  INFO(status);
  CHECK(absl::IsPermissionDenied(status));

  Allow(broker, address.LogTopic(), {"Write"});
  Eventually([&] { return AppendOne(*log, kOnly, "allowed").ok(); });
  CHECK(TextsOf(ReadFrom(*log, kOnly, Offset(0)).value()) ==
        std::vector<std::string>{"secret", "allowed"});
}

}  // namespace
}  // namespace flywheel
