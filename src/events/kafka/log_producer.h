// Appends to the log's topic.
#ifndef FLYWHEEL_EVENTS_KAFKA_LOG_PRODUCER_H_
#define FLYWHEEL_EVENTS_KAFKA_LOG_PRODUCER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/pending_append.h"
#include "events/kafka/settings.h"

namespace flywheel {

struct LogProducerOptions {
  int32_t partitions = 1;
  absl::Duration linger;
  absl::Duration delivery_timeout;
  size_t max_bytes_in_flight = 0;
  absl::Duration close_timeout;
  KafkaLogSink log;
};

// Operation: the first Append makes an idempotent producer and a thread that hears its reports.
// Each partition's appends form a queue; what stands in it is sent in order, again by a new
// producer when the old one is broken (a fatal error of librdkafka's), until it is acknowledged,
// has failed, or is older than the delivery timeout.
//
// Concurrency: Append from any thread; `done` runs on the thread of reports, or on the caller's
// where nothing could be sent.
//
// Errors: as KafkaLog's appends. DataLoss where a partition gives an offset that it gave before.
//
// Limits: Append blocks beyond max_bytes_in_flight; an append alone is taken however large it is.
// The destructor takes at most twice close_timeout and reports everything.
class LogProducer {
 public:
  LogProducer(KafkaAddress address, KafkaSettings settings, LogProducerOptions options);
  ~LogProducer();
  LogProducer(const LogProducer&) = delete;
  LogProducer& operator=(const LogProducer&) = delete;

  // REQUIRES: the partition is one of the log's; the records are what the port takes.
  void Append(Partition partition, absl::Span<const std::string_view> records,
              EventLog::AppendDone done) ABSL_LOCKS_EXCLUDED(mutex_);

  // For tests: the handle as it is now; nullptr: there is none yet.
  rd_kafka_t* handle() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A producer and its topic.
  class Producer;
  // Reports that are due, run without the lock.
  using Reports = std::vector<std::pair<EventLog::AppendDone, absl::StatusOr<std::vector<Offset>>>>;

  absl::StatusOr<std::unique_ptr<Producer>> MakeProducer();
  absl::Status Start() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);
  // True: the loop is over.
  bool Serve(std::chrono::steady_clock::time_point close_by) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Recover(Producer& broken, rd_kafka_resp_err_t code, const std::string& reason)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void SendAllAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Pump(PendingPartition& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: nothing more can be sent now.
  bool Send(PendingAppend& append) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnReport(const rd_kafka_t* handle, const rd_kafka_message_t& message)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Acknowledge(PendingRecord& record, Offset offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nothing of the append is on its way any more: reports it, or sends the rest of it again.
  void Conclude(PendingAppend& append) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(PendingAppend& append, absl::StatusOr<std::vector<Offset>> result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FailAll(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropSettled(PendingPartition& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunReports() ABSL_LOCKS_EXCLUDED(mutex_);

  PendingPartition& QueueOf(Partition partition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return queues_[static_cast<size_t>(partition.number())];
  }
  std::string Appending(Partition partition) const;
  absl::Status FailureOf(rd_kafka_resp_err_t code, Partition partition) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const KafkaAddress address_;
  const KafkaSettings settings_;
  const LogProducerOptions options_;
  const std::string topic_;

  Mutex mutex_;
  CondVar changed_;  // room for appends, the end
  std::unique_ptr<Producer> producer_ ABSL_GUARDED_BY(mutex_);
  std::vector<PendingPartition> queues_ ABSL_GUARDED_BY(mutex_);
  Reports reports_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;  // librdkafka's queue was full
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point recovered_;  // of that thread
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_LOG_PRODUCER_H_
