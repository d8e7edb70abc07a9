// Where a log lies on Kafka: kafka://host:port[,host:port]/name.
#ifndef FLYWHEEL_EVENTS_KAFKA_ADDRESS_H_
#define FLYWHEEL_EVENTS_KAFKA_ADDRESS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace flywheel {

// Kafka takes topic names of up to 249 characters, and the longest ending is ".refused".
inline constexpr size_t kMaxKafkaNameBytes = 249 - 8;
// Brokers that an address may list: more than a few only make the first connection slower.
inline constexpr size_t kMaxKafkaBrokers = 16;

// The brokers and the name of a log. Its topics are <name>.inbox, what any publisher writes;
// <name>.log, Flywheel's own; <name>.refused, the bytes of what intake refused.
//
// Concurrency: a value.
class KafkaAddress {
 public:
  // True where the text means a log on Kafka, however wrong the rest of it is.
  static bool IsOne(std::string_view text) { return text.starts_with("kafka://"); }

  // host is a name, an IPv4 address, or an IPv6 address in brackets; port is 1 to 65535. The name
  // has the characters of a topic's: letters, digits, '.', '_', '-'. InvalidArgument with what is
  // wrong.
  static absl::StatusOr<KafkaAddress> Parse(std::string_view text);

  // What Parse takes.
  std::string ToText() const;

  // "host:port,host:port", as librdkafka's bootstrap.servers.
  const std::string& bootstrap_servers() const { return bootstrap_servers_; }
  const std::string& name() const { return name_; }
  std::string InboxTopic() const { return name_ + ".inbox"; }
  std::string LogTopic() const { return name_ + ".log"; }
  std::string RefusedTopic() const { return name_ + ".refused"; }

  friend bool operator==(const KafkaAddress&, const KafkaAddress&) = default;

 private:
  KafkaAddress(std::string bootstrap_servers, std::string name)
      : bootstrap_servers_(std::move(bootstrap_servers)), name_(std::move(name)) {}

  std::string bootstrap_servers_;
  std::string name_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_ADDRESS_H_
