// How each topic of a log should be, and what is different about one that is there.
#ifndef FLYWHEEL_EVENTS_KAFKA_TOPIC_PLAN_H_
#define FLYWHEEL_EVENTS_KAFKA_TOPIC_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "events/event_log.h"
#include "events/kafka/address.h"
#include "events/kafka/topics.h"

namespace flywheel {

// The largest message of the log: a record, its key and what surrounds them.
inline constexpr size_t kMaxLogMessageBytes = EventLog::kMaxRecordBytes + (size_t{64} << 10);

// What a setting of a topic should be: a text, or a number within bounds.
struct SettingWish {
  std::string name;
  std::string value;  // what it is made with; empty: the broker's default
  bool is_number = false;
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
  std::string why;  // what goes wrong where it is not so

  bool Holds(std::string_view is) const;
};

struct TopicWish {
  std::string topic;
  std::optional<int32_t> partitions;
  bool partitions_may_rise = false;
  std::optional<int32_t> replication;
  std::vector<SettingWish> settings;
};

// A topic as it is.
struct TopicFound {
  int32_t partitions = 0;
  int32_t replication = 0;  // of the partition that has the fewest copies
  std::map<std::string, std::string> settings;
};

// InvalidArgument: a number that is out of its range.
absl::Status CheckPlan(const TopicsPlan& plan);

// The topics of the log at the address, in the order inbox, log, refused.
std::vector<TopicWish> WishesOf(const KafkaAddress& address, const TopicsPlan& plan);

// What differs. `found`: nullptr where the topic is missing. Where the wish does not say how many
// copies must have a record, it follows from how many there are.
std::vector<TopicDifference> Compare(const KafkaAddress& address, const TopicWish& wish,
                                     const TopicFound* found);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_TOPIC_PLAN_H_
