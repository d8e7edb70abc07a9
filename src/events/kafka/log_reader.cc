#include "events/kafka/log_reader.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"

namespace flywheel {
namespace {

// How long one wait in librdkafka takes at most, and so how often the end of the log is asked for
// while nothing comes.
constexpr std::chrono::milliseconds kSlice{1000};
// Messages that are taken from librdkafka at a time, and so what a batch's limit of bytes may leave
// over.
constexpr size_t kMessagesAtATime = 1024;
// A longer wait than this has no end.
constexpr absl::Duration kForEver = absl::Hours(24 * 365);
// Connections that break in the middle of one read, beyond which it is given up.
constexpr int kMostResumptions = 100;
// Bytes that librdkafka adds to each message that waits, about.
constexpr size_t kWaitingOverheadBytes = 384;
// How often librdkafka is nudged while as much is read as its queue holds.
constexpr size_t kNudgesPerQueue = 8;
// The most that one fetch asks for; larger ones cost fewer rounds and more memory.
constexpr size_t kFetchBytes = size_t{8} << 20;
constexpr size_t kFetchWaitMillis = 50;
constexpr size_t kLeastFetchBytes = size_t{64} << 10;
// A new leader may not yet know where the log ends when it is asked.
constexpr std::chrono::milliseconds kSecondLook{300};

uint64_t HashOf(const rd_kafka_message_t& message) {
  return XXH3_64bits(message.payload, message.len);
}

std::string Number(size_t number) { return std::to_string(number); }

KafkaClientOptions ClientOptions(const std::string& topic, const LogReaderOptions& options) {
  KafkaClientOptions client;
  client.kind = KafkaClientKind::kConsumer;
  const size_t fetch = std::clamp(options.queued_bytes / 4, kLeastFetchBytes, kFetchBytes);
  client.defaults = {
      {"fetch.wait.max.ms", Number(kFetchWaitMillis)},
      {"fetch.message.max.bytes", Number(fetch)},
      {"queued.min.messages",
       Number(std::clamp<size_t>(options.queued_bytes / kWaitingOverheadBytes, 1, 10'000'000))},
      {"queued.max.messages.kbytes",
       Number(std::clamp<size_t>(options.queued_bytes >> 10, 1, 2'097'151))},
      {"fetch.error.backoff.ms", "50"},
      {"socket.timeout.ms",
       Number(static_cast<size_t>(absl::ToInt64Milliseconds(options.request_timeout)) +
              kFetchWaitMillis + 1000)},
      // From librdkafka 2.2 on; an older one looks again only after a second.
      {"fetch.queue.backoff.ms", "5"},
  };
  client.required = {
      // It is never joined: librdkafka wants one for every consumer that assigns.
      {"group.id", topic + ".readers"},      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"},
      {"isolation.level", "read_committed"}, {"check.crcs", "true"},
      {"enable.partition.eof", "true"},
  };
  client.log = options.log;
  client.close_timeout = options.close_timeout;
  return client;
}

// Before 2.2, where its queue was full, librdkafka looks again whether it may fetch only after a
// second, or when the broker's thread has something else to do; so it is given something: a request
// whose answer nobody waits for.
bool NeedsNudges() { return rd_kafka_version() < 0x02020000; }

rdkafka::PartitionList OnePartition(const std::string& topic, Partition partition, int64_t offset) {
  rdkafka::PartitionList list = rdkafka::NewPartitionList(1);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition.number())->offset = offset;
  return list;
}

// Lets the client find out where the partitions lie, before anything is assigned: what it learns
// later counts as a disturbance.
void LearnLeaders(rd_kafka_t* handle, const std::string& topic, absl::Duration timeout) {
  const rdkafka::Topic known(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(handle, 0, known.get(), &metadata,
                        static_cast<int>(absl::ToInt64Milliseconds(timeout))) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
  }
}

}  // namespace

