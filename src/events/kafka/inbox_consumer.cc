#include "events/kafka/inbox_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/topic_queries.h"

namespace flywheel {
namespace {

using std::chrono::milliseconds;

// What was wrong longer ago has passed, unless it is said again.
constexpr std::chrono::seconds kTroubleIsFresh{10};
// A commit that has not been answered by then is given up; another one follows.
constexpr std::chrono::seconds kCommitPatience{60};
// How long a revocation waits for the offsets of what is done, so that the next owner repeats less.
constexpr absl::Duration kCommitAtRevocation = absl::Seconds(1);
// Messages that may come by the group's queue, where none should.
constexpr size_t kMaxEarlyMessages = 1000;

// Rounded up, so that what is left of a wait is waited and not spun away.
int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(duration, absl::Milliseconds(1))));
}
std::string MillisText(absl::Duration duration) { return fmt::to_string(Millis(duration)); }

std::vector<KafkaSetting> Defaults(const InboxConsumerOptions& options) {
  return {
      {"session.timeout.ms", MillisText(options.session_timeout)},
      {"heartbeat.interval.ms", MillisText(options.session_timeout / 5)},
      {"topic.metadata.refresh.interval.ms", MillisText(options.metadata_interval)},
      {"fetch.wait.max.ms", "50"},
      {"queued.max.messages.kbytes",
       fmt::to_string(std::max<size_t>(options.queue_bytes >> 10, 1))},
      {"queued.min.messages", "100000"},
      // Takes effect from librdkafka 2.2 on: a full queue does not park the fetcher for a second.
      {"fetch.queue.backoff.ms", "10"},
  };
}

std::vector<KafkaSetting> Required(const std::string& group, const std::string& node_id) {
  std::vector<KafkaSetting> required = {
      {"group.id", group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      // Where a partition starts is decided here (StartOf), so that a loss is noticed.
      {"auto.offset.reset", "error"},
      {"partition.assignment.strategy", "range"},
      {"isolation.level", "read_committed"},
      {"check.crcs", "true"},
      // Without it, what follows the last message (the marks of transactions) would look unread.
      {"enable.partition.eof", "true"},
  };
  if (!node_id.empty()) required.push_back({"group.instance.id", node_id});
  return required;
}

}  // namespace

void InboxConsumer::Counts::Add(const Counts& later) {
  commits += later.commits;
  failed_commits += later.failed_commits;
  losses += later.losses;
  lost_messages += later.lost_messages;
  if (!later.last_loss.empty()) last_loss = later.last_loss;
}

InboxConsumer::InboxConsumer(const KafkaAddress& address, const InboxConsumerOptions& options)
    : bootstrap_(address.bootstrap_servers()),
      topic_(address.InboxTopic()),
      group_(address.name() + ".intake"),
      options_(options) {}

absl::StatusOr<std::unique_ptr<InboxConsumer>> InboxConsumer::Make(
    const KafkaAddress& address, const KafkaSettings& settings,
    const InboxConsumerOptions& options) {
  std::unique_ptr<InboxConsumer> consumer(new InboxConsumer(address, options));
  KafkaClientOptions client;
  client.kind = KafkaClientKind::kConsumer;
  client.defaults = Defaults(options);
  client.required = Required(consumer->group_, options.node_id);
  client.configure = [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_rebalance_cb(conf, &InboxConsumer::OnRebalance);
  };
  client.user = consumer.get();
  client.log = options.log;
  client.close_timeout = options.close_timeout;
  ASSIGN_OR_RETURN(consumer->client_, KafkaClient::Make(address, settings, std::move(client)));
  rd_kafka_t* const handle = consumer->client_->handle();
  rd_kafka_poll_set_consumer(handle);
  consumer->messages_.reset(rd_kafka_queue_new(handle));
  consumer->commit_results_.reset(rd_kafka_queue_new(handle));
  return consumer;
}

InboxConsumer::~InboxConsumer() {
  early_.clear();
  if (client_ != nullptr && subscribed_) Leave();
  messages_.reset();
  commit_results_.reset();
}

void InboxConsumer::Leave() {
  rd_kafka_t* const handle = client_->handle();
  const rdkafka::Queue queue(rd_kafka_queue_get_consumer(handle));
  if (queue == nullptr) return;
  if (rd_kafka_error_t* error = rd_kafka_consumer_close_queue(handle, queue.get())) {
    rd_kafka_error_destroy(error);  // a member that was pushed out has nothing to leave
    return;
  }
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(options_.close_timeout);
  while (rd_kafka_consumer_closed(handle) == 0 && Clock::now() < deadline) {
    const rdkafka::Event event(rd_kafka_queue_poll(queue.get(), 50));
    if (event != nullptr && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
      rd_kafka_assign(handle, nullptr);
    }
  }
}

