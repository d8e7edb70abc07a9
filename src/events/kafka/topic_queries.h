// What the brokers say of a topic: how many partitions it has, where they begin and end.
#ifndef FLYWHEEL_EVENTS_KAFKA_TOPIC_QUERIES_H_
#define FLYWHEEL_EVENTS_KAFKA_TOPIC_QUERIES_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/settings.h"

namespace flywheel {

// The offset at a place of a partition, RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END, for a
// reader as the handle's isolation.level says. Keeps its time, which
// rd_kafka_query_watermark_offsets does not while a partition's leader is away.
rd_kafka_resp_err_t AskForPlace(rd_kafka_t* handle, const std::string& topic, Partition partition,
                                int64_t place, int millis, int64_t& offset);

// Operation: has a client of its own, and asks again while that can help, until the timeout.
//
// Concurrency: any thread.
//
// Errors: NotFound (no such topic), PermissionDenied, FailedPrecondition (TLS), Unavailable.
class TopicQueries {
 public:
  static absl::StatusOr<std::unique_ptr<TopicQueries>> Make(
      const KafkaAddress& address, const KafkaSettings& settings, std::string topic,
      absl::Duration timeout, absl::Duration close_timeout, const KafkaLogSink& log);

  const std::string& topic() const { return topic_; }
  absl::StatusOr<int32_t> CountPartitions() const { return CountPartitions(timeout_); }
  absl::StatusOr<int32_t> CountPartitions(absl::Duration timeout) const;
  // Where a partition begins and ends for a reader of what is committed.
  absl::StatusOr<Offset> Begin(Partition partition) const;
  absl::StatusOr<Offset> End(Partition partition) const;

 private:
  TopicQueries(std::unique_ptr<KafkaClient> client, std::string topic, absl::Duration timeout)
      : client_(std::move(client)), topic_(std::move(topic)), timeout_(timeout) {}

  // `place`: RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END.
  absl::StatusOr<Offset> Find(Partition partition, int64_t place) const;

  const std::unique_ptr<KafkaClient> client_;
  const std::string topic_;
  const absl::Duration timeout_;
  mutable std::atomic<bool> known_ = false;  // the topic was there once
};

// NotFound for a topic that is missing, with the command that makes it.
absl::Status TopicIsMissing(std::string_view topic);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_TOPIC_QUERIES_H_
