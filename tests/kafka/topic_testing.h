// Topics of a real broker, as tests make, fill, change and read them.
#ifndef FLYWHEEL_TESTS_KAFKA_TOPIC_TESTING_H_
#define FLYWHEEL_TESTS_KAFKA_TOPIC_TESTING_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flywheel {

struct TopicMessage {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  int32_t partition = -1;  // -1: as the partitioner says
  int64_t offset = -1;     // of what is read
};

// One broker, or several with commas. Every call waits until it has its answer, and throws
// std::runtime_error where there is none within KafkaBroker::kPatience or it is an error.
//
// Concurrency: one thread.
class TopicTester {
 public:
  explicit TopicTester(std::string address) : address_(std::move(address)) {}

  void Create(const std::string& topic, int32_t partitions,
              const std::map<std::string, std::string>& config = {});
  void AddPartitions(const std::string& topic, int32_t partitions);
  void Delete(const std::string& topic);
  // The partition then begins at the offset.
  void DeleteBefore(const std::string& topic, int32_t partition, int64_t offset);

  // `settings` of librdkafka's producer, e.g. {"compression.type", "zstd"}.
  void Publish(const std::string& topic, const std::vector<TopicMessage>& messages,
               const std::map<std::string, std::string>& settings = {});
  // In a transaction that is then aborted.
  void PublishAndAbort(const std::string& topic, const std::vector<TopicMessage>& messages);

  // Everything that is there, partition after partition.
  std::vector<TopicMessage> ReadAll(const std::string& topic, int32_t partitions);
  // What the group has committed; absent partitions: nothing.
  std::map<int32_t, int64_t> Committed(const std::string& group, const std::string& topic,
                                       int32_t partitions);
  // As a member would; the group must have none.
  void Commit(const std::string& group, const std::string& topic, int32_t partition,
              int64_t offset);

 private:
  std::string address_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_TOPIC_TESTING_H_
