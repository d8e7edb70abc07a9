// What the tests of the log on Kafka share.
#ifndef FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_
#define FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_LOG_TESTING_H_
