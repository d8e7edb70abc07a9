#include "kafka/topic_testing.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>

#include "kafka/broker.h"

namespace flywheel {
namespace {

using Settings = std::map<std::string, std::string>;
constexpr int kPatienceMillis =
    static_cast<int>(std::chrono::milliseconds(KafkaBroker::kPatience).count());

[[noreturn]] void Fail(const std::string& what) { throw std::runtime_error(what); }

void Check(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) Fail(what + ": " + rd_kafka_err2str(code));
}
void Check(rd_kafka_error_t* error, const std::string& what) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  Fail(what + ": " + text);
}

using Handle = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;

Handle NewHandle(rd_kafka_type_t type, Settings settings,
                 void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr,
                 void* opaque = nullptr) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 512> error{};
  settings.emplace("log_level", "2");
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      Fail(error.data());
    }
  }
  if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_conf_set_opaque(conf, opaque);
  Handle handle(rd_kafka_new(type, conf, error.data(), error.size()), rd_kafka_destroy);
  if (handle == nullptr) Fail(error.data());
  return handle;
}

// Asks the broker and gives its answer.
void Administrate(const std::string& address, const std::string& what,
                  const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& ask,
                  const std::function<void(const rd_kafka_event_t*)>& look) {
  const Handle handle = NewHandle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", address}});
  const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> queue(
      rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
  ask(handle.get(), queue.get());
  const std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)> event(
      rd_kafka_queue_poll(queue.get(), kPatienceMillis), rd_kafka_event_destroy);
  if (event == nullptr) Fail(what + ": no answer");
  Check(rd_kafka_event_error(event.get()), what);
  look(event.get());
}

void CheckTopics(const rd_kafka_topic_result_t** results, size_t count, const std::string& what) {
  for (size_t i = 0; i < count; ++i) Check(rd_kafka_topic_result_error(results[i]), what);
}

struct Deliveries {
  size_t left = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

void OnDelivery(rd_kafka_t* /*handle*/, const rd_kafka_message_t* message, void* opaque) {
  auto* const deliveries = static_cast<Deliveries*>(opaque);
  --deliveries->left;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) deliveries->error = message->err;
}

void Produce(rd_kafka_t* handle, const std::string& topic, const TopicMessage& message) {
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(message.headers.size());
  for (const auto& [name, value] : message.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                        value ? value->data() : nullptr,
                        value ? static_cast<ssize_t>(value->size()) : 0);
  }
  const auto bytes = [](const std::optional<std::string>& text) {
    return const_cast<char*>(text ? text->c_str() : nullptr);
  };
  const auto size = [](const std::optional<std::string>& text) { return text ? text->size() : 0; };
  const std::array<rd_kafka_vu_t, 6> parts = {{
      {RD_KAFKA_VTYPE_TOPIC, {.cstr = topic.c_str()}},
      {RD_KAFKA_VTYPE_PARTITION, {.i32 = message.partition}},
      {RD_KAFKA_VTYPE_KEY, {.mem = {bytes(message.key), size(message.key)}}},
      {RD_KAFKA_VTYPE_VALUE, {.mem = {bytes(message.value), size(message.value)}}},
      {RD_KAFKA_VTYPE_MSGFLAGS, {.i = RD_KAFKA_MSG_F_COPY}},
      {RD_KAFKA_VTYPE_HEADERS, {.headers = headers}},
  }};
  rd_kafka_error_t* error = rd_kafka_produceva(handle, parts.data(), parts.size());
  while (error != nullptr && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    rd_kafka_error_destroy(error);
    rd_kafka_poll(handle, 50);
    error = rd_kafka_produceva(handle, parts.data(), parts.size());
  }
  rd_kafka_poll(handle, 0);
  Check(error, "publishing to " + topic);
}

TopicMessage Copied(const rd_kafka_message_t& message) {
  TopicMessage copy;
  copy.partition = message.partition;
  copy.offset = message.offset;
  const auto text = [](const void* bytes, size_t size) {
    return bytes == nullptr ? std::optional<std::string>()
                            : std::string(static_cast<const char*>(bytes), size);
  };
  copy.key = text(message.key, message.key_len);
  copy.value = text(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return copy;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    copy.headers.emplace_back(name, text(value, size));
  }
  return copy;
}

}  // namespace

void TopicTester::Create(const std::string& topic, int32_t partitions, const Settings& config) {
  const std::string what = "creating " + topic;
  Administrate(
      address_, what,
      [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
        std::array<char, 512> error{};
        rd_kafka_NewTopic_t* wanted =
            rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, error.data(), error.size());
        if (wanted == nullptr) Fail(error.data());
        for (const auto& [name, value] : config) {
          Check(rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str()), what);
        }
        rd_kafka_CreateTopics(handle, &wanted, 1, nullptr, queue);
        rd_kafka_NewTopic_destroy(wanted);
      },
      [&](const rd_kafka_event_t* event) {
        size_t count = 0;
        auto* const results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(const_cast<rd_kafka_event_t*>(event)), &count);
        CheckTopics(results, count, what);
      });
}

void TopicTester::AddPartitions(const std::string& topic, int32_t partitions) {
  const std::string what = "adding partitions to " + topic;
  Administrate(
      address_, what,
      [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
        std::array<char, 512> error{};
        rd_kafka_NewPartitions_t* wanted = rd_kafka_NewPartitions_new(
            topic.c_str(), static_cast<size_t>(partitions), error.data(), error.size());
        if (wanted == nullptr) Fail(error.data());
        rd_kafka_CreatePartitions(handle, &wanted, 1, nullptr, queue);
        rd_kafka_NewPartitions_destroy(wanted);
      },
      [&](const rd_kafka_event_t* event) {
        size_t count = 0;
        auto* const results = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(const_cast<rd_kafka_event_t*>(event)), &count);
        CheckTopics(results, count, what);
      });
}