void InboxConsumer::OnRebalance(rd_kafka_t* /*handle*/, rd_kafka_resp_err_t code,
                                rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  static_cast<InboxConsumer*>(KafkaClient::UserOf(opaque))->Rebalance(code, *partitions);
}

void InboxConsumer::Rebalance(rd_kafka_resp_err_t code,
                              const rd_kafka_topic_partition_list_t& partitions) {
  rd_kafka_t* const handle = client_->handle();
  if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    if (rd_kafka_assignment_lost(handle) == 0) CommitAll(kCommitAtRevocation);
    assigned_.clear();
    ++generation_;
    rd_kafka_assign(handle, nullptr);
    return;
  }
  assigned_.clear();
  for (int i = 0; i < partitions.cnt; ++i) {
    const int32_t partition = partitions.elems[i].partition;
    assigned_[partition] = {};
    const rdkafka::Queue queue(rd_kafka_queue_get_partition(handle, topic_.c_str(), partition));
    if (queue != nullptr) rd_kafka_queue_forward(queue.get(), messages_.get());
  }
  // Nothing is read before Resolve knows where, but the group must not wait for that.
  rd_kafka_assign(handle, rdkafka::NewPartitionList(0).get());
  next_try_ = {};
}

absl::Status InboxConsumer::Serve(bool busy) {
  if (fatal_.ok()) ServeGroup();
  if (!fatal_.ok()) return fatal_;
  for (auto& [partition, assigned] : assigned_) {
    if (assigned.resolved && !busy) assigned.done = assigned.read;
  }
  if (must_begin_anew_ && !busy) {
    CommitAll(options_.request_timeout);
    fatal_ = absl::OutOfRangeError(
        fmt::format("the next message of {} is gone, reading begins anew", topic_));
    return fatal_;
  }
  if (Clock::now() >= next_try_) {
    blocked_ = Advance();
    if (!blocked_.ok()) {
      next_try_ = Clock::now() + absl::ToChronoMilliseconds(options_.retry_interval);
    }
  }
  FinishCommit(absl::ZeroDuration());
  StartCommit();
  return Trouble();
}

// The next step towards reading everything that is assigned.
absl::Status InboxConsumer::Advance() {
  if (!subscribed_) return Subscribe();
  const bool is_due = std::any_of(assigned_.begin(), assigned_.end(),
                                  [](const auto& each) { return !each.second.resolved; });
  return is_due ? Resolve() : absl::OkStatus();
}

absl::Status InboxConsumer::Trouble() const {
  if (!blocked_.ok()) return blocked_;
  RETURN_IF_ERROR(client_->Refusal());
  if (!trouble_.ok() && Clock::now() - trouble_at_ < kTroubleIsFresh) return trouble_;
  if (const std::string away = client_->Trouble(); !away.empty()) {
    return absl::UnavailableError(fmt::format("reading {}: {}", topic_, away));
  }
  return absl::OkStatus();
}

absl::Status InboxConsumer::Subscribe() {
  RETURN_IF_ERROR(CheckTopic());
  const rdkafka::PartitionList topics = rdkafka::NewPartitionList(1);
  rd_kafka_topic_partition_list_add(topics.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(client_->handle(), topics.get());
  subscribed_ = code == RD_KAFKA_RESP_ERR_NO_ERROR;
  return client_->StatusOf(code, fmt::format("joining the group {}", group_));
}

absl::Status InboxConsumer::CheckTopic() {
  const std::string what = fmt::format("looking for the topic {}", topic_);
  const rdkafka::Topic topic(rd_kafka_topic_new(client_->handle(), topic_.c_str(), nullptr));
  if (topic == nullptr) return client_->StatusOf(rd_kafka_last_error(), what);
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client_->handle(), 0, topic.get(), &found,
                                                     Millis(options_.request_timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->StatusOf(code, what);
  const rdkafka::Metadata metadata(found);
  if (metadata->topic_cnt != 1) return absl::UnavailableError(what + ": the brokers do not say");
  const rd_kafka_resp_err_t topic_code = metadata->topics[0].err;
  if (topic_code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return absl::NotFoundError(fmt::format(
        "there is no topic {} at {}; 'flywheel topics create' makes it", topic_, bootstrap_));
  }
  return client_->StatusOf(topic_code, what);
}

void InboxConsumer::ServeGroup() {
  while (Message message = Message(rd_kafka_consumer_poll(client_->handle(), 0))) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      HandleError(*message);
    } else if (early_.size() < kMaxEarlyMessages) {
      early_.push_back(std::move(message));
    } else {
      must_begin_anew_ = true;
    }
  }
}

