#include "events/kafka/log_producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/topic_plan.h"
#include "events/kafka/topic_queries.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// How often the thread of reports looks at deadlines and the end.
constexpr int kPollMillis = 50;
// librdkafka gives up by itself at the delivery timeout; this is for what it forgot.
constexpr std::chrono::seconds kGrace{1};
// Between two new producers, so that what breaks every one does not keep the machine busy.
constexpr std::chrono::milliseconds kRecoveryPause{500};
// More messages than the bytes in flight allow.
constexpr size_t kMostMessages = 10'000'000;

// Outcomes that leave it open whether the record is there.
absl::Status Unknown(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return status;
  return absl::UnavailableError(
      fmt::format("{}; whether it is there is not known", MessageOf(status)));
}

}  // namespace

class LogProducer::Producer {
 public:
  Producer(std::unique_ptr<KafkaClient> client, const std::string& topic)
      : client_(std::move(client)),
        topic_(rd_kafka_topic_new(client_->handle(), topic.c_str(), nullptr)) {}
  ~Producer() { rd_kafka_topic_destroy(topic_); }
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  const KafkaClient& client() const { return *client_; }
  rd_kafka_t* handle() const { return client_->handle(); }

  // Hands the record to librdkafka, which copies it.
  rd_kafka_resp_err_t Send(PendingRecord& record) const;

  // What broke it for good; NO_ERROR: nothing did.
  rd_kafka_resp_err_t Fatal(std::string& reason) const {
    std::array<char, 512> text{};
    const rd_kafka_resp_err_t code = rd_kafka_fatal_error(handle(), text.data(), text.size());
    reason = text.data();
    return code;
  }

  // False once Abandon was called: what its reports would point to may be gone.
  bool heard() const { return heard_; }
  void Abandon() {
    heard_ = false;
    rd_kafka_purge(handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                 RD_KAFKA_PURGE_F_NON_BLOCKING);
  }
  // The destructor waits for nothing.
  void CloseInBackground() { client_->CloseInBackground(); }

 private:
  const std::unique_ptr<KafkaClient> client_;
  rd_kafka_topic_t* const topic_;
  bool heard_ = true;  // of the thread of reports
};

