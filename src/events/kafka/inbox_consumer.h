// A member of the consumer group that reads an inbox topic.
#ifndef FLYWHEEL_EVENTS_KAFKA_INBOX_CONSUMER_H_
#define FLYWHEEL_EVENTS_KAFKA_INBOX_CONSUMER_H_

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/inbox_start.h"
#include "events/kafka/owned.h"
#include "events/kafka/settings.h"

namespace flywheel {

struct InboxConsumerOptions {
  // Names the member, so that one that comes back within the session timeout gets its partitions
  // again at once; no two live members may have the same. Empty: a member without a name.
  std::string node_id;
  // Fetched messages that wait to be read; what a fetch brings (fetch.message.max.bytes,
  // decompressed, for each partition) comes on top.
  size_t queue_bytes = size_t{32} << 20;
  // A member that is not heard of for so long is out of the group.
  absl::Duration session_timeout = absl::Seconds(10);
  // How soon partitions that were added are noticed.
  absl::Duration metadata_interval = absl::Seconds(10);
  // How long one question to the brokers may take.
  absl::Duration request_timeout = absl::Seconds(5);
  // How long to wait before something that failed is tried again.
  absl::Duration retry_interval = absl::Seconds(1);
  // How long leaving the group, and then ending librdkafka's threads, may take.
  absl::Duration close_timeout = absl::Seconds(5);
  KafkaLogSink log;
};

struct InboxPartitionLag {
  int32_t partition = 0;
  int64_t next = 0;  // the first message that is not in the log
  int64_t end = 0;   // of the inbox, as last heard

  int64_t messages() const { return end > next ? end - next : 0; }
};

// Operation: joins the group <name>.intake once the topic is there. Where a partition starts is
// asked from the brokers outside of the rebalance: the group's offset, or the first message where
// there is none or it lies outside of the partition (StartOf), which is an alarm. Each partition's
// messages come through a queue of their own kind, so that Serve can keep the membership alive
// while nobody takes messages. Eager rebalances: a revocation takes all partitions.
//
// Concurrency: one thread, which makes it, calls it and ends it.
//
// Limits: queue_bytes; Serve takes at most a few request_timeouts, the destructor twice
// close_timeout.
class InboxConsumer {
 public:
  using Clock = std::chrono::steady_clock;
  using Message = rdkafka::Message;

  struct Counts {
    uint64_t commits = 0;
    uint64_t failed_commits = 0;
    uint64_t losses = 0;         // alarms: partitions whose next message was gone
    uint64_t lost_messages = 0;  // by retention; an upper bound
    std::string last_loss;       // a sentence

    // Adds what a later consumer has counted.
    void Add(const Counts& later);
  };

  // InvalidArgument where librdkafka does not take the settings. Does not wait for the brokers.
  static absl::StatusOr<std::unique_ptr<InboxConsumer>> Make(const KafkaAddress& address,
                                                             const KafkaSettings& settings,
                                                             const InboxConsumerOptions& options);
  // Commits nothing; leaves the group (one with a name stays in it until the session timeout).
  // REQUIRES: all its messages are destroyed.
  ~InboxConsumer();
  InboxConsumer(const InboxConsumer&) = delete;
  InboxConsumer& operator=(const InboxConsumer&) = delete;

  // Joins, takes part in rebalances, finds out where partitions start, commits. To be called all
  // the time, whatever else goes on. What stands in the way of reading, for a person: it goes on
  // trying by itself, but for Aborted (another member has the same name) and OutOfRange (the next
  // message of a partition is gone), after which only a new consumer helps. `busy`: messages that
  // Next has given are not in the log yet. Otherwise all of them are, and will be committed.
  absl::Status Serve(bool busy);

  // The next message; nullptr: none came in time.
  Message Next(absl::Duration wait);

  // Changes when the partitions are taken away: what was read before and is not in the log is then
  // another member's.
  int64_t generation() const { return generation_; }
  // Waits until everything that Serve knows to be in the log is committed. False: not in time.
  bool CommitAll(absl::Duration limit);

  const Counts& counts() const { return counts_; }
  std::vector<InboxPartitionLag> Lags() const;
  const std::string& topic() const { return topic_; }

 private:
  static constexpr int64_t kNothing = -1;

  struct Assigned {
    bool resolved = false;
    int64_t read = 0;  // the next message that Next gives
    int64_t done = 0;  // everything before is in the log
    int64_t committed = kNothing;
    int64_t high = 0;
  };

  InboxConsumer(const KafkaAddress& address, const InboxConsumerOptions& options);

  static void OnRebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                          rd_kafka_topic_partition_list_t* partitions, void* opaque);
  void Rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t& partitions);
  void Leave();

  absl::Status Advance();
  absl::Status Subscribe();
  absl::Status CheckTopic();
  void ServeGroup();
  void HandleError(const rd_kafka_message_t& message);
  absl::Status Resolve();
  absl::Status ResolveEach(const std::map<int32_t, int64_t>& committed);
  absl::StatusOr<std::map<int32_t, int64_t>> Committed();
  absl::Status AssignAll();
  void NoteLoss(int32_t partition, const InboxStart& start, int64_t next);
  void StartCommit();
  void FinishCommit(absl::Duration wait);
  bool has_uncommitted() const;
  absl::Status Trouble() const;

  const std::string bootstrap_;
  const std::string topic_;
  const std::string group_;
  const InboxConsumerOptions options_;
  std::unique_ptr<KafkaClient> client_;
  rdkafka::Queue messages_;
  rdkafka::Queue commit_results_;

  bool subscribed_ = false;
  absl::Status fatal_;
  bool must_begin_anew_ = false;  // a message that was to be read is not there or was dropped
  absl::Status trouble_;
  Clock::time_point trouble_at_;
  Clock::time_point next_try_;  // of subscribing, resolving
  absl::Status blocked_;        // why the last try failed
  int64_t generation_ = 0;
  std::map<int32_t, Assigned> assigned_;
  std::deque<Message> early_;  // came by the group's queue

  bool committing_ = false;
  Clock::time_point commit_started_;
  Clock::time_point next_commit_;
  Counts counts_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_INBOX_CONSUMER_H_