// What a batch's records point into.
struct LogReader::Batch {
  Batch(std::shared_ptr<KafkaClient> its_client, size_t size) : client(std::move(its_client)) {
    messages.reserve(size);
  }
  ~Batch() {
    for (rd_kafka_message_t* message : messages) rd_kafka_message_destroy(message);
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  std::shared_ptr<KafkaClient> client;
  Messages messages;
};

absl::StatusOr<std::unique_ptr<LogReader>> LogReader::Make(const KafkaAddress& address,
                                                           const KafkaSettings& settings,
                                                           const TopicQueries* queries,
                                                           Partition partition,
                                                           const LogReaderOptions& options) {
  ASSIGN_OR_RETURN(std::shared_ptr<KafkaClient> client,
                   KafkaClient::Make(address, settings, ClientOptions(queries->topic(), options)));
  rd_kafka_poll_set_consumer(client->handle());
  LearnLeaders(client->handle(), queries->topic(), options.request_timeout);
  return std::unique_ptr<LogReader>(new LogReader(std::move(client), queries, partition, options));
}

LogReader::LogReader(std::shared_ptr<KafkaClient> client, const TopicQueries* queries,
                     Partition partition, const LogReaderOptions& options)
    : client_(std::move(client)),
      queries_(queries),
      partition_(partition),
      request_timeout_(options.request_timeout),
      queue_(rd_kafka_queue_get_consumer(client_->handle())),
      nudge_after_bytes_(NeedsNudges() ? options.queued_bytes / kNudgesPerQueue : SIZE_MAX),
      incoming_(kMessagesAtATime) {}

LogReader::~LogReader() {
  Unassign();
  rd_kafka_queue_destroy(queue_);
}

bool LogReader::broken() const {
  return rd_kafka_fatal_error(client_->handle(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string LogReader::Reading() const {
  return fmt::format("reading partition {} of {}", partition_.number(), queries_->topic());
}

absl::Status LogReader::Changed(std::string_view how) const {
  return absl::DataLossError(fmt::format(
      "{}: {}: the topic was truncated or made anew behind its readers. What was folded from it "
      "before does not fit it any more: restore the topic, or rebuild from it as it is now",
      Reading(), how));
}

void LogReader::Unassign() {
  if (std::exchange(assigned_, false)) rd_kafka_assign(client_->handle(), nullptr);
  for (rd_kafka_message_t* message : waiting_) rd_kafka_message_destroy(message);
  waiting_.clear();
  waiting_bytes_ = 0;
  to_verify_.reset();
}

absl::Status LogReader::Assign(Offset from, const std::optional<ReadAnchor>& anchor) {
  Unassign();
  ++assignments_;
  // Whatever happens from here on is found when the first messages come.
  disturbances_ = client_->disturbances();
  to_verify_ = anchor;
  follows_ = from;
  fetched_ = anchor ? anchor->offset : from;
  const rdkafka::PartitionList list =
      OnePartition(queries_->topic(), partition_, fetched_.number());
  const rd_kafka_resp_err_t code = rd_kafka_assign(client_->handle(), list.get());
  assigned_ = code == RD_KAFKA_RESP_ERR_NO_ERROR;
  return client_->StatusOf(code, Reading());
}

std::optional<ReadAnchor> LogReader::AnchorFor(Offset from,
                                               const std::optional<ReadAnchor>& other) const {
  if (anchor_ && anchor_->next == from) return anchor_;
  if (other && other->next == from) return other;
  return std::nullopt;
}

absl::StatusOr<RecordBatch> LogReader::Read(Offset from, const ReadLimits& limits,
                                            const std::optional<ReadAnchor>& anchor) {
  absl::StatusOr<RecordBatch> batch = ReadFrom(from, limits, anchor);
  if (!batch.ok()) Unassign();
  return batch;
}

absl::StatusOr<RecordBatch> LogReader::ReadFrom(Offset from, const ReadLimits& limits,
                                                const std::optional<ReadAnchor>& anchor) {
  if (!assigned_ || follows_ != from) RETURN_IF_ERROR(Assign(from, AnchorFor(from, anchor)));
  const Clock::time_point wait_until = limits.wait >= kForEver
                                           ? Clock::time_point::max()
                                           : Clock::now() + absl::ToChronoNanoseconds(limits.wait);
  // Up to where there is something to read, and when that must have come.
  std::optional<Offset> end;
  Clock::time_point come_by = wait_until;
  int resumed = 0;
  for (;;) {
    if (end && fetched_ >= *end) {
      if (Clock::now() >= wait_until) return GiveNone();
      end.reset();
      come_by = wait_until;
    }
    const Clock::time_point slice_end = std::min(come_by, Clock::now() + kSlice);
    RETURN_IF_ERROR(Fetch(limits, slice_end));
    if (client_->disturbances() != disturbances_) {
      if (++resumed > kMostResumptions) {
        return client_->StatusOf(RD_KAFKA_RESP_ERR__TRANSPORT, Reading());
      }
      RETURN_IF_ERROR(Assign(from, AnchorFor(from, anchor)));
      continue;
    }
    if (!waiting_.empty()) return Give(limits);
    const Clock::time_point now = Clock::now();
    if (now < slice_end) continue;
    if (end && now >= come_by) return client_->StatusOf(RD_KAFKA_RESP_ERR__TIMED_OUT, Reading());
    if (!end) come_by = now + absl::ToChronoNanoseconds(request_timeout_);
    ASSIGN_OR_RETURN(end, ConfirmEnd(from));
  }
}

absl::Status LogReader::Fetch(const ReadLimits& limits, Clock::time_point until) {
  const size_t max_records = std::max<size_t>(limits.max_records, 1);
  int millis = 0;
  while (waiting_.size() < max_records && waiting_bytes_ < std::max<size_t>(limits.max_bytes, 1)) {
    // With more room than one message it would wait until all of it is filled.
    const size_t room = millis > 0 ? 1 : std::min(incoming_.size(), max_records - waiting_.size());
    const auto got = rd_kafka_consume_batch_queue(queue_, millis, incoming_.data(), room);
    if (got > 0) {
      RETURN_IF_ERROR(TakeAll(static_cast<size_t>(got)));
      if (taken_bytes_ >= nudge_after_bytes_) Nudge();
      millis = 0;
      if (!waiting_.empty()) continue;
      return absl::OkStatus();
    }
    if (!waiting_.empty() || millis > 0) return absl::OkStatus();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return absl::OkStatus();
    millis = static_cast<int>(left);
  }
  return absl::OkStatus();
}

void LogReader::Nudge() {
  taken_bytes_ = 0;
  const rdkafka::PartitionList list =
      OnePartition(queries_->topic(), partition_, RD_KAFKA_OFFSET_END);
  rd_kafka_offsets_for_times(client_->handle(), list.get(), 0);
}

absl::Status LogReader::TakeAll(size_t count) {
  const int64_t assignment = assignments_;
  absl::Status status;
  for (size_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const message = incoming_[i];
    // After an error, and once it was assigned anew, what follows means nothing.
    const bool wanted = status.ok() && assignment == assignments_;
    if (wanted && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status = TakeError(*message);
    } else if (wanted && to_verify_) {
      status = Verify(*message);
    } else if (wanted && message->offset >= fetched_.number()) {
      waiting_.push_back(message);
      waiting_bytes_ += message->len;
      taken_bytes_ += message->len + kWaitingOverheadBytes;
      fetched_ = Offset(message->offset).Plus(1);
      continue;
    }
    rd_kafka_message_destroy(message);
  }
  return status;
}

absl::Status LogReader::Verify(const rd_kafka_message_t& message) {
  const ReadAnchor expected = *std::exchange(to_verify_, std::nullopt);
  if (message.offset != expected.offset.number()) {
    return Changed(fmt::format("the record at offset {}, which was read, is not there any more",
                               expected.offset.number()));
  }
  if (message.len != expected.size || HashOf(message) != expected.hash) {
    return Changed(fmt::format("the record at offset {} is another one than was read there",
                               expected.offset.number()));
  }
  anchor_ = expected;
  fetched_ = expected.next;
  return absl::OkStatus();
}

absl::Status LogReader::TakeError(const rd_kafka_message_t& message) {
  const Offset offset(message.offset);
  const char* const reason = rd_kafka_message_errstr(&message);
  const absl::Status status = KafkaStatus(message.err, Reading(), reason);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (to_verify_) {
        return Changed(fmt::format("it ends at offset {}, and the record at offset {} was read",
                                   offset.number(), to_verify_->offset.number()));
      }
      fetched_ = std::max(fetched_, offset);
      return absl::OkStatus();
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return ExplainOutOfRange();
    // Of the group that is never joined.
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
      return absl::OkStatus();
    default:
      break;
  }
  // A broker that has just come back may say so before it knows its topics.
  if (absl::IsNotFound(status)) {
    const absl::Status asked = queries_->CountPartitions().status();
    return absl::IsNotFound(asked) ? asked : absl::OkStatus();
  }
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(
        fmt::format("{} at offset {}: {}", Reading(), fetched_.number(), reason));
  }
  // librdkafka goes on trying; if that takes too long, the end is asked for and tells.
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status LogReader::ExplainOutOfRange() {
  const Offset from = follows_;
  ASSIGN_OR_RETURN(const Offset begin, queries_->Begin(partition_));
  if (from < begin) {
    return absl::OutOfRangeError(
        fmt::format("{}: the records before offset {} were deleted, and {} was asked for",
                    Reading(), begin.number(), from.number()));
  }
  ASSIGN_OR_RETURN(const Offset end, ConfirmEnd(from));
  if (end < fetched_) {
    return Changed(fmt::format("it ends at offset {}, and what lay before offset {} was read",
                               end.number(), fetched_.number()));
  }
  // What was read last may have been deleted, and with it the means to compare.
  if (to_verify_ && to_verify_->offset < begin) anchor_.reset();
  return Assign(from, AnchorFor(from, std::nullopt));
}

absl::StatusOr<Offset> LogReader::ConfirmEnd(Offset from) {
  ASSIGN_OR_RETURN(Offset end, queries_->End(partition_));
  if (end < from) {
    std::this_thread::sleep_for(kSecondLook);
    ASSIGN_OR_RETURN(end, queries_->End(partition_));
  }
  if (end >= from) return end;
  // Somebody's transaction is open: what comes after its first record is there and not yet given.
  int64_t ignored = 0;
  int64_t written = 0;
  rd_kafka_get_watermark_offsets(client_->handle(), queries_->topic().c_str(), partition_.number(),
                                 &ignored, &written);
  if (written >= from.number()) return from;
  return Changed(
      fmt::format("it ends at offset {}, and {} was asked for", end.number(), from.number()));
}

RecordBatch LogReader::Give(const ReadLimits& limits) {
  const size_t max_records = std::max<size_t>(limits.max_records, 1);
  auto owner = std::make_shared<Batch>(client_, std::min(max_records, waiting_.size()));
  RecordBatch batch;
  batch.records.reserve(std::min(max_records, waiting_.size()));
  size_t bytes = 0;
  while (!waiting_.empty() && batch.records.size() < max_records) {
    rd_kafka_message_t* const message = waiting_.front();
    bytes += message->len;
    if (!batch.records.empty() && bytes > limits.max_bytes) break;
    batch.records.push_back(
        {Offset(message->offset), {static_cast<const char*>(message->payload), message->len}});
    owner->messages.push_back(message);
    waiting_bytes_ -= message->len;
    waiting_.pop_front();
  }
  const rd_kafka_message_t& last = *owner->messages.back();
  batch.next = waiting_.empty() ? fetched_ : Offset(last.offset).Plus(1);
  batch.owner = std::move(owner);
  anchor_ = ReadAnchor{Offset(last.offset), batch.next, last.len, HashOf(last)};
  follows_ = batch.next;
  return batch;
}

RecordBatch LogReader::GiveNone() {
  if (anchor_ && anchor_->next == follows_) anchor_->next = fetched_;
  follows_ = fetched_;
  return RecordBatch{{}, fetched_, nullptr};
}

}  // namespace flywheel
