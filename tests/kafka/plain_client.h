// Bare librdkafka: what a program that knows nothing of ours does with a broker.
#ifndef FLYWHEEL_TESTS_KAFKA_PLAIN_CLIENT_H_
#define FLYWHEEL_TESTS_KAFKA_PLAIN_CLIENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace flywheel {

// Names and values as librdkafka takes them, "bootstrap.servers" among them
// (KafkaBroker::ClientSettings).
using PlainSettings = std::vector<std::pair<std::string, std::string>>;

struct PlainMessage {
  std::optional<std::string> key = {};
  std::optional<std::string> value = {};  // none: a tombstone
  std::vector<std::pair<std::string, std::string>> headers = {};
  int32_t partition = -1;  // -1: as the partitioner says
  int64_t offset = -1;     // set by ConsumeAll
};

// Each call connects, does its work and disconnects. Errors: Unavailable with librdkafka's own
// names and, where it said more (a refused password), that.
absl::Status CreatePlainTopic(const PlainSettings& settings, const std::string& topic,
                              int partitions,
                              const std::vector<std::pair<std::string, std::string>>& configs = {});
absl::Status DeletePlainTopic(const PlainSettings& settings, const std::string& topic);

// Done when each is acknowledged; fails with the first that is not.
absl::Status ProducePlain(const PlainSettings& settings, const std::string& topic,
                          const std::vector<PlainMessage>& messages);

// What lies in all partitions now, partition by partition.
absl::StatusOr<std::vector<PlainMessage>> ConsumeAll(const PlainSettings& settings,
                                                     const std::string& topic);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_PLAIN_CLIENT_H_