void InboxConsumer::HandleError(const rd_kafka_message_t& message) {
  std::array<char, 512> reason{};
  if (rd_kafka_fatal_error(client_->handle(), reason.data(), reason.size()) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    fatal_ = absl::AbortedError(
        fmt::format("reading {}: {}{}", topic_, reason.data(),
                    options_.node_id.empty()
                        ? ""
                        : fmt::format("; does another process run as node {}?", options_.node_id)));
    return;
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
      message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    // A partition that is assigned anew in this state would lose its queue (librdkafka 2.0.2), so
    // the whole consumer is.
    must_begin_anew_ = true;
    return;
  }
  // A broker that is away is reported as such (KafkaClient::Trouble), and passes by itself.
  if (message.err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
      message.err == RD_KAFKA_RESP_ERR__TRANSPORT) {
    return;
  }
  trouble_ = KafkaStatus(message.err, fmt::format("reading {}", topic_),
                         message.payload != nullptr ? rd_kafka_message_errstr(&message) : "");
  trouble_at_ = Clock::now();
}

absl::Status InboxConsumer::Resolve() {
  ASSIGN_OR_RETURN(const auto committed, Committed());
  RETURN_IF_ERROR(ResolveEach(committed));
  return AssignAll();
}

// The group's offsets of the partitions whose start is not known yet.
absl::StatusOr<std::map<int32_t, int64_t>> InboxConsumer::Committed() {
  std::map<int32_t, int64_t> committed;
  const rdkafka::PartitionList list = rdkafka::NewPartitionList(assigned_.size());
  for (const auto& [partition, assigned] : assigned_) {
    if (assigned.resolved) continue;
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  }
  if (list->cnt == 0) return committed;
  const std::string what = fmt::format("asking for the offsets of the group {}", group_);
  RETURN_IF_ERROR(client_->StatusOf(
      rd_kafka_committed(client_->handle(), list.get(), Millis(options_.request_timeout)), what));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list->elems[i];
    RETURN_IF_ERROR(client_->StatusOf(each.err, what));
    if (each.offset >= 0) committed[each.partition] = each.offset;
  }
  return committed;
}

absl::Status InboxConsumer::ResolveEach(const std::map<int32_t, int64_t>& committed) {
  for (auto& [partition, assigned] : assigned_) {
    if (assigned.resolved) continue;
    int64_t low = 0;
    int64_t high = 0;
    const auto ask = [&, number = partition](int64_t place, int64_t& offset) {
      return client_->StatusOf(
          AskForPlace(client_->handle(), topic_, Partition(number), place,
                      Millis(options_.request_timeout), offset),
          fmt::format("asking where partition {} of {} begins and ends", number, topic_));
    };
    RETURN_IF_ERROR(ask(RD_KAFKA_OFFSET_BEGINNING, low));
    RETURN_IF_ERROR(ask(RD_KAFKA_OFFSET_END, high));
    std::optional<int64_t> next;
    if (const auto found = committed.find(partition); found != committed.end()) {
      next = found->second;
      assigned.committed = found->second;
    }
    const InboxStart start = StartOf(next, low, high);
    if (start.loss != InboxLoss::kNone) {
      NoteLoss(partition, start, *next);
      assigned.committed = kNothing;  // the group's offset may have to go down
    }
    assigned.read = assigned.done = start.offset;
    assigned.high = high;
    assigned.resolved = true;
  }
  return absl::OkStatus();
}

void InboxConsumer::NoteLoss(int32_t partition, const InboxStart& start, int64_t next) {
  ++counts_.losses;
  counts_.lost_messages += static_cast<uint64_t>(start.lost);
  counts_.last_loss =
      start.loss == InboxLoss::kExpired
          ? fmt::format(
                "the messages {} to {} of partition {} of {} were deleted before intake "
                "had read them: publish them again; intake goes on at {}",
                next, start.offset - 1, partition, topic_, start.offset)
          : fmt::format(
                "partition {} of {} ends before message {}, which intake would read next: "
                "the topic was truncated or made anew; intake reads it from {} on",
                partition, topic_, next, start.offset);
  if (options_.log) options_.log(counts_.last_loss);
}

