#include "kafka/plain_client.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/status.h"

namespace flywheel {
namespace {

constexpr int kPatienceMs = 60'000;
constexpr int kQuestionMs = 3000;
constexpr int kPollMs = 100;

template <auto kDestroy>
struct Destroyer {
  template <class T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};
template <class T, auto kDestroy>
using Owned = std::unique_ptr<T, Destroyer<kDestroy>>;

// What a client's callbacks have said; they come from librdkafka's threads too.
class Said {
 public:
  void Add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (text_.find(text) == std::string::npos) text_ += "; " + std::string(text);
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class Client {
 public:
  static absl::StatusOr<std::unique_ptr<Client>> Connect(rd_kafka_type_t type,
                                                         const PlainSettings& settings) {
    auto client = std::make_unique<Client>();
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, client.get());
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
      static_cast<Client*>(opaque)->said_.Add(
          rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)) + std::string(": ") + reason);
    });
    if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, Delivered);
    std::array<char, 512> error{};
    for (const auto& [name, value] : settings) {
      if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) !=
          RD_KAFKA_CONF_OK) {
        rd_kafka_conf_destroy(conf);
        return absl::InvalidArgumentError(error.data());
      }
    }
    client->handle_.reset(rd_kafka_new(type, conf, error.data(), error.size()));
    if (client->handle_ == nullptr) return absl::InvalidArgumentError(error.data());
    return client;
  }

  rd_kafka_t* handle() const { return handle_.get(); }
  rd_kafka_resp_err_t first_refusal() const { return first_refusal_; }

  absl::Status Failed(std::string_view what, rd_kafka_resp_err_t error) const {
    return absl::UnavailableError(std::string(what) + ": " + rd_kafka_err2name(error) +
                                  said_.text());
  }

 private:
  static void Delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    Client& client = *static_cast<Client*>(opaque);
    if (client.first_refusal_ == RD_KAFKA_RESP_ERR_NO_ERROR) client.first_refusal_ = message->err;
  }

  Said said_;
  rd_kafka_resp_err_t first_refusal_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  Owned<rd_kafka_t, rd_kafka_destroy> handle_;
};

// The result of an admin request about topics: the first error of any.
absl::Status AwaitTopics(const Client& client, rd_kafka_queue_t* queue, std::string_view what) {
  const Owned<rd_kafka_event_t, rd_kafka_event_destroy> event(
      rd_kafka_queue_poll(queue, kPatienceMs));
  if (event == nullptr) return client.Failed(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return client.Failed(what, rd_kafka_event_error(event.get()));
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* created = rd_kafka_event_CreateTopics_result(event.get())) {
    results = rd_kafka_CreateTopics_result_topics(created, &count);
  } else if (const auto* deleted = rd_kafka_event_DeleteTopics_result(event.get())) {
    results = rd_kafka_DeleteTopics_result_topics(deleted, &count);
  }
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.Failed(what, error);
  }
  return absl::OkStatus();
}

// A null pointer is none; an empty text is an empty one.
auto Bytes(const std::optional<std::string>& text) {
  decltype(rd_kafka_vu_t::u.mem) bytes{};
  if (text) bytes = {const_cast<char*>(text->data()), text->size()};
  return bytes;
}

absl::Status Enqueue(const Client& client, const std::string& topic, const PlainMessage& message) {
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name.c_str(), -1, value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  std::array<rd_kafka_vu_t, 6> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  fields[0].u.cstr = topic.c_str();
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = message.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[2].u.i = RD_KAFKA_MSG_F_COPY;
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem = Bytes(message.key);
  fields[4].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[4].u.mem = Bytes(message.value);
  fields[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[5].u.headers = headers;
  for (;;) {
    const Owned<rd_kafka_error_t, rd_kafka_error_destroy> error(
        rd_kafka_produceva(client.handle(), fields.data(), fields.size()));
    if (error == nullptr) return absl::OkStatus();
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_headers_destroy(headers);
      return client.Failed("produce", rd_kafka_error_code(error.get()));
    }
    rd_kafka_poll(client.handle(), kPollMs);
  }
}

PlainMessage Copy(const rd_kafka_message_t& from) {
  PlainMessage message;
  message.partition = from.partition;
  message.offset = from.offset;
  if (from.key != nullptr) message.key.emplace(static_cast<const char*>(from.key), from.key_len);
  if (from.payload != nullptr) {
    message.value.emplace(static_cast<const char*>(from.payload), from.len);
  }
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return message;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    message.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return message;
}

