#include "events/kafka/refused_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "events/kafka/owned.h"
#include "events/kafka/topic_queries.h"
#include "events/refused_store.h"
#include "events/sha256.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// Bytes are put into the side store just before the record is made.
constexpr int64_t kAroundMillis = 10 * kMillisPerMinute;
constexpr int kPollMillis = 100;

std::string_view BytesOf(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.payload == nullptr ? 0 : message.len};
}

std::string_view KeyOf(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.key), message.key == nullptr ? 0 : message.key_len};
}

std::vector<std::pair<std::string, std::optional<std::string>>> HeadersOf(
    const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::optional<std::string>>> all;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return all;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    std::optional<std::string>& added = all.emplace_back(name, std::nullopt).second;
    if (value != nullptr) added.emplace(static_cast<const char*>(value), size);
  }
  return all;
}

// Reads parts of one topic with a client of its own.
class TopicScan {
 public:
  using Visit = absl::FunctionRef<bool(const rd_kafka_message_t& message)>;

  static absl::StatusOr<std::unique_ptr<TopicScan>> Open(const KafkaAddress& address,
                                                         const KafkaSettings& settings,
                                                         std::string topic, absl::Duration timeout,
                                                         const KafkaLogSink& log) {
    KafkaClientOptions options;
    options.kind = KafkaClientKind::kConsumer;
    options.required = {{"enable.partition.eof", "true"},
                        {"auto.offset.reset", "error"},
                        {"isolation.level", "read_committed"}};
    options.log = log;
    options.close_timeout = absl::Seconds(2);
    std::unique_ptr<TopicScan> scan(new TopicScan(std::move(topic), timeout));
    ASSIGN_OR_RETURN(scan->client_, KafkaClient::Make(address, settings, std::move(options)));
    scan->handle_.reset(rd_kafka_topic_new(scan->client_->handle(), scan->topic_.c_str(), nullptr));
    return scan;
  }

  // The offset of the first message with at least that timestamp; nullopt: there is none.
  absl::StatusOr<std::optional<int64_t>> OffsetAt(int32_t partition, Instant at) {
    const rdkafka::PartitionList list = rdkafka::NewPartitionList(1);
    rd_kafka_topic_partition_t* const asked =
        rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
    asked->offset = at.number();
    const auto millis = static_cast<int>(absl::ToInt64Milliseconds(timeout_));
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client_->handle(), list.get(), millis);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = asked->err;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->StatusOf(code, "looking in " + topic_);
    return asked->offset < 0 ? std::nullopt : std::optional<int64_t>(asked->offset);
  }

  // Visits the messages of a partition from an offset on, until `visit` returns false or the end;
  // nothing where the offset is not there.
  absl::Status Read(int32_t partition, int64_t from, Visit visit) {
    if (rd_kafka_consume_start(handle_.get(), partition, from) != 0) {
      return client_->StatusOf(rd_kafka_last_error(), "reading " + topic_);
    }
    absl::Status status = ReadStarted(partition, visit);
    rd_kafka_consume_stop(handle_.get(), partition);
    return status;
  }

 private:
  TopicScan(std::string topic, absl::Duration timeout)
      : topic_(std::move(topic)), timeout_(timeout) {}

  absl::Status ReadStarted(int32_t partition, Visit visit) {
    const auto deadline = Clock::now() + absl::ToChronoMilliseconds(timeout_);
    for (;;) {
      const rdkafka::Message message(rd_kafka_consume(handle_.get(), partition, kPollMillis));
      rd_kafka_poll(client_->handle(), 0);
      const rd_kafka_resp_err_t code =
          message == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : message->err;
      switch (code) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
          if (!visit(*message)) return absl::OkStatus();
          break;
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
          return absl::OkStatus();
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
          break;
        default:
          return client_->StatusOf(code, "reading " + topic_);
      }
      if (Clock::now() >= deadline) {
        return client_->StatusOf(RD_KAFKA_RESP_ERR__TIMED_OUT, "reading " + topic_);
      }
    }
  }

  const std::string topic_;
  const absl::Duration timeout_;
  std::unique_ptr<KafkaClient> client_;
  rdkafka::Topic handle_;  // goes before the client
};