rd_kafka_resp_err_t LogProducer::Producer::Send(PendingRecord& record) const {
  std::array<rd_kafka_vu_t, 7> values{};
  values[0].vtype = RD_KAFKA_VTYPE_RKT;
  values[0].u.rkt = topic_;
  values[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  values[1].u.i32 = record.append->partition.number();
  values[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[2].u.i = RD_KAFKA_MSG_F_COPY;
  values[3].vtype = RD_KAFKA_VTYPE_VALUE;
  values[3].u.mem = {const_cast<char*>(record.bytes.data()), record.bytes.size()};
  values[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  values[4].u.i64 = record.stamp_millis;  // 0: now
  values[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  values[5].u.ptr = &record;
  values[6].vtype = RD_KAFKA_VTYPE_KEY;
  values[6].u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
  const size_t count = record.key.empty() ? values.size() - 1 : values.size();
  rd_kafka_error_t* const error = rd_kafka_produceva(handle(), values.data(), count);
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  // Once it is broken it gives what broke it for every record.
  std::string ignored;
  return Fatal(ignored) == RD_KAFKA_RESP_ERR_NO_ERROR ? code : RD_KAFKA_RESP_ERR__FATAL;
}

LogProducer::LogProducer(KafkaAddress address, KafkaSettings settings, LogProducerOptions options)
    : address_(std::move(address)),
      settings_(std::move(settings)),
      options_(std::move(options)),
      topic_(address_.LogTopic()),
      queues_(static_cast<size_t>(options_.partitions)) {}

LogProducer::~LogProducer() {
  std::thread thread;
  {
    MutexLock lock(&mutex_);
    ending_ = true;
    thread = std::move(thread_);
  }
  changed_.NotifyAll();
  if (thread.joinable()) thread.join();
}

rd_kafka_t* LogProducer::handle() {
  MutexLock lock(&mutex_);
  return producer_ == nullptr ? nullptr : producer_->handle();
}

absl::StatusOr<std::unique_ptr<LogProducer::Producer>> LogProducer::MakeProducer() {
  KafkaClientOptions options;
  options.kind = KafkaClientKind::kProducer;
  options.defaults = {
      {"compression.codec", "zstd"},
      {"linger.ms", std::to_string(absl::ToInt64Milliseconds(options_.linger))},
      {"queue.buffering.max.messages", std::to_string(kMostMessages)},
      // Keys come on top of the bytes in flight.
      {"queue.buffering.max.kbytes", std::to_string(options_.max_bytes_in_flight / 512)},
  };
  options.required = {
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"message.timeout.ms", std::to_string(absl::ToInt64Milliseconds(options_.delivery_timeout))},
      {"message.max.bytes", std::to_string(kMaxLogMessageBytes)},
  };
  options.configure = [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_dr_msg_cb(
        conf, [](rd_kafka_t* handle, const rd_kafka_message_t* message, void* opaque) {
          static_cast<LogProducer*>(KafkaClient::UserOf(opaque))->OnReport(handle, *message);
        });
  };
  options.user = this;
  options.log = options_.log;
  options.close_timeout = options_.close_timeout;
  ASSIGN_OR_RETURN(std::unique_ptr<KafkaClient> client,
                   KafkaClient::Make(address_, settings_, std::move(options)));
  return std::make_unique<Producer>(std::move(client), topic_);
}

absl::Status LogProducer::Start() {
  if (thread_.joinable() || ending_) return absl::OkStatus();
  ASSIGN_OR_RETURN(producer_, MakeProducer());
  thread_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

void LogProducer::Append(Partition partition, absl::Span<const std::string_view> records,
                         EventLog::AppendDone done) {
  auto append = std::make_unique<PendingAppend>(partition, records, std::move(done));
  {
    MutexLock lock(&mutex_);
    while (bytes_in_flight_ > 0 && bytes_in_flight_ + append->cost > options_.max_bytes_in_flight) {
      changed_.Wait(&mutex_);
    }
    append->deadline = Clock::now() + absl::ToChronoNanoseconds(options_.delivery_timeout) + kGrace;
    bytes_in_flight_ += append->cost;
    PendingPartition& queue = QueueOf(partition);
    queue.appends.push_back(std::move(append));
    const absl::Status started = Start();
    if (started.ok()) {
      Pump(queue);
    } else {
      Settle(*queue.appends.back(), started);
    }
    DropSettled(queue);
  }
  RunReports();
}

void LogProducer::Pump(PendingPartition& queue) {
  if (producer_ == nullptr) return;  // the next one sends it
  while (queue.next < queue.appends.size()) {
    PendingAppend& append = *queue.appends[queue.next];
    if (!Send(append)) return;
    ++queue.next;
    // What could not be sent has no report of its own that would conclude it.
    if (append.unanswered == 0 && !append.failure.ok()) Conclude(append);
  }
}

bool LogProducer::Send(PendingAppend& append) {
  while (!append.settled && append.failure.ok() && append.sent < append.records.size()) {
    const rd_kafka_resp_err_t code = producer_->Send(append.records[append.sent]);
    switch (code) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        ++append.sent;
        ++append.unanswered;
        break;
      case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        stalled_ = true;
        return false;
      case RD_KAFKA_RESP_ERR__FATAL:
        return false;  // Recover sends it
      default:
        append.failure = FailureOf(code, append.partition);
        break;
    }
  }
  return true;
}

std::string LogProducer::Appending(Partition partition) const {
  return fmt::format("appending to partition {} of {}", partition.number(), topic_);
}

// The topic was there when the log was opened, and brokers that have just come back do not know
// their topics yet: where it stays away, its readers say that it is missing.
absl::Status LogProducer::FailureOf(rd_kafka_resp_err_t code, Partition partition) const {
  const absl::Status status = producer_->client().StatusOf(code, Appending(partition));
  return absl::IsNotFound(status)
             ? absl::UnavailableError(std::string(MessageOf(TopicIsMissing(topic_))))
             : status;
}

void LogProducer::OnReport(const rd_kafka_t* handle, const rd_kafka_message_t& message) {
  auto& record = *static_cast<PendingRecord*>(message._private);
  MutexLock lock(&mutex_);
  PendingAppend& append = *record.append;
  --append.unanswered;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Without an offset (the broker only said that it has it) it is sent again, as a duplicate.
    if (message.offset >= 0) Acknowledge(record, Offset(message.offset));
  } else if (rd_kafka_fatal_error(const_cast<rd_kafka_t*>(handle), nullptr, 0) !=
             RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;  // Recover sends it again
  } else if (append.failure.ok()) {
    append.failure = FailureOf(message.err, append.partition);
  }
  const bool whole = append.sent == append.records.size() || !append.failure.ok();
  if (append.unanswered == 0 && whole) Conclude(append);
  DropSettled(QueueOf(append.partition));
}

void LogProducer::Acknowledge(PendingRecord& record, Offset offset) {
  record.offset = offset;
  std::optional<Offset>& last = QueueOf(record.append->partition).last_acknowledged;
  if (last && offset <= *last && record.append->failure.ok()) {
    record.append->failure = absl::DataLossError(fmt::format(
        "partition {} of {} gave offset {} after it had given {}: the topic was truncated or made "
        "anew, and records that were acknowledged are gone. Stop every process that uses it, and "
        "restore it or rebuild from a new log",
        record.append->partition.number(), topic_, offset.number(), last->number()));
  }
  last = offset;
}

void LogProducer::Conclude(PendingAppend& append) {
  if (append.settled) return;
  if (!append.failure.ok()) return Settle(append, Unknown(append.failure));
  if (append.FirstUnacknowledged() == append.records.size()) {
    return Settle(append, append.Offsets());
  }
  append.SendAgain();
  PendingPartition& queue = QueueOf(append.partition);
  queue.Rewind();
  Pump(queue);
}

void LogProducer::Settle(PendingAppend& append, absl::StatusOr<std::vector<Offset>> result) {
  append.settled = true;
  reports_.emplace_back(std::exchange(append.done, nullptr), std::move(result));
}

void LogProducer::DropSettled(PendingPartition& queue) {
  const size_t freed = queue.DropSettled();
  if (freed == 0) return;
  bytes_in_flight_ -= freed;
  changed_.NotifyAll();
}

void LogProducer::RunReports() {
  Reports due;
  {
    MutexLock lock(&mutex_);
    due.swap(reports_);
  }
  for (auto& [done, result] : due) done(std::move(result));
}

void LogProducer::Loop() {
  const auto patience = absl::ToChronoNanoseconds(options_.close_timeout);
  Clock::time_point close_by = Clock::time_point::max();
  for (;;) {
    Producer* producer = nullptr;
    {
      MutexLock lock(&mutex_);
      producer = producer_.get();
      if (ending_ && close_by == Clock::time_point::max()) close_by = Clock::now() + patience;
    }
    // Nobody but this thread replaces it.
    if (producer->heard()) {
      rd_kafka_poll(producer->handle(), kPollMillis);
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMillis));
    }
    std::string reason;
    const rd_kafka_resp_err_t broken = producer->Fatal(reason);
    if (broken != RD_KAFKA_RESP_ERR_NO_ERROR) Recover(*producer, broken, reason);
    bool over = false;
    {
      MutexLock lock(&mutex_);
      over = Serve(close_by);
    }
    RunReports();
    if (over) break;
  }
  MutexLock lock(&mutex_);
  producer_->Abandon();
  producer_.reset();
}

