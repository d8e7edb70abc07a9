#include "kafka/log_testing.h"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "events/kafka/topics.h"
#include "kafka/broker.h"

namespace flywheel {
namespace {

constexpr int kPatienceMillis = 60'000;

void RequireNone(rd_kafka_error_t* error) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  FAIL(text);
}

}  // namespace

KafkaAddress AddressOf(const std::string& brokers, const std::string& name) {
  return KafkaAddress::Parse("kafka://" + brokers + "/" + name).value();
}

KafkaAddress NewAddress(std::string_view stem) {
  return AddressOf(SharedBroker().address(), TestTopic(stem));
}

void MakeTopics(const KafkaAddress& address, int32_t partitions, const KafkaSettings& settings) {
  TopicsPlan plan;
  plan.log_partitions = partitions;
  const absl::StatusOr<TopicsReport> report = CreateTopics(address, settings, plan);
  INFO(report.status());
  REQUIRE(report.ok());
  for (const TopicDifference& d : report->differences) {
    FAIL(d.topic << ": " << d.setting << " is " << d.is << ", should be " << d.should_be);
  }
}

std::unique_ptr<KafkaLog> OpenOn(const KafkaAddress& address, const KafkaLogOptions& options,
                                 const KafkaSettings& settings) {
  absl::StatusOr<std::unique_ptr<KafkaLog>> log = KafkaLog::Open(address, settings, options);
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

void Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + KafkaBroker::kPatience;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

KafkaLogOptions ShortTimeouts() {
  KafkaLogOptions options;
  options.delivery_timeout = absl::Seconds(3);
  options.request_timeout = absl::Seconds(2);
  options.check_interval = absl::Milliseconds(200);
  options.close_timeout = absl::Seconds(1);
  return options;
}

ForeignProducer::ForeignProducer(const std::string& brokers,
                                 const std::vector<std::pair<std::string, std::string>>& settings) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 512> error{};
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), error.data(), error.size());
  for (const auto& [name, value] : settings) {
    INFO(name);
    REQUIRE(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) ==
            RD_KAFKA_CONF_OK);
  }
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  INFO(error.data());
  REQUIRE(producer_ != nullptr);
  for (const auto& [name, value] : settings) {
    if (name == "transactional.id")
      RequireNone(rd_kafka_init_transactions(producer_, kPatienceMillis));
  }
}

ForeignProducer::~ForeignProducer() { rd_kafka_destroy(producer_); }

void ForeignProducer::Send(const std::string& topic, int32_t partition,
                           std::string_view value) const {
  REQUIRE(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(topic.c_str()),
                            RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                            RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void ForeignProducer::Flush() const {
  REQUIRE(rd_kafka_flush(producer_, kPatienceMillis) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void ForeignProducer::BeginTransaction() const {
  RequireNone(rd_kafka_begin_transaction(producer_));
}

void ForeignProducer::EndTransaction(bool commit) const {
  Flush();
  RequireNone(commit ? rd_kafka_commit_transaction(producer_, kPatienceMillis)
                     : rd_kafka_abort_transaction(producer_, kPatienceMillis));
}

}  // namespace flywheel
