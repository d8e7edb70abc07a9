#include "events/kafka/settings.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/status.h"
#include "events/kafka/owned.h"

namespace flywheel {
namespace {

struct Reserved {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view kInAddress = "the brokers stand in the log's address";
constexpr std::string_view kOwnOffsets = "Flywheel keeps its own positions and starts where it was";
constexpr std::string_view kDurable =
    "what Flywheel acknowledges is on the disks of all copies, once and in order";
constexpr std::string_view kOwnTimeouts = "Flywheel has a delivery timeout of its own";
constexpr std::string_view kExactReads =
    "Flywheel reads what is committed, checks its checksums and knows where the log ends";
constexpr std::string_view kOwnGroup = "Flywheel chooses its groups and who owns a partition";
constexpr std::string_view kOwnPartitions = "a seller's records lie in the partition of its key";
constexpr std::string_view kLargestRecord = "the largest record of the log decides it";
constexpr std::string_view kOwnTopics = "topics are made by 'flywheel topics create' alone";
constexpr std::string_view kOwnCallbacks = "Flywheel needs it for itself";

// What correctness depends on, with its aliases, and what is said elsewhere.
constexpr auto kReserved = std::to_array<Reserved>({
    {"bootstrap.servers", kInAddress},
    {"metadata.broker.list", kInAddress},
    {"test.mock.num.brokers", kInAddress},
    {"auto.offset.reset", kOwnOffsets},
    {"enable.auto.commit", kOwnOffsets},
    {"auto.commit.enable", kOwnOffsets},
    {"auto.commit.interval.ms", kOwnOffsets},
    {"enable.auto.offset.store", kOwnOffsets},
    {"offset.store.method", kOwnOffsets},
    {"offset.store.path", kOwnOffsets},
    {"offset.store.sync.interval.ms", kOwnOffsets},
    {"acks", kDurable},
    {"request.required.acks", kDurable},
    {"enable.idempotence", kDurable},
    {"enable.gapless.guarantee", kDurable},
    {"transactional.id", kDurable},
    {"queuing.strategy", kDurable},
    {"retries", kDurable},
    {"message.send.max.retries", kDurable},
    {"delivery.report.only.error", kDurable},
    {"produce.offset.report", kDurable},
    {"message.timeout.ms", kOwnTimeouts},
    {"delivery.timeout.ms", kOwnTimeouts},
    {"isolation.level", kExactReads},
    {"check.crcs", kExactReads},
    {"enable.partition.eof", kExactReads},
    {"group.id", kOwnGroup},
    {"group.instance.id", kOwnGroup},
    {"group.protocol", kOwnGroup},
    {"group.protocol.type", kOwnGroup},
    {"group.remote.assignor", kOwnGroup},
    {"partition.assignment.strategy", kOwnGroup},
    {"partitioner", kOwnPartitions},
    {"message.max.bytes", kLargestRecord},
    {"allow.auto.create.topics", kOwnTopics},
    {"log.queue", kOwnCallbacks},
    {"enabled_events", kOwnCallbacks},
    {"opaque", kOwnCallbacks},
    {"default_topic_conf", kOwnCallbacks},
});

constexpr auto kSecrets = std::to_array<std::string_view>({
    "sasl.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.extensions",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "ssl_key",
});

std::string Shown(std::string_view name, std::string_view value) {
  return IsSecretKafkaSetting(name) ? "(hidden)" : std::string(value);
}

absl::Status CheckNotReserved(std::string_view name) {
  const auto reserved = std::find_if(kReserved.begin(), kReserved.end(),
                                     [&](const Reserved& one) { return one.name == name; });
  std::string_view reason;
  if (reserved != kReserved.end()) reason = reserved->reason;
  if (name.ends_with("_cb")) reason = kOwnCallbacks;
  if (reason.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the Kafka setting {} cannot be given: {}", name, reason));
}

// Whether this librdkafka takes it.
absl::Status CheckKnown(const std::string& name, const std::string& value) {
  const rdkafka::Conf scratch(rd_kafka_conf_new());
  std::array<char, 512> error{};
  const rd_kafka_conf_res_t result =
      rd_kafka_conf_set(scratch.get(), name.c_str(), value.c_str(), error.data(), error.size());
  if (result == RD_KAFKA_CONF_OK) return absl::OkStatus();
  // librdkafka repeats the value in what it says about it.
  const bool hide = result == RD_KAFKA_CONF_INVALID && IsSecretKafkaSetting(name);
  return absl::InvalidArgumentError(
      hide ? fmt::format("the Kafka setting {} has a value that librdkafka does not take", name)
           : fmt::format("the Kafka setting {}={}: {}", name, Shown(name, value), error.data()));
}

}  // namespace

bool IsSecretKafkaSetting(std::string_view name) {
  return std::find(kSecrets.begin(), kSecrets.end(), name) != kSecrets.end();
}

absl::StatusOr<KafkaSettings> KafkaSettings::Parse(absl::Span<const std::string> texts) {
  KafkaSettings settings;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      // Without a name nothing says whether it is a secret.
      return absl::InvalidArgumentError(
          equals == 0 ? std::string("a Kafka setting is name=value, and the name is missing")
                      : fmt::format("a Kafka setting is name=value, and the value of {} is missing",
                                    text.substr(0, 64)));
    }
    RETURN_IF_ERROR(settings.Set(std::string_view(text).substr(0, equals),
                                 std::string_view(text).substr(equals + 1)));
  }
  return settings;
}

absl::Status KafkaSettings::Set(std::string_view name, std::string_view value) {
  RETURN_IF_ERROR(CheckNotReserved(name));
  KafkaSetting setting{std::string(name), std::string(value)};
  RETURN_IF_ERROR(CheckKnown(setting.name, setting.value));
  std::erase_if(all_, [&](const KafkaSetting& one) { return one.name == name; });
  all_.push_back(std::move(setting));
  return absl::OkStatus();
}

const std::string* KafkaSettings::Find(std::string_view name) const {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const KafkaSetting& one) { return one.name == name; });
  return found == all_.end() ? nullptr : &found->value;
}

std::string KafkaSettings::ToText() const {
  std::string text;
  for (const KafkaSetting& setting : all_) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", setting.name,
                        Shown(setting.name, setting.value));
  }
  return text;
}

}  // namespace flywheel
