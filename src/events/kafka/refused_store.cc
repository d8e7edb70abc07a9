#include "events/kafka/refused_store.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/vocabulary.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than any Put: within it librdkafka sends again by itself.
constexpr std::string_view kMessageTimeoutMs = "60000";
constexpr int kPollMillis = 20;
// How long to wait for the reports of what is taken back.
constexpr std::chrono::seconds kPatience{2};
// A header of what a publisher wrote is cut there.
constexpr size_t kMaxHeaderBytes = 1024;

void AddHeader(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(std::min(value.size(), kMaxHeaderBytes)));
}

rd_kafka_headers_t* HeadersOf(const RefusedBytes& each) {
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(6);
  AddHeader(headers, "source", each.source);
  AddHeader(headers, "length", fmt::to_string(each.bytes.size()));
  AddHeader(headers, "code", NameOf(each.refusal->code));
  AddHeader(headers, "field", each.refusal->field);
  AddHeader(headers, "sentence", each.refusal->sentence);
  AddHeader(headers, "seller_id", each.refusal->seller_id);
  return headers;
}

}  // namespace

// Owned by Put, or where that has given up, by the last report.
struct KafkaRefusedStore::Delivery {
  size_t left = 0;
  bool is_given_up = false;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first

  bool failed() const { return error != RD_KAFKA_RESP_ERR_NO_ERROR; }
};

absl::StatusOr<std::unique_ptr<KafkaRefusedStore>> KafkaRefusedStore::Make(
    const KafkaAddress& address, const KafkaSettings& settings, const Options& options) {
  std::unique_ptr<KafkaRefusedStore> store(new KafkaRefusedStore(address.RefusedTopic()));
  KafkaClientOptions client;
  client.kind = KafkaClientKind::kProducer;
  client.defaults = {{"linger.ms", "1"}, {"compression.type", "zstd"}};
  client.required = {
      {"acks", "all"},
      // To put something twice does no harm, and what a plain producer gives up it may forget.
      {"enable.idempotence", "false"},
      {"message.timeout.ms", std::string(kMessageTimeoutMs)},
      // How long a topic that is missing may yet appear.
      {"topic.metadata.propagation.max.ms", "2000"},
      {"message.max.bytes", fmt::to_string(4 * kMaxRefusedBytes)},
  };
  client.configure = [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_dr_msg_cb(conf, &KafkaRefusedStore::OnDelivery);
  };
  client.log = options.log;
  client.close_timeout = options.close_timeout;
  ASSIGN_OR_RETURN(store->client_, KafkaClient::Make(address, settings, std::move(client)));
  return store;
}

// Called within rd_kafka_poll, so in the thread of a Put.
void KafkaRefusedStore::OnDelivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message,
                                   void* /*opaque*/) {
  auto* const delivery = static_cast<Delivery*>(message->_private);
  --delivery->left;
  if (!delivery->failed()) delivery->error = message->err;
  if (delivery->is_given_up && delivery->left == 0) delete delivery;
}

absl::Status KafkaRefusedStore::Produce(const RefusedBytes& each, Delivery* delivery) {
  const std::string_view kept = each.bytes.substr(0, kMaxRefusedBytes);
  rd_kafka_headers_t* const headers = HeadersOf(each);
  // A null value would be a tombstone, so an empty one is given as such.
  const auto value = const_cast<char*>(kept.empty() ? "" : kept.data());
  const std::array<rd_kafka_vu_t, 6> parts = {{
      {RD_KAFKA_VTYPE_TOPIC, {.cstr = topic_.c_str()}},
      {RD_KAFKA_VTYPE_KEY,
       {.mem = {const_cast<char*>(each.source_place.data()), each.source_place.size()}}},
      {RD_KAFKA_VTYPE_VALUE, {.mem = {value, kept.size()}}},
      {RD_KAFKA_VTYPE_MSGFLAGS, {.i = RD_KAFKA_MSG_F_COPY}},
      {RD_KAFKA_VTYPE_HEADERS, {.headers = headers}},
      {RD_KAFKA_VTYPE_OPAQUE, {.ptr = delivery}},
  }};
  rd_kafka_error_t* const error = rd_kafka_produceva(client_->handle(), parts.data(), parts.size());
  if (error == nullptr) {
    ++delivery->left;
    return absl::OkStatus();
  }
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  rd_kafka_headers_destroy(headers);
  return client_->StatusOf(code, fmt::format("keeping refused bytes in {}", topic_));
}

absl::Status KafkaRefusedStore::Put(absl::Span<const RefusedBytes> batch, absl::Duration limit) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(limit);
  auto delivery = std::make_unique<Delivery>();
  absl::Status status;
  for (const RefusedBytes& each : batch) {
    status = Produce(each, delivery.get());
    // The queue is full: what is in it goes first.
    while (absl::IsResourceExhausted(status) && delivery->left > 0 && Clock::now() < deadline) {
      rd_kafka_poll(client_->handle(), kPollMillis);
      status = Produce(each, delivery.get());
    }
    if (!status.ok() || delivery->failed()) break;
  }
  while (delivery->left > 0 && !delivery->failed() && Clock::now() < deadline) {
    rd_kafka_poll(client_->handle(), kPollMillis);
  }
  const std::string what = fmt::format("keeping refused bytes in {}", topic_);
  if (absl::IsResourceExhausted(status)) status = absl::UnavailableError(status.message());
  if (status.ok()) status = client_->StatusOf(delivery->error, what);
  if (status.ok() && delivery->left > 0) {
    status = client_->StatusOf(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  }
  Abandon(std::move(delivery));
  return status;
}

// Takes back what is not delivered.
void KafkaRefusedStore::Abandon(std::unique_ptr<Delivery> delivery) {
  if (delivery->left == 0) return;
  rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  const auto deadline = Clock::now() + kPatience;
  while (delivery->left > 0 && Clock::now() < deadline) {
    rd_kafka_poll(client_->handle(), kPollMillis);
  }
  if (delivery->left == 0) return;
  Delivery* const orphan = delivery.release();  // OnDelivery's now
  orphan->is_given_up = true;
}

}  // namespace flywheel