void TopicTester::Delete(const std::string& topic) {
  const std::string what = "deleting " + topic;
  Administrate(
      address_, what,
      [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
        rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
        rd_kafka_DeleteTopics(handle, &wanted, 1, nullptr, queue);
        rd_kafka_DeleteTopic_destroy(wanted);
      },
      [&](const rd_kafka_event_t* event) {
        size_t count = 0;
        auto* const results = rd_kafka_DeleteTopics_result_topics(
            rd_kafka_event_DeleteTopics_result(const_cast<rd_kafka_event_t*>(event)), &count);
        CheckTopics(results, count, what);
      });
}

void TopicTester::DeleteBefore(const std::string& topic, int32_t partition, int64_t offset) {
  const std::string what = "deleting records of " + topic;
  Administrate(
      address_, what,
      [&](rd_kafka_t* handle, rd_kafka_queue_t* queue) {
        rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
        rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(list);
        rd_kafka_DeleteRecords(handle, &wanted, 1, nullptr, queue);
        rd_kafka_DeleteRecords_destroy(wanted);
        rd_kafka_topic_partition_list_destroy(list);
      },
      [&](const rd_kafka_event_t* event) {
        const auto* list = rd_kafka_DeleteRecords_result_offsets(
            rd_kafka_event_DeleteRecords_result(const_cast<rd_kafka_event_t*>(event)));
        for (int i = 0; i < list->cnt; ++i) Check(list->elems[i].err, what);
      });
}

void TopicTester::Publish(const std::string& topic, const std::vector<TopicMessage>& messages,
                          const Settings& settings) {
  Deliveries deliveries;
  Settings all = settings;
  all["bootstrap.servers"] = address_;
  all.emplace("linger.ms", "5");
  all.emplace("message.timeout.ms", std::to_string(kPatienceMillis));
  const Handle handle = NewHandle(RD_KAFKA_PRODUCER, all, OnDelivery, &deliveries);
  for (const TopicMessage& message : messages) {
    ++deliveries.left;
    Produce(handle.get(), topic, message);
  }
  Check(rd_kafka_flush(handle.get(), kPatienceMillis), "publishing to " + topic);
  Check(deliveries.error, "publishing to " + topic);
  if (deliveries.left > 0) Fail("publishing to " + topic + ": not delivered");
}

void TopicTester::PublishAndAbort(const std::string& topic,
                                  const std::vector<TopicMessage>& messages) {
  const Handle handle = NewHandle(
      RD_KAFKA_PRODUCER, {{"bootstrap.servers", address_}, {"transactional.id", topic + "-tx"}});
  Check(rd_kafka_init_transactions(handle.get(), kPatienceMillis), "beginning transactions");
  Check(rd_kafka_begin_transaction(handle.get()), "beginning a transaction");
  for (const TopicMessage& message : messages) Produce(handle.get(), topic, message);
  Check(rd_kafka_flush(handle.get(), kPatienceMillis), "publishing to " + topic);
  Check(rd_kafka_abort_transaction(handle.get(), kPatienceMillis), "aborting a transaction");
}

std::vector<TopicMessage> TopicTester::ReadAll(const std::string& topic, int32_t partitions) {
  std::vector<TopicMessage> all;
  const Handle handle = NewHandle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address_},
                                                      {"group.id", "test-reader"},
                                                      {"enable.auto.commit", "false"},
                                                      {"enable.partition.eof", "true"}});
  rd_kafka_poll_set_consumer(handle.get());
  rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
  for (int32_t p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  Check(rd_kafka_assign(handle.get(), list), "reading " + topic);
  rd_kafka_topic_partition_list_destroy(list);
  int32_t ended = 0;
  const auto deadline = std::chrono::steady_clock::now() + KafkaBroker::kPatience;
  while (ended < partitions && std::chrono::steady_clock::now() < deadline) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(handle.get(), 200);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ended;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) all.push_back(Copied(*message));
    rd_kafka_message_destroy(message);
  }
  if (ended < partitions) Fail("reading " + topic + ": the end does not come");
  return all;
}

std::map<int32_t, int64_t> TopicTester::Committed(const std::string& group,
                                                  const std::string& topic, int32_t partitions) {
  const Handle handle =
      NewHandle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address_}, {"group.id", group}});
  rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
  for (int32_t p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), p);
  }
  const rd_kafka_resp_err_t code = rd_kafka_committed(handle.get(), list, kPatienceMillis);
  std::map<int32_t, int64_t> committed;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].offset >= 0) committed[list->elems[i].partition] = list->elems[i].offset;
  }
  rd_kafka_topic_partition_list_destroy(list);
  Check(code, "asking for the offsets of " + group);
  return committed;
}

void TopicTester::Commit(const std::string& group, const std::string& topic, int32_t partition,
                         int64_t offset) {
  const Handle handle =
      NewHandle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address_}, {"group.id", group}});
  rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  const rd_kafka_resp_err_t code = rd_kafka_commit(handle.get(), list, 0);
  rd_kafka_topic_partition_list_destroy(list);
  Check(code, "committing for " + group);
}

}  // namespace flywheel
