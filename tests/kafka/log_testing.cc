#include "kafka/log_testing.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <thread>

#include "events/kafka/topics.h"
#include "kafka/broker.h"
#include "log/log_testing.h"

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

bool Mentions(const absl::Status& status, std::string_view text) {
  return std::string_view(status.message().data(), status.message().size()).find(text) !=
         std::string_view::npos;
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
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
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

SteadyWriter::SteadyWriter(EventLog* log, Partition partition)
    : log_(log), partition_(partition), thread_([this] { Loop(); }) {}

SteadyWriter::~SteadyWriter() { Stop(); }

std::vector<Offset> SteadyWriter::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return offsets_;
}

void SteadyWriter::Loop() {
  while (!stopping_) {
    const absl::StatusOr<Offset> offset =
        AppendOne(*log_, partition_, NumberedRecord(acknowledged_));
    if (offset.ok()) {
      offsets_.push_back(*offset);
      ++acknowledged_;
    } else {
      ++failed_;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

void CheckNothingIsLost(EventLog& log, Partition partition, const std::vector<Offset>& offsets) {
  const absl::StatusOr<std::vector<StoredText>> stored = ReadFrom(log, partition, Offset(0));
  INFO(stored.status());
  REQUIRE(stored.ok());
  std::map<Offset, std::string> by_offset;
  std::map<std::string, size_t> numbers;
  for (size_t i = 0; i <= offsets.size(); ++i) {
    numbers[NumberedRecord(static_cast<int64_t>(i))] = i;
  }
  size_t seen = 0;  // the numbers that have been read so far, without a hole
  for (const StoredText& record : *stored) {
    by_offset[record.offset] = record.bytes;
    const auto number = numbers.find(record.bytes);
    REQUIRE(number != numbers.end());
    CHECK(number->second <= seen);
    seen = std::max(seen, number->second + 1);
  }
  for (size_t i = 0; i < offsets.size(); ++i) {
    CHECK(by_offset[offsets[i]] == NumberedRecord(static_cast<int64_t>(i)));
  }
  CHECK(std::is_sorted(offsets.begin(), offsets.end()));
}

}  // namespace flywheel