absl::Status InboxConsumer::AssignAll() {
  const rdkafka::PartitionList list = rdkafka::NewPartitionList(assigned_.size());
  for (const auto& [partition, assigned] : assigned_) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset =
        assigned.read;
  }
  return client_->StatusOf(rd_kafka_assign(client_->handle(), list.get()),
                           fmt::format("reading {}", topic_));
}

InboxConsumer::Message InboxConsumer::Next(absl::Duration wait) {
  if (must_begin_anew_) return nullptr;
  Message message;
  if (!early_.empty()) {
    message = std::move(early_.front());
    early_.pop_front();
  } else {
    message.reset(rd_kafka_consume_queue(messages_.get(), Millis(wait)));
  }
  if (message == nullptr) return nullptr;
  const auto assigned = assigned_.find(message->partition);
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (assigned != assigned_.end() && assigned->second.resolved) {
      assigned->second.read = std::max(assigned->second.read, message->offset);
    }
    return nullptr;
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    HandleError(*message);
    return nullptr;
  }
  // What was fetched before a change of the assignment comes again or is another member's.
  const bool is_next = assigned != assigned_.end() && assigned->second.resolved &&
                       message->offset >= assigned->second.read;
  if (!is_next) return nullptr;
  assigned->second.read = message->offset + 1;
  return message;
}

bool InboxConsumer::has_uncommitted() const {
  return std::any_of(assigned_.begin(), assigned_.end(), [](const auto& each) {
    return each.second.resolved && each.second.done > each.second.committed;
  });
}

void InboxConsumer::StartCommit() {
  if (committing_ || !has_uncommitted() || Clock::now() < next_commit_) return;
  const rdkafka::PartitionList list = rdkafka::NewPartitionList(assigned_.size());
  for (const auto& [partition, assigned] : assigned_) {
    if (!assigned.resolved || assigned.done <= assigned.committed) continue;
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset =
        assigned.done;
  }
  const rd_kafka_resp_err_t code =
      rd_kafka_commit_queue(client_->handle(), list.get(), commit_results_.get(), nullptr, nullptr);
  committing_ = code == RD_KAFKA_RESP_ERR_NO_ERROR;
  commit_started_ = Clock::now();
  if (committing_) return;
  ++counts_.failed_commits;
  next_commit_ = Clock::now() + absl::ToChronoMilliseconds(options_.retry_interval);
}

void InboxConsumer::FinishCommit(absl::Duration wait) {
  if (!committing_) return;
  const rdkafka::Event event(rd_kafka_queue_poll(commit_results_.get(), Millis(wait)));
  if (event == nullptr && Clock::now() - commit_started_ < kCommitPatience) return;
  committing_ = false;
  bool failed = event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR;
  const rd_kafka_topic_partition_list_t* const list =
      event == nullptr ? nullptr : rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list->elems[i];
    failed |= each.err != RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto assigned = assigned_.find(each.partition);
    if (failed || assigned == assigned_.end()) continue;
    assigned->second.committed = std::max(assigned->second.committed, each.offset);
  }
  ++(failed ? counts_.failed_commits : counts_.commits);
  if (failed) next_commit_ = Clock::now() + absl::ToChronoMilliseconds(options_.retry_interval);
}

bool InboxConsumer::CommitAll(absl::Duration limit) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(limit);
  while (committing_ || has_uncommitted()) {
    StartCommit();
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0 || (!committing_ && Clock::now() < next_commit_)) return false;
    FinishCommit(absl::FromChrono(std::min(left, milliseconds(50))));
  }
  return true;
}

std::vector<InboxPartitionLag> InboxConsumer::Lags() const {
  std::vector<InboxPartitionLag> lags;
  for (const auto& [partition, assigned] : assigned_) {
    if (!assigned.resolved) continue;
    int64_t low = RD_KAFKA_OFFSET_INVALID;
    int64_t high = RD_KAFKA_OFFSET_INVALID;
    const rd_kafka_resp_err_t code =
        rd_kafka_get_watermark_offsets(client_->handle(), topic_.c_str(), partition, &low, &high);
    const bool is_known = code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0;
    lags.push_back({partition, assigned.done, is_known ? high : assigned.high});
  }
  return lags;
}

}  // namespace flywheel
