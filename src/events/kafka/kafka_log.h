// The EventLog on Kafka: the topic <name>.log.
#ifndef FLYWHEEL_EVENTS_KAFKA_KAFKA_LOG_H_
#define FLYWHEEL_EVENTS_KAFKA_KAFKA_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/kafka/address.h"
#include "events/kafka/settings.h"

namespace flywheel {

struct KafkaLogOptions {
  // How long a record waits for others before it is sent. 5 ms: for what is published live. 50 ms:
  // larger batches and less work for the broker, for bulk.
  absl::Duration linger = absl::Milliseconds(5);

  // How long a record may go unacknowledged, from AppendAsync on, before its append is reported
  // Unavailable with an unknown outcome. Longer: a broker's restart goes unnoticed; shorter:
  // callers are told sooner. From 1 s.
  absl::Duration delivery_timeout = absl::Seconds(30);

  // How long to wait for an answer of the brokers to everything else: opening, offsets, reads of
  // what is known to be there. From 100 ms.
  absl::Duration request_timeout = absl::Seconds(10);

  // Bytes of records that are not yet acknowledged, over all partitions, before AppendAsync blocks;
  // also the limit of one Append (ResourceExhausted). Each record counts kAppendOverheadBytes more.
  // librdkafka keeps them a second time. From 4 MiB.
  size_t max_bytes_in_flight = size_t{32} << 20;

  // Bytes of fetched records that wait to be read, over all readers. More: fewer and larger fetches
  // and less waiting for them. What a fetch brings comes on top (fetch.message.max.bytes,
  // decompressed, for each reader). From 1 MiB.
  size_t reader_bytes = size_t{64} << 20;

  // Over how many readers reader_bytes is divided at the start; 0: the partitions. A process that
  // reads only some partitions says how many. Each partition has up to kReadersPerPartition
  // readers, of which the second gets a tenth of a share.
  int32_t expected_readers = 0;

  // How often the number of partitions is looked at. Above zero.
  absl::Duration check_interval = absl::Seconds(5);

  // How long closing waits for appends that are in flight, and then for librdkafka's threads.
  absl::Duration close_timeout = absl::Seconds(5);

  // What librdkafka has to say to an operator. May be empty.
  std::function<void(std::string_view line)> log;
};

// Operation: appends go through one idempotent producer, which is made when it is first needed, to
// the partition that is given, with acks=all; the key is the record's seller_id (none: no key) and
// the message's timestamp is its stamp. Where librdkafka's producer breaks beyond repair, a new one
// sends what is not acknowledged again, in the same order; what then stands twice is a duplicate.
// So an append of several records that fails may leave some of them (Unavailable).
//
// A partition is read by up to kReadersPerPartition consumers, so that one who looks up single
// places does not disturb one who follows the end; the batches point into librdkafka's memory. An
// empty batch has been confirmed by the broker: the log ended at `next` when it was given. After
// anything that may have changed what lies behind a reader (an error, a lost connection) it reads
// the last record it gave again and goes on only if that is the same.
//
// Concurrency: any thread. `done` runs on the producer's thread. Reads of one partition beyond
// kReadersPerPartition wait for one another. A batch may outlive the log.
//
// Errors besides the port's: NotFound and FailedPrecondition (the topic is missing; its number of
// partitions has changed), DataLoss (the topic was truncated at its end or made anew; a batch is
// damaged), PermissionDenied, OutOfRange (records before the offset were deleted), Unavailable.
//
// Limits: the destructor reports every append, and takes at most twice close_timeout. A Read takes
// at most its wait and request_timeout, twice where it has to look again.
class KafkaLog final : public EventLog {
 public:
  static constexpr size_t kAppendOverheadBytes = 256;
  static constexpr int kReadersPerPartition = 2;

  // Asks the brokers for the topic. NotFound: there is none; the message says how to make it.
  // InvalidArgument: options out of range, settings that do not go together.
  static absl::StatusOr<std::unique_ptr<KafkaLog>> Open(const KafkaAddress& address,
                                                        const KafkaSettings& settings,
                                                        const KafkaLogOptions& options = {});
  ~KafkaLog() override;

  int32_t partitions() const override;
  void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                   AppendDone done) override;
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override;
  absl::StatusOr<Offset> BeginOffset(Partition partition) override;
  absl::StatusOr<Offset> EndOffset(Partition partition) override;

 private:
  struct State;
  explicit KafkaLog(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_KAFKA_LOG_H_
