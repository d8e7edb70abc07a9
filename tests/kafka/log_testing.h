// What the tests of the log on Kafka share.
#ifndef FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_
#define FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "events/kafka/address.h"
#include "events/kafka/kafka_log.h"
#include "events/kafka/settings.h"

namespace flywheel {

// The address of a log of that name on brokers "host:port,...".
KafkaAddress AddressOf(const std::string& brokers, const std::string& name);
// One that no other test has, on the shared broker.
KafkaAddress NewAddress(std::string_view stem);

// Makes the three topics.
void MakeTopics(const KafkaAddress& address, int32_t partitions,
                const KafkaSettings& settings = {});

// Opens it; fails the test where that fails.
std::unique_ptr<KafkaLog> OpenOn(const KafkaAddress& address, const KafkaLogOptions& options = {},
                                 const KafkaSettings& settings = {});

bool Mentions(const absl::Status& status, std::string_view text);

// Waits until the condition holds; fails the test where it never does.
void Eventually(const std::function<bool()>& condition);

// With timeouts of seconds, for a broker that is made to fail.
KafkaLogOptions ShortTimeouts();

// A producer of librdkafka's alone, as somebody else has one.
class ForeignProducer {
 public:
  ForeignProducer(const std::string& brokers,
                  const std::vector<std::pair<std::string, std::string>>& settings);
  ~ForeignProducer();
  ForeignProducer(const ForeignProducer&) = delete;
  ForeignProducer& operator=(const ForeignProducer&) = delete;

  void Send(const std::string& topic, int32_t partition, std::string_view value) const;
  // Waits until all is acknowledged.
  void Flush() const;
  // REQUIRES: transactional.id was set.
  void BeginTransaction() const;
  void EndTransaction(bool commit) const;

 private:
  rd_kafka_t* producer_ = nullptr;
};

// Appends numbered records one after the other until it is told to stop, each again until it is
// acknowledged; so the acknowledged ones are whole and in order, whatever happens to the broker.
class SteadyWriter {
 public:
  SteadyWriter(EventLog* log, Partition partition);
  // Stops it.
  ~SteadyWriter();
  SteadyWriter(const SteadyWriter&) = delete;
  SteadyWriter& operator=(const SteadyWriter&) = delete;

  int64_t acknowledged() const { return acknowledged_; }
  int64_t failed() const { return failed_; }
  // Ends it after the record it is at. Where each number was acknowledged; offsets rise.
  std::vector<Offset> Stop();

 private:
  void Loop();

  EventLog* const log_;
  const Partition partition_;
  std::vector<Offset> offsets_;
  std::atomic<int64_t> acknowledged_{0};
  std::atomic<int64_t> failed_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Every record that was acknowledged stands in the log where it was said to be, and what is there
// besides are repeats.
void CheckNothingIsLost(EventLog& log, Partition partition, const std::vector<Offset>& offsets);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_
