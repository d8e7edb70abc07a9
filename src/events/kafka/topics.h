// The topics of a log: made as Flywheel needs them, and checked for what has become of them.
#ifndef FLYWHEEL_EVENTS_KAFKA_TOPICS_H_
#define FLYWHEEL_EVENTS_KAFKA_TOPICS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "events/kafka/address.h"
#include "events/kafka/settings.h"

namespace flywheel {

// How the topics should be.
struct TopicsPlan {
  // Partitions of the log, 1 to 1024; fixed for ever. Checking: absent, any number is right.
  std::optional<int32_t> log_partitions;
  // Partitions of the inbox, 1 to 1024; absent: as many as the log's. May be raised later.
  std::optional<int32_t> inbox_partitions;
  // Copies of each partition, 1 to 16. Absent: making, what the broker has as its default;
  // checking, any number is right.
  std::optional<int32_t> replication;
  // How many copies must have a record before it is acknowledged, 1 to replication. Absent: 1 where
  // there is one copy, else 2.
  std::optional<int32_t> min_insync;
  // How long the inbox keeps what intake has taken; the time there is to repair a stopped intake.
  absl::Duration inbox_retention = absl::Hours(7 * 24);
  // How long, and how many bytes of each partition, the bytes of refused events are kept.
  absl::Duration refused_retention = absl::Hours(14 * 24);
  int64_t refused_bytes = int64_t{256} << 20;
  // How long to wait for the brokers.
  absl::Duration timeout = absl::Seconds(30);
};

// One thing that is not as it should be.
struct TopicDifference {
  std::string topic;
  std::string setting;  // e.g. "retention.ms", "partitions", "replication", "topic" where missing
  std::string is;
  std::string should_be;
  std::string why;     // what goes wrong as it is; a sentence
  std::string remedy;  // a command, or a sentence where no command mends it

  friend bool operator==(const TopicDifference&, const TopicDifference&) = default;
};

struct TopicsReport {
  std::vector<std::string> made;  // topics, by CreateTopics
  std::vector<TopicDifference> differences;
};

// Compares the three topics with the plan. Errors: Unavailable, PermissionDenied, InvalidArgument
// (the plan).
absl::StatusOr<TopicsReport> CheckTopics(const KafkaAddress& address, const KafkaSettings& settings,
                                         const TopicsPlan& plan);

// Makes those that are missing, then checks all; those that are there are not changed. REQUIRES:
// plan.log_partitions. Errors: as CheckTopics; FailedPrecondition where the brokers refuse to make
// one (more copies than brokers), in their words.
absl::StatusOr<TopicsReport> CreateTopics(const KafkaAddress& address,
                                          const KafkaSettings& settings, const TopicsPlan& plan);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_TOPICS_H_
