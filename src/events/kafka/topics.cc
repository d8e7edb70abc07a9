#include "events/kafka/topics.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "base/status.h"
#include "events/kafka/client.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"
#include "events/kafka/topic_plan.h"

namespace flywheel {
namespace {

constexpr size_t kErrorBytes = 512;
constexpr std::chrono::seconds kMadeIsKnown{10};
constexpr std::chrono::milliseconds kKnownPause{50};

// One conversation with the brokers.
class TopicAdmin {
 public:
  static absl::StatusOr<std::unique_ptr<TopicAdmin>> Make(const KafkaAddress& address,
                                                          const KafkaSettings& settings,
                                                          absl::Duration timeout) {
    ASSIGN_OR_RETURN(std::unique_ptr<KafkaClient> client,
                     KafkaClient::Make(address, settings, KafkaClientOptions()));
    return std::unique_ptr<TopicAdmin>(new TopicAdmin(std::move(client), timeout));
  }

  // nullopt: there is no such topic.
  absl::StatusOr<std::optional<TopicFound>> Find(const std::string& topic);
  absl::Status Create(const TopicWish& wish);

 private:
  TopicAdmin(std::unique_ptr<KafkaClient> client, absl::Duration timeout)
      : client_(std::move(client)),
        millis_(static_cast<int>(absl::ToInt64Milliseconds(timeout))),
        queue_(rd_kafka_queue_new(client_->handle())) {}

  absl::StatusOr<std::optional<TopicFound>> Partitions(const std::string& topic);
  absl::Status Settings(const std::string& topic, TopicFound& found);
  absl::StatusOr<rdkafka::AdminOptions> Options(rd_kafka_admin_op_t operation) const;
  // The answer to what was asked last.
  absl::StatusOr<rdkafka::Event> Answer(std::string_view what);

