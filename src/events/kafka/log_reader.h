// One consumer that reads one partition of the log from an offset on.
#ifndef FLYWHEEL_EVENTS_KAFKA_LOG_READER_H_
#define FLYWHEEL_EVENTS_KAFKA_LOG_READER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/kafka/client.h"
#include "events/kafka/topic_queries.h"

namespace flywheel {

// The last record that a reader gave: what it must find again before it gives what follows.
struct ReadAnchor {
  Offset offset;
  Offset next;  // what was read from there on follows this record
  size_t size = 0;
  uint64_t hash = 0;
};

struct LogReaderOptions {
  size_t queued_bytes = size_t{64} << 20;  // of fetched records that wait
  absl::Duration request_timeout = absl::Seconds(10);
  absl::Duration close_timeout = absl::Seconds(5);
  KafkaLogSink log;
};

// Operation: assigned to its partition at an explicit offset, again whenever a Read asks for
// another one than follows; never seeks, pauses or subscribes. It begins with the record of the
// anchor where one is known, and goes on only if that is still the same; and does so again after
// anything that may have changed what lies behind it (KafkaClient::disturbances). Batches point
// into librdkafka's memory and keep the client alive.
//
// Concurrency: one thread at a time.
//
// Errors: see KafkaLog. After an error the next Read is assigned anew.
//
// Limits: at most queued_bytes wait, and what one fetch brings on top.
class LogReader {
 public:
  // The queries must outlive it.
  static absl::StatusOr<std::unique_ptr<LogReader>> Make(const KafkaAddress& address,
                                                         const KafkaSettings& settings,
                                                         const TopicQueries* queries,
                                                         Partition partition,
                                                         const LogReaderOptions& options);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // As EventLog::Read. `anchor`: what some reader gave last before `from`; used where this reader
  // has to be assigned.
  absl::StatusOr<RecordBatch> Read(Offset from, const ReadLimits& limits,
                                   const std::optional<ReadAnchor>& anchor);

  // What it gave last; nullopt: nothing since it was made.
  const std::optional<ReadAnchor>& anchor() const { return anchor_; }
  // The offset that it goes on with without being assigned anew; nullopt: any Read assigns it.
  std::optional<Offset> follows() const {
    return assigned_ ? std::optional<Offset>(follows_) : std::nullopt;
  }
  // Nothing can be read with it any more: make another one.
  bool broken() const;
  // How often it was assigned. For tests.
  int64_t assignments() const { return assignments_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Messages = std::vector<rd_kafka_message_t*>;
  struct Batch;

  LogReader(std::shared_ptr<KafkaClient> client, const TopicQueries* queries, Partition partition,
            const LogReaderOptions& options);

  absl::StatusOr<RecordBatch> ReadFrom(Offset from, const ReadLimits& limits,
                                       const std::optional<ReadAnchor>& anchor);
  // Its own last record, or another reader's, where that is what comes before `from`.
  std::optional<ReadAnchor> AnchorFor(Offset from, const std::optional<ReadAnchor>& other) const;
  absl::Status Assign(Offset from, const std::optional<ReadAnchor>& anchor);
  void Unassign();
  // Takes what is there, as far as the limits go; waits for the first.
  absl::Status Fetch(const ReadLimits& limits, Clock::time_point until);
  absl::Status TakeAll(size_t count);
  // Lets librdkafka fetch again where its queue was full.
  void Nudge();
  absl::Status TakeError(const rd_kafka_message_t& message);
  absl::Status Verify(const rd_kafka_message_t& message);
  // Why the brokers have no record where it reads; OK where it was assigned anew.
  absl::Status ExplainOutOfRange();
  // Where the log ends; OutOfRange or DataLoss where `from` does not lie within it.
  absl::StatusOr<Offset> ConfirmEnd(Offset from);
  RecordBatch Give(const ReadLimits& limits);
  RecordBatch GiveNone();
  absl::Status Changed(std::string_view how) const;
  std::string Reading() const;

  const std::shared_ptr<KafkaClient> client_;
  const TopicQueries* const queries_;
  const Partition partition_;
  const absl::Duration request_timeout_;
  rd_kafka_queue_t* const queue_;
  const size_t nudge_after_bytes_;

  bool assigned_ = false;
  int64_t assignments_ = 0;
  int64_t disturbances_ = 0;                 // the client's, from before it was assigned
  Offset follows_;                           // what the next Read asks for if it follows
  Offset fetched_;                           // everything before it has been fetched
  std::deque<rd_kafka_message_t*> waiting_;  // fetched and not given
  size_t waiting_bytes_ = 0;
  size_t taken_bytes_ = 0;               // since it was nudged, with what librdkafka adds to them
  std::optional<ReadAnchor> to_verify_;  // is to be the first that is fetched
  std::optional<ReadAnchor> anchor_;     // what it gave last
  Messages incoming_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_LOG_READER_H_