// 0 where there is no such topic.
absl::StatusOr<int32_t> CountPartitions(const KafkaAddress& address, const KafkaSettings& settings,
                                        const std::string& topic, absl::Duration timeout,
                                        const KafkaLogSink& log) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TopicQueries> queries,
                   TopicQueries::Make(address, settings, topic, timeout, timeout, log));
  const absl::StatusOr<int32_t> partitions = queries->CountPartitions();
  return absl::IsNotFound(partitions.status()) ? 0 : partitions;
}

bool IsWholeMatch(std::string_view bytes, const RefusedSearch& search) {
  const Sha256 hash = Sha256Of(bytes);
  return bytes.size() == search.length &&
         std::string_view(hash.data(), hash.size()) == search.sha256;
}

absl::StatusOr<std::optional<RefusedMessage>> FindInInbox(const KafkaAddress& address,
                                                          const KafkaSettings& settings,
                                                          const RefusedSearch& search,
                                                          absl::Duration timeout,
                                                          const KafkaLogSink& log) {
  std::optional<RefusedMessage> found;
  const absl::StatusOr<LogPlace> place = ParsePlace(search.source_place);
  if (search.source != address.InboxTopic() || !place.ok()) return found;
  ASSIGN_OR_RETURN(const int32_t partitions,
                   CountPartitions(address, settings, search.source, timeout, log));
  // For one that is not there librdkafka would wait.
  if (place->partition.number() >= partitions) return found;
  ASSIGN_OR_RETURN(const std::unique_ptr<TopicScan> scan,
                   TopicScan::Open(address, settings, search.source, timeout, log));
  RETURN_IF_ERROR(scan->Read(
      place->partition.number(), place->offset.number(), [&](const rd_kafka_message_t& message) {
        const bool there = message.offset == place->offset.number();
        if (there && IsWholeMatch(BytesOf(message), search)) {
          found = RefusedMessage{search.source, std::string(BytesOf(message)), true,
                                 HeadersOf(message)};
        }
        return false;
      }));
  return found;
}

absl::StatusOr<std::optional<RefusedMessage>> FindInStore(const KafkaAddress& address,
                                                          const KafkaSettings& settings,
                                                          const RefusedSearch& search,
                                                          absl::Duration timeout,
                                                          const KafkaLogSink& log) {
  const std::string topic = address.RefusedTopic();
  std::optional<RefusedMessage> found;
  ASSIGN_OR_RETURN(const int32_t partitions,
                   CountPartitions(address, settings, topic, timeout, log));
  if (partitions == 0) return found;
  ASSIGN_OR_RETURN(const std::unique_ptr<TopicScan> scan,
                   TopicScan::Open(address, settings, topic, timeout, log));
  const uint64_t kept = std::min<uint64_t>(search.length, kMaxRefusedBytes);
  const int64_t last = search.recorded_at.number() + kAroundMillis;
  const Instant first(std::max<int64_t>(0, search.recorded_at.number() - kAroundMillis));
  const auto visit = [&](const rd_kafka_message_t& message) {
    const std::string_view bytes = BytesOf(message);
    const bool whole = search.length <= kMaxRefusedBytes;
    if (KeyOf(message) == search.source_place && bytes.size() == kept &&
        (!whole || IsWholeMatch(bytes, search))) {
      found = RefusedMessage{topic, std::string(bytes), whole, {}};
    }
    return !found && rd_kafka_message_timestamp(&message, nullptr) <= last;
  };
  for (int32_t partition = 0; partition < partitions && !found; ++partition) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> from, scan->OffsetAt(partition, first));
    if (from) RETURN_IF_ERROR(scan->Read(partition, *from, visit));
  }
  return found;
}

}  // namespace

absl::StatusOr<std::optional<RefusedMessage>> FindRefusedMessage(const KafkaAddress& address,
                                                                 const KafkaSettings& settings,
                                                                 const RefusedSearch& search,
                                                                 absl::Duration timeout,
                                                                 const KafkaLogSink& log) {
  ASSIGN_OR_RETURN(std::optional<RefusedMessage> in_inbox,
                   FindInInbox(address, settings, search, timeout, log));
  if (in_inbox) return in_inbox;
  return FindInStore(address, settings, search, timeout, log);
}

}  // namespace flywheel
