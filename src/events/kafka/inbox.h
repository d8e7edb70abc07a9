// Intake from Kafka: what publishers write to the inbox topic goes into the log.
#ifndef FLYWHEEL_EVENTS_KAFKA_INBOX_H_
#define FLYWHEEL_EVENTS_KAFKA_INBOX_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/inbox_batch.h"
#include "events/inbox_writer.h"
#include "events/kafka/address.h"
#include "events/kafka/inbox_consumer.h"
#include "events/kafka/settings.h"
#include "events/publisher.h"
#include "events/refused_store.h"

namespace flywheel {

// The steps of a batch, in their order.
enum class InboxStep : uint8_t {
  kRead,       // messages are taken from the inbox
  kPrepared,   // the bytes of what is refused are in the side store
  kAppended,   // everything is durable in the log
  kCommitted,  // and the group's offsets say so
};

struct KafkaInboxOptions {
  InboxConsumerOptions consumer;
  // A batch ends at so many messages, so many bytes (one message may go beyond), or so long after
  // its first message. Longer: fewer and larger appends; shorter: events are seen sooner. A batch
  // takes about four times its bytes while it is on its way.
  size_t max_batch_messages = 5000;
  size_t max_batch_bytes = size_t{4} << 20;
  absl::Duration max_batch_wait = absl::Milliseconds(5);
  // The wait before a batch that failed is tried again, doubled each time up to the second.
  absl::Duration first_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);
  // How long Stop waits for what is being appended, and for the last offsets to be committed.
  absl::Duration stop_timeout = absl::Seconds(5);
  // Of the bytes in the side store.
  RefusedBudget::Options refused_budget;
  // Called after each step, in the inbox's thread. May be empty.
  std::function<void(InboxStep)> on_step;
};

// What a KafkaInbox has done and how it stands. The counts start at 0 with the object.
struct InboxState {
  uint64_t messages = 0;  // read from the inbox
  uint64_t bytes = 0;     // of their values
  InboxCounts written;
  uint64_t commits = 0;
  uint64_t failed_commits = 0;  // tried again
  uint64_t losses = 0;          // alarms: messages were gone before they were read
  uint64_t lost_messages = 0;   // by retention; an upper bound
  std::string last_loss;        // a sentence
  uint64_t restarts = 0;        // the consumer had to be made anew
  // What stands in the way at the moment, for a person. The inbox goes on trying by itself.
  absl::Status status;
  // Messages that are read and not in the log yet.
  size_t in_hand = 0;
  std::vector<InboxPartitionLag> lags;  // of the partitions that this member reads
  // When the loop came round last: where that is long ago, it hangs.
  std::chrono::steady_clock::time_point last_turn;
};

// Operation: one thread reads a batch, decodes it, brings what is refused into the side store,
// appends everything to the log (InboxWriter), and then commits the offsets to the group
// <name>.intake. So a message is in the log at least once, whatever is killed when; a repeat is a
// duplicate to the fold. A batch that the log does not take is tried again until it does, while the
// membership is kept alive; nothing more is read meanwhile. When the partitions are taken away,
// what is not in the log is dropped: the new owner reads it again.
//
// Where a partition starts, stands in InboxConsumer. What is missing (the topic, rights, a broker)
// is said in `state().status` and on the log sink, and waited for.
//
// Concurrency: any thread. `policies`, `wall_clock` and `on_step` are called in its own thread.
//
// Limits: queue_bytes and max_batch_bytes of messages in memory. Stop takes at most a few
// request_timeouts, stop_timeout and twice close_timeout, and what the log's AppendAsync may block.
class KafkaInbox {
 public:
  // Starts reading. InvalidArgument where librdkafka does not take the settings or an option is
  // out of range; does not wait for the brokers. `log` and `refused` must outlive it.
  static absl::StatusOr<std::unique_ptr<KafkaInbox>> Start(const KafkaAddress& address,
                                                           const KafkaSettings& settings,
                                                           EventLog* log, RefusedStore* refused,
                                                           Publisher::PolicySource policies,
                                                           std::function<Instant()> wall_clock,
                                                           KafkaInboxOptions options);

  // Stops.
  ~KafkaInbox();
  KafkaInbox(const KafkaInbox&) = delete;
  KafkaInbox& operator=(const KafkaInbox&) = delete;

  // Finishes the batch that is being appended, commits, leaves the group. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  InboxState state() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Clock = std::chrono::steady_clock;

  KafkaInbox(const KafkaAddress& address, const KafkaSettings& settings, EventLog* log,
             RefusedStore* refused, Publisher::PolicySource policies,
             std::function<Instant()> wall_clock, KafkaInboxOptions options);

  void Run();
  void Turn();
  void Finish();
  void MakeConsumer();
  absl::Status Serve();
  void Collect();
  void Write();
  void Fail(const absl::Status& status);
  bool KeepWaiting();
  void Step(InboxStep step);
  void Sleep(absl::Duration duration) ABSL_LOCKS_EXCLUDED(mutex_);
  bool stopping() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Publish(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void Say(const absl::Status& status);

  const KafkaAddress address_;
  const KafkaSettings settings_;
  const KafkaInboxOptions options_;

  // Used by the thread alone.
  InboxWriter writer_;
  std::unique_ptr<InboxConsumer> consumer_;
  InboxConsumer::Counts counts_before_;  // of the consumers that are gone
  InboxBatch batch_;
  int64_t batch_generation_ = 0;
  absl::Status write_error_;
  absl::Duration backoff_;
  Clock::time_point next_write_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  uint64_t restarts_ = 0;
  uint64_t seen_commits_ = 0;
  std::string said_;
  Clock::time_point said_at_;

  mutable Mutex mutex_;
  CondVar stop_requested_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point stop_at_ ABSL_GUARDED_BY(mutex_);
  InboxState state_ ABSL_GUARDED_BY(mutex_);

  Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_INBOX_H_
