// The side store on Kafka: the topic <name>.refused.
#ifndef FLYWHEEL_EVENTS_KAFKA_REFUSED_STORE_H_
#define FLYWHEEL_EVENTS_KAFKA_REFUSED_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/settings.h"
#include "events/refused_store.h"

namespace flywheel {

// Operation: a message each, with the place as key ("3@1278"), the bytes as value, and headers:
// source, length (of the whole, where the value is cut at kMaxRefusedBytes), code, field, sentence,
// seller_id. How long and how much the topic keeps is the topic's (`flywheel topics create`).
//
// Concurrency: one thread at a time.
//
// Errors: Unavailable (a broker is away, too few copies); NotFound (there is no topic),
// PermissionDenied, InvalidArgument (the topic takes no messages so large).
//
// Limits: holds one batch. Ends within the close_timeout.
class KafkaRefusedStore final : public RefusedStore {
 public:
  struct Options {
    absl::Duration close_timeout = absl::Seconds(5);
    KafkaLogSink log;
  };

  // InvalidArgument where librdkafka does not take the settings. Does not wait for the brokers.
  static absl::StatusOr<std::unique_ptr<KafkaRefusedStore>> Make(const KafkaAddress& address,
                                                                 const KafkaSettings& settings,
                                                                 const Options& options);
  ~KafkaRefusedStore() override = default;

  absl::Status Put(absl::Span<const RefusedBytes> batch, absl::Duration limit) override;

 private:
  // Of the batch that is being put.
  struct Delivery;

  explicit KafkaRefusedStore(std::string topic) : topic_(std::move(topic)) {}
  static void OnDelivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque);
  absl::Status Produce(const RefusedBytes& each, Delivery* delivery);
  void Abandon(std::unique_ptr<Delivery> delivery);

  std::string topic_;
  std::unique_ptr<KafkaClient> client_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_REFUSED_STORE_H_