void LogProducer::Recover(Producer& broken, rd_kafka_resp_err_t code, const std::string& reason) {
  if (broken.heard()) {
    if (options_.log) {
      options_.log(fmt::format("Kafka: the producer broke and is replaced: {}", reason));
    }
    while (rd_kafka_poll(broken.handle(), 0) > 0) continue;  // what has got through before
  }
  // librdkafka also calls it fatal when it may not write at all; a new producer may not either.
  const absl::Status cause = KafkaStatus(code, fmt::format("appending to {}", topic_), reason);
  absl::StatusOr<std::unique_ptr<Producer>> made = MakeProducer();
  std::unique_ptr<Producer> old;
  {
    MutexLock lock(&mutex_);
    broken.Abandon();
    if (!absl::IsUnavailable(cause)) FailAll(cause);
    if (!made.ok()) FailAll(made.status());
    if (made.ok()) old = std::exchange(producer_, *std::move(made));
    if (old != nullptr) SendAllAgain();
  }
  if (old != nullptr) old->CloseInBackground();
  if (Clock::now() - recovered_ < kRecoveryPause * 10) std::this_thread::sleep_for(kRecoveryPause);
  recovered_ = Clock::now();
}

bool LogProducer::Serve(Clock::time_point close_by) {
  if (std::exchange(stalled_, false)) {
    for (PendingPartition& queue : queues_) Pump(queue);
  }
  ReportExpired();
  for (PendingPartition& queue : queues_) DropSettled(queue);
  const bool empty = std::all_of(queues_.begin(), queues_.end(), [](const PendingPartition& queue) {
    return queue.appends.empty();
  });
  if (close_by == Clock::time_point::max() || (!empty && Clock::now() < close_by)) return false;
  if (!empty) {
    producer_->Abandon();
    FailAll(absl::UnavailableError("the log was closed before it was acknowledged"));
  }
  return true;
}

void LogProducer::ReportExpired() {
  const Clock::time_point now = Clock::now();
  for (PendingPartition& queue : queues_) {
    for (const std::unique_ptr<PendingAppend>& append : queue.appends) {
      if (append->deadline > now) break;
      if (append->settled) continue;
      Settle(*append, Unknown(producer_->client().StatusOf(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                                                           Appending(append->partition))));
    }
  }
}

void LogProducer::FailAll(const absl::Status& status) {
  for (PendingPartition& queue : queues_) {
    for (const std::unique_ptr<PendingAppend>& append : queue.appends) {
      append->unanswered = 0;
      if (!append->settled) Settle(*append, Unknown(status));
    }
    DropSettled(queue);
  }
}

void LogProducer::SendAllAgain() {
  for (PendingPartition& queue : queues_) {
    for (const std::unique_ptr<PendingAppend>& append : queue.appends) {
      append->SendAgain();
      if (append->failure.ok() || append->settled) continue;
      Settle(*append, Unknown(append->failure));
    }
    DropSettled(queue);
    queue.Rewind();
    Pump(queue);
  }
}

}  // namespace flywheel