  const std::unique_ptr<KafkaClient> client_;
  const int millis_;
  const rdkafka::Queue queue_;
};

absl::StatusOr<rdkafka::AdminOptions> TopicAdmin::Options(rd_kafka_admin_op_t operation) const {
  rdkafka::AdminOptions options(rd_kafka_AdminOptions_new(client_->handle(), operation));
  std::array<char, kErrorBytes> error{};
  const rd_kafka_resp_err_t code =
      rd_kafka_AdminOptions_set_request_timeout(options.get(), millis_, error.data(), error.size());
  RETURN_IF_ERROR(KafkaStatus(code, "asking the brokers", error.data()));
  return options;
}

absl::StatusOr<rdkafka::Event> TopicAdmin::Answer(std::string_view what) {
  // librdkafka answers by its own timeout; a moment more is for it to do so.
  rdkafka::Event event(rd_kafka_queue_poll(queue_.get(), millis_ + 1000));
  rd_kafka_poll(client_->handle(), 0);
  if (event == nullptr) return client_->StatusOf(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  RETURN_IF_ERROR(client_->StatusOf(rd_kafka_event_error(event.get()), what));
  return event;
}

absl::StatusOr<std::optional<TopicFound>> TopicAdmin::Partitions(const std::string& topic) {
  const rdkafka::Topic handle(rd_kafka_topic_new(client_->handle(), topic.c_str(), nullptr));
  const std::string what = "asking for the topic " + topic;
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client_->handle(), 0, handle.get(), &metadata, millis_);
  rd_kafka_poll(client_->handle(), 0);
  RETURN_IF_ERROR(client_->StatusOf(code, what));
  const rdkafka::Metadata owned(metadata);
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  const absl::Status status = client_->StatusOf(found.err, what);
  if (absl::IsNotFound(status)) return std::nullopt;
  RETURN_IF_ERROR(status);
  TopicFound result;
  result.partitions = found.partition_cnt;
  for (int i = 0; i < found.partition_cnt; ++i) {
    const int32_t copies = found.partitions[i].replica_cnt;
    if (i == 0 || copies < result.replication) result.replication = copies;
  }
  return result;
}

absl::Status TopicAdmin::Settings(const std::string& topic, TopicFound& found) {
  const std::string what = "asking for the settings of the topic " + topic;
  ASSIGN_OR_RETURN(const rdkafka::AdminOptions options, Options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  const rdkafka::ConfigResource resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  rd_kafka_ConfigResource_t* asked = resource.get();
  rd_kafka_DescribeConfigs(client_->handle(), &asked, 1, options.get(), queue_.get());
  ASSIGN_OR_RETURN(const rdkafka::Event event, Answer(what));
  size_t count = 0;
  const rd_kafka_ConfigResource_t** const resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) return client_->StatusOf(RD_KAFKA_RESP_ERR__BAD_MSG, what);
  const char* const reason = rd_kafka_ConfigResource_error_string(resources[0]);
  RETURN_IF_ERROR(KafkaStatus(rd_kafka_ConfigResource_error(resources[0]), what,
                              reason == nullptr ? "" : reason));
  size_t entries = 0;
  const rd_kafka_ConfigEntry_t** const list =
      rd_kafka_ConfigResource_configs(resources[0], &entries);
  for (size_t i = 0; i < entries; ++i) {
    const char* const value = rd_kafka_ConfigEntry_value(list[i]);
    found.settings[rd_kafka_ConfigEntry_name(list[i])] = value == nullptr ? "" : value;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TopicFound>> TopicAdmin::Find(const std::string& topic) {
  ASSIGN_OR_RETURN(std::optional<TopicFound> found, Partitions(topic));
  if (found) RETURN_IF_ERROR(Settings(topic, *found));
  return found;
}

absl::Status TopicAdmin::Create(const TopicWish& wish) {
  const std::string what = "making the topic " + wish.topic;
  std::array<char, kErrorBytes> error{};
  const rdkafka::NewTopic topic(
      rd_kafka_NewTopic_new(wish.topic.c_str(), wish.partitions.value_or(1),
                            wish.replication.value_or(-1), error.data(), error.size()));
  if (topic == nullptr) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", what, error.data()));
  }
  for (const SettingWish& setting : wish.settings) {
    rd_kafka_NewTopic_set_config(topic.get(), setting.name.c_str(), setting.value.c_str());
  }
  ASSIGN_OR_RETURN(const rdkafka::AdminOptions options, Options(RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const rd_kafka_resp_err_t set = rd_kafka_AdminOptions_set_operation_timeout(
      options.get(), millis_, error.data(), error.size());
  RETURN_IF_ERROR(KafkaStatus(set, what, error.data()));
  rd_kafka_NewTopic_t* asked = topic.get();
  rd_kafka_CreateTopics(client_->handle(), &asked, 1, options.get(), queue_.get());
  ASSIGN_OR_RETURN(const rdkafka::Event event, Answer(what));
  size_t count = 0;
  const rd_kafka_topic_result_t** const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  if (count != 1) return client_->StatusOf(RD_KAFKA_RESP_ERR__BAD_MSG, what);
  const char* const reason = rd_kafka_topic_result_error_string(results[0]);
  return KafkaStatus(rd_kafka_topic_result_error(results[0]), what,
                     reason == nullptr ? "" : reason);
}

// A topic that was just made is not yet known to every broker.
absl::Status WaitUntilKnown(TopicAdmin& admin, const std::string& topic) {
  const auto deadline = std::chrono::steady_clock::now() + kMadeIsKnown;
  for (;;) {
    const absl::StatusOr<std::optional<TopicFound>> found = admin.Find(topic);
    if (found.ok() && *found) return absl::OkStatus();
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
    if (std::chrono::steady_clock::now() >= deadline) {
      return absl::UnavailableError(
          fmt::format("the topic {} was made, and the brokers do not know it yet", topic));
    }
    std::this_thread::sleep_for(kKnownPause);
  }
}

absl::Status CheckAll(const KafkaAddress& address, const TopicsPlan& plan, TopicAdmin& admin,
                      TopicsReport& report) {
  for (const TopicWish& wish : WishesOf(address, plan)) {
    ASSIGN_OR_RETURN(const std::optional<TopicFound> found, admin.Find(wish.topic));
    for (TopicDifference& difference : Compare(address, wish, found ? &*found : nullptr)) {
      report.differences.push_back(std::move(difference));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TopicsReport> CheckTopics(const KafkaAddress& address, const KafkaSettings& settings,
                                         const TopicsPlan& plan) {
  RETURN_IF_ERROR(CheckPlan(plan));
  ASSIGN_OR_RETURN(const std::unique_ptr<TopicAdmin> admin,
                   TopicAdmin::Make(address, settings, plan.timeout));
  TopicsReport report;
  RETURN_IF_ERROR(CheckAll(address, plan, *admin, report));
  return report;
}

absl::StatusOr<TopicsReport> CreateTopics(const KafkaAddress& address,
                                          const KafkaSettings& settings, const TopicsPlan& plan) {
  RETURN_IF_ERROR(CheckPlan(plan));
  if (!plan.log_partitions) {
    return absl::InvalidArgumentError("how many partitions the log gets has to be said");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<TopicAdmin> admin,
                   TopicAdmin::Make(address, settings, plan.timeout));
  TopicsReport report;
  for (const TopicWish& wish : WishesOf(address, plan)) {
    const absl::Status made = admin->Create(wish);
    if (absl::IsAlreadyExists(made)) continue;
    RETURN_IF_ERROR(made);
    report.made.push_back(wish.topic);
  }
  for (const std::string& topic : report.made) {
    RETURN_IF_ERROR(WaitUntilKnown(*admin, topic));
  }
  RETURN_IF_ERROR(CheckAll(address, plan, *admin, report));
  return report;
}

}  // namespace flywheel
