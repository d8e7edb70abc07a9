// A handle of librdkafka: how it is configured, what it logs, how it ends.
#ifndef FLYWHEEL_EVENTS_KAFKA_CLIENT_H_
#define FLYWHEEL_EVENTS_KAFKA_CLIENT_H_

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "events/kafka/address.h"
#include "events/kafka/settings.h"

namespace flywheel {

// Called with one line for an operator, from any thread, at most kMaxLogLines in kLogLinesPeriod of
// a client (the next line then says how many were left out). Must not block for long.
using KafkaLogSink = std::function<void(std::string_view line)>;

inline constexpr int kMaxLogLines = 20;
inline constexpr absl::Duration kLogLinesPeriod = absl::Seconds(10);

enum class KafkaClientKind : uint8_t { kProducer, kConsumer };

struct KafkaClientOptions {
  KafkaClientKind kind = KafkaClientKind::kConsumer;
  std::vector<KafkaSetting> defaults;  // the operator's settings override these
  std::vector<KafkaSetting> required;  // these override the operator's
  // Sets callbacks (dr_msg_cb, rebalance_cb); not the opaque, log_cb, error_cb. May be empty.
  std::function<void(rd_kafka_conf_t*)> configure;
  // What KafkaClient::UserOf gives in those callbacks.
  void* user = nullptr;
  KafkaLogSink log;  // may be empty
  // How long the destructor waits. What has not ended by then goes on ending by itself, in a thread
  // that nothing waits for.
  absl::Duration close_timeout = absl::Seconds(5);
};

// Operation: owns an rd_kafka_t. Of the settings, `required` wins over the operator's, these over
// `defaults`; bootstrap.servers is the address's, and topics are never made by use.
//
// Concurrency: the handle is librdkafka's and may be used from any thread; the rest too.
//
// Errors of Make: InvalidArgument in librdkafka's words (settings that do not go together, files of
// certificates that cannot be read), ResourceExhausted (no thread can be started).
//
// Limits: the destructor takes at most close_timeout. REQUIRES: what was got from the handle
// (messages, queues, topics) is destroyed before it.
class KafkaClient {
 public:
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(const KafkaAddress& address,
                                                           const KafkaSettings& settings,
                                                           KafkaClientOptions options);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* handle() const { return handle_; }

  // Of the opaque that a callback of librdkafka is given.
  static void* UserOf(void* opaque);
  static void* UserOf(const rd_kafka_t* handle) { return UserOf(rd_kafka_opaque(handle)); }

  // The destructor will wait for nothing.
  void CloseInBackground() { close_timeout_ = absl::ZeroDuration(); }

  // What last went wrong with the brokers within the last minute, e.g. "127.0.0.1:9092: Connection
  // refused"; empty where nothing did.
  std::string Trouble() const;

  // Why the brokers do not let this client in (a wrong password, no trust in a certificate); OK
  // where they do or where they are merely away.
  absl::Status Refusal() const;

  // Rises whenever something may have changed behind a reader: a broker lost or another one
  // responsible, a topic unknown for a moment, an error of a fetch.
  int64_t disturbances() const;

  // The status of an error of this client's, with what the brokers' trouble is where they are away.
  // `what`: what could not be done, as a clause: "<what>: <why>".
  absl::Status StatusOf(rd_kafka_resp_err_t code, std::string_view what) const;

 private:
  class Monitor;

  KafkaClient() = default;

  std::shared_ptr<Monitor> monitor_;  // the callbacks' too, which may end late
  rd_kafka_t* handle_ = nullptr;
  KafkaClientKind kind_ = KafkaClientKind::kConsumer;
  absl::Duration close_timeout_;
  std::string refusal_hint_;  // what else may be behind a refusal
};

// librdkafka's version, e.g. "2.0.2".
std::string LibrdkafkaVersion();

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_CLIENT_H_
