#include "events/kafka/topic_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRetryPause{50};
// Until the first look at whether the brokers refuse this client, which librdkafka would go on
// trying; later ones come after as long as it took until then, so that a slow answer is waited for.
constexpr std::chrono::milliseconds kFirstLook{500};
// A topic that was just made is not yet known to every broker, and a broker that has just started
// may answer before it knows its topics: for seconds, where its machine is busy.
constexpr std::chrono::seconds kNewTopicGrace{2};
constexpr std::chrono::seconds kStartedBrokerGrace{15};

int MillisOf(Clock::duration duration) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<int64_t>(millis, 1, 3'600'000));
}

// Runs `ask` with the milliseconds that it may take until it succeeds, until trying again does not
// help, or until the time is over.
// `known`: whether the topic was there before.
template <class Ask>
absl::Status AskUntil(const KafkaClient& client, absl::Duration timeout, bool known,
                      std::string_view what, const Ask& ask) {
  const Clock::time_point start = Clock::now();
  const Clock::time_point deadline = start + absl::ToChronoNanoseconds(timeout);
  std::optional<Clock::time_point> missing_since;
  bool comes_back = known;
  for (;;) {
    const Clock::time_point now = Clock::now();
    const Clock::duration slice = std::max<Clock::duration>(kFirstLook, now - start);
    const rd_kafka_resp_err_t code = ask(MillisOf(std::min(slice, deadline - now)));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    rd_kafka_poll(client.handle(), 0);  // lets the client hear what is wrong
    const absl::Status status = client.StatusOf(code, what);
    if (!absl::IsNotFound(status)) {
      missing_since.reset();
    } else if (!missing_since) {
      missing_since = Clock::now();
    }
    comes_back = comes_back || absl::IsUnavailable(status);
    const Clock::duration grace = comes_back ? kStartedBrokerGrace : kNewTopicGrace;
    const bool may_appear = missing_since && Clock::now() < *missing_since + grace;
    if (!absl::IsUnavailable(status) && !may_appear) return status;
    if (Clock::now() + kRetryPause >= deadline) return status;
    std::this_thread::sleep_for(kRetryPause);
  }
}

// The number of partitions, as one answer of a broker has it.
rd_kafka_resp_err_t AskForPartitions(rd_kafka_t* handle, rd_kafka_topic_t* topic, int millis,
                                     int32_t& count) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 0, topic, &metadata, millis);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  const rdkafka::Metadata owned(metadata);
  if (metadata->topic_cnt != 1) return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return metadata->topics[0].err;
  count = metadata->topics[0].partition_cnt;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

// As Kafka's protocol has it, the places are timestamps of their own.
rd_kafka_resp_err_t AskForPlace(rd_kafka_t* handle, const std::string& topic, Partition partition,
                                int64_t place, int millis, int64_t& offset) {
  const rdkafka::PartitionList list = rdkafka::NewPartitionList(1);
  rd_kafka_topic_partition_t* const asked =
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition.number());
  asked->offset = place;
  const rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(handle, list.get(), millis);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  if (asked->err == RD_KAFKA_RESP_ERR_NO_ERROR && asked->offset < 0) {
    return RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }
  offset = asked->offset;
  return asked->err;
}

absl::Status TopicIsMissing(std::string_view topic) {
  return absl::NotFoundError(fmt::format(
      "the topic {} does not exist on these brokers; 'flywheel topics create' makes it", topic));
}

absl::StatusOr<std::unique_ptr<TopicQueries>> TopicQueries::Make(
    const KafkaAddress& address, const KafkaSettings& settings, std::string topic,
    absl::Duration timeout, absl::Duration close_timeout, const KafkaLogSink& log) {
  KafkaClientOptions options;
  options.kind = KafkaClientKind::kConsumer;
  options.defaults = {{"socket.timeout.ms", std::to_string(absl::ToInt64Milliseconds(timeout))}};
  options.required = {{"isolation.level", "read_committed"}};
  options.log = log;
  options.close_timeout = close_timeout;
  ASSIGN_OR_RETURN(std::unique_ptr<KafkaClient> client,
                   KafkaClient::Make(address, settings, std::move(options)));
  return std::unique_ptr<TopicQueries>(
      new TopicQueries(std::move(client), std::move(topic), timeout));
}

absl::StatusOr<int32_t> TopicQueries::CountPartitions(absl::Duration timeout) const {
  const rdkafka::Topic topic(rd_kafka_topic_new(client_->handle(), topic_.c_str(), nullptr));
  int32_t count = 0;
  const absl::Status status = AskUntil(
      *client_, timeout, known_, "asking for the topic " + topic_,
      [&](int millis) { return AskForPartitions(client_->handle(), topic.get(), millis, count); });
  if (absl::IsNotFound(status)) return TopicIsMissing(topic_);
  RETURN_IF_ERROR(status);
  known_ = true;
  return count;
}

absl::StatusOr<Offset> TopicQueries::Begin(Partition partition) const {
  return Find(partition, RD_KAFKA_OFFSET_BEGINNING);
}

absl::StatusOr<Offset> TopicQueries::End(Partition partition) const {
  return Find(partition, RD_KAFKA_OFFSET_END);
}

absl::StatusOr<Offset> TopicQueries::Find(Partition partition, int64_t place) const {
  int64_t offset = 0;
  const absl::Status status =
      AskUntil(*client_, timeout_, known_,
               fmt::format("asking where partition {} of {} {}", partition.number(), topic_,
                           place == RD_KAFKA_OFFSET_END ? "ends" : "begins"),
               [&](int millis) {
                 return AskForPlace(client_->handle(), topic_, partition, place, millis, offset);
               });
  if (absl::IsNotFound(status)) return TopicIsMissing(topic_);
  RETURN_IF_ERROR(status);
  return Offset(offset);
}

}  // namespace flywheel