absl::StatusOr<int> PartitionCount(const Client& client, const std::string& topic) {
  const Owned<rd_kafka_topic_t, rd_kafka_topic_destroy> handle(
      rd_kafka_topic_new(client.handle(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  rd_kafka_resp_err_t error =
      rd_kafka_metadata(client.handle(), 0, handle.get(), &metadata, kPatienceMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.Failed("metadata", error);
  const int count = metadata->topics[0].partition_cnt;
  error = metadata->topics[0].err;
  rd_kafka_metadata_destroy(metadata);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.Failed("metadata", error);
  return count;
}

using PartitionList = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

// Where a partition begins or ends (RD_KAFKA_OFFSET_BEGINNING, _END). It is asked for as the offset
// of a time, since before 2.3 rd_kafka_query_watermark_offsets waits for ever for a leader that is
// gone.
absl::StatusOr<int64_t> Edge(const Client& client, const std::string& topic, int32_t partition,
                             int64_t edge) {
  const PartitionList asked(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition)->offset = edge;
  rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client.handle(), asked.get(), kQuestionMs);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = asked->elems[0].err;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return asked->elems[0].offset;
  // A client that met a leader that is gone asks it again; a new client learns of the new leader.
  const absl::Status failed = client.Failed("where the partition ends", error);
  if (error != RD_KAFKA_RESP_ERR__TIMED_OUT) return failed;
  return absl::DeadlineExceededError(failed.message());
}

absl::Status ConsumePartition(const Client& client, const std::string& topic, int32_t partition,
                              std::vector<PlainMessage>* all) {
  ASSIGN_OR_RETURN(const int64_t begin, Edge(client, topic, partition, RD_KAFKA_OFFSET_BEGINNING));
  ASSIGN_OR_RETURN(const int64_t end, Edge(client, topic, partition, RD_KAFKA_OFFSET_END));
  const PartitionList assigned(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset = begin;
  const rd_kafka_resp_err_t error = rd_kafka_assign(client.handle(), assigned.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.Failed("assign", error);
  const auto hung = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  // The end of the partition is an event of its own: the last offset may be a control record's.
  while (begin < end) {
    const Owned<rd_kafka_message_t, rd_kafka_message_destroy> message(
        rd_kafka_consumer_poll(client.handle(), kPollMs));
    if (std::chrono::steady_clock::now() > hung) {
      return client.Failed("consume", RD_KAFKA_RESP_ERR__TIMED_OUT);
    }
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) break;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return client.Failed("consume", message->err);
    all->push_back(Copy(*message));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlainMessage>> ConsumeOnce(const PlainSettings& settings,
                                                      const std::string& topic) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                   Client::Connect(RD_KAFKA_CONSUMER, settings));
  ASSIGN_OR_RETURN(const int partitions, PartitionCount(*client, topic));
  std::vector<PlainMessage> messages;
  for (int32_t partition = 0; partition < partitions; ++partition) {
    RETURN_IF_ERROR(ConsumePartition(*client, topic, partition, &messages));
  }
  return messages;
}

// Brokers know a topic that was just made a moment later.
absl::Status AwaitKnown(const Client& client, const std::string& topic) {
  const auto hung = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  for (;;) {
    const absl::Status known = PartitionCount(client, topic).status();
    if (known.ok() || std::chrono::steady_clock::now() > hung) return known;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace

absl::Status CreatePlainTopic(const PlainSettings& settings, const std::string& topic,
                              int partitions,
                              const std::vector<std::pair<std::string, std::string>>& configs) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                   Client::Connect(RD_KAFKA_PRODUCER, settings));
  std::array<char, 512> error{};
  const Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, error.data(), error.size()));
  if (wanted == nullptr) return absl::InvalidArgumentError(error.data());
  for (const auto& [name, value] : configs) {
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  }
  const Owned<rd_kafka_queue_t, rd_kafka_queue_destroy> queue(rd_kafka_queue_new(client->handle()));
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(client->handle(), topics, 1, nullptr, queue.get());
  RETURN_IF_ERROR(AwaitTopics(*client, queue.get(), "create " + topic));
  return AwaitKnown(*client, topic);
}

absl::Status DeletePlainTopic(const PlainSettings& settings, const std::string& topic) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                   Client::Connect(RD_KAFKA_PRODUCER, settings));
  const Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> unwanted(
      rd_kafka_DeleteTopic_new(topic.c_str()));
  const Owned<rd_kafka_queue_t, rd_kafka_queue_destroy> queue(rd_kafka_queue_new(client->handle()));
  rd_kafka_DeleteTopic_t* topics[] = {unwanted.get()};
  rd_kafka_DeleteTopics(client->handle(), topics, 1, nullptr, queue.get());
  return AwaitTopics(*client, queue.get(), "delete " + topic);
}

absl::Status ProducePlain(const PlainSettings& settings, const std::string& topic,
                          const std::vector<PlainMessage>& messages) {
  PlainSettings all = {{"acks", "all"}};
  all.insert(all.end(), settings.begin(), settings.end());
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Connect(RD_KAFKA_PRODUCER, all));
  for (const PlainMessage& message : messages) {
    RETURN_IF_ERROR(Enqueue(*client, topic, message));
    rd_kafka_poll(client->handle(), 0);
  }
  const rd_kafka_resp_err_t error = rd_kafka_flush(client->handle(), kPatienceMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client->Failed("flush", error);
  if (client->first_refusal() != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return client->Failed("produce to " + topic, client->first_refusal());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PlainMessage>> ConsumeAll(const PlainSettings& settings,
                                                     const std::string& topic) {
  PlainSettings all = {{"group.id", "plain"},
                       {"enable.auto.commit", "false"},
                       {"enable.partition.eof", "true"},
                       {"check.crcs", "true"}};
  all.insert(all.end(), settings.begin(), settings.end());
  const auto hung = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  for (;;) {
    absl::StatusOr<std::vector<PlainMessage>> messages = ConsumeOnce(all, topic);
    if (messages.ok() || !absl::IsDeadlineExceeded(messages.status()) ||
        std::chrono::steady_clock::now() > hung) {
      return messages;
    }
  }
}

}  // namespace flywheel
