#include "events/kafka/membership.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"

namespace flywheel {
namespace {

// How long one look for what the brokers say takes.
constexpr int kPollMillis = 100;
// A thread that was not running for this long was not, so the owner was not either: a process that
// was stopped is not stuck.
constexpr absl::Duration kStoodStill = absl::Seconds(2);
// How long a node that leaves waits for the brokers' answer.
constexpr absl::Duration kLeaveTimeout = absl::Seconds(3);

// How long after its session a member that gives no sign of life is out of the group.
constexpr absl::Duration kGoneAfterSession = absl::Seconds(2);

constexpr absl::Duration kLastCommitTimeout = absl::Seconds(1);

absl::Status CheckOptions(const MembershipOptions& options) {
  RETURN_IF_ERROR(CheckNodeId(options.node_id));
  const auto printable = [](unsigned char c) { return c > ' ' && c < 0x7f; };
  if (options.address.empty() || options.address.size() > 200 ||
      !std::all_of(options.address.begin(), options.address.end(), printable)) {
    return absl::InvalidArgumentError(
        fmt::format("a node's address has 1 to 200 printable characters without spaces; \"{}\" is "
                    "none",
                    options.address));
  }
  if (options.session_timeout < absl::Seconds(1) || options.session_timeout > absl::Minutes(30)) {
    return absl::InvalidArgumentError("a node's session timeout is 1 s to 30 min");
  }
  if (options.beat_timeout < absl::Seconds(1)) {
    return absl::InvalidArgumentError("a node's beat timeout is at least 1 s");
  }
  return absl::OkStatus();
}

std::string Millis(absl::Duration duration) {
  return std::to_string(absl::ToInt64Milliseconds(duration));
}

std::vector<Partition> PartitionsIn(const rd_kafka_topic_partition_list_t* list,
                                    const std::string& topic) {
  std::vector<Partition> partitions;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (topic == list->elems[i].topic) partitions.emplace_back(list->elems[i].partition);
  }
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

// Empty: it is in no group, or is leaving it.
std::string MemberId(rd_kafka_t* handle) {
  char* text = rd_kafka_memberid(handle);
  if (text == nullptr) return "";
  std::string member(text);
  rd_kafka_mem_free(handle, text);
  return member;
}

}  // namespace

bool Assignment::Owns(Partition partition) const {
  return std::binary_search(partitions.begin(), partitions.end(), partition);
}

std::string_view NameOf(Assignment::State state) {
  switch (state) {
    case Assignment::State::kJoining:
      return "joining";
    case Assignment::State::kAssigned:
      return "assigned";
    case Assignment::State::kRebalancing:
      return "rebalancing";
    case Assignment::State::kLost:
      return "lost";
    case Assignment::State::kStuck:
      return "stuck";
    case Assignment::State::kFenced:
      return "fenced";
    case Assignment::State::kClosed:
      return "closed";
  }
  return "unknown";
}

KafkaMembership::KafkaMembership(const KafkaAddress& address, const KafkaSettings& settings,
                                 MembershipOptions options)
    : address_(address),
      settings_(settings),
      options_(std::move(options)),
      group_(NodeGroupOf(address)),
      topic_(address.LogTopic()),
      last_turn_(Clock::now()),
      last_commit_(last_turn_),
      current_(std::make_shared<Assignment>()),
      last_beat_(last_turn_) {}

absl::StatusOr<std::unique_ptr<KafkaMembership>> KafkaMembership::Join(
    const KafkaAddress& address, const KafkaSettings& settings, MembershipOptions options) {
  RETURN_IF_ERROR(CheckOptions(options));
  const KafkaLogSink log = options.log;
  std::unique_ptr<KafkaMembership> membership(
      new KafkaMembership(address, settings, std::move(options)));
  ASSIGN_OR_RETURN(std::unique_ptr<NodeGroup> group, NodeGroup::Open(address, settings, log));
  RETURN_IF_ERROR(membership->Connect());
  membership->owners_ = std::make_unique<OwnerWatch>(std::move(group));
  KafkaMembership* self = membership.get();
  membership->thread_ = std::thread([self] { self->Run(); });
  return membership;
}

KafkaMembership::~KafkaMembership() { Close(Departure::kComesBack); }

std::shared_ptr<const Assignment> KafkaMembership::Current() const {
  const MutexLock lock(&mutex_);
  return current_;
}

std::shared_ptr<const Assignment> KafkaMembership::WaitForChange(uint64_t seen,
                                                                 absl::Duration at_most) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(at_most);
  const MutexLock lock(&mutex_);
  ++waiting_;
  while (current_->epoch == seen && current_->state != Assignment::State::kClosed) {
    if (changed_.WaitUntil(&mutex_, deadline)) break;
  }
  --waiting_;
  last_beat_ = Clock::now();
  return current_;
}

void KafkaMembership::Beat() {
  const MutexLock lock(&mutex_);
  last_beat_ = Clock::now();
}

void KafkaMembership::NotePosition(Partition partition, Offset next) {
  const MutexLock lock(&mutex_);
  noted_[partition] = next;
}

void KafkaMembership::Close(Departure departure) {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    departure_ = departure;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status KafkaMembership::Connect() {
  KafkaClientOptions client;
  client.kind = KafkaClientKind::kConsumer;
  // A node learns from the answer to its heartbeat that the group is being divided anew.
  const absl::Duration heartbeat = std::min(absl::Seconds(1), options_.session_timeout / 5);
  client.required = {
      {"group.id", group_},
      {"group.instance.id", options_.node_id},
      {"client.id", options_.address},
      // Of the eager assignors the one that moves fewer partitions when a node comes or goes.
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", Millis(options_.session_timeout)},
      {"heartbeat.interval.ms", Millis(heartbeat)},
      {"max.poll.interval.ms", Millis(options_.session_timeout)},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
  };
  client.configure = [](rd_kafka_conf_t* conf) {
    rd_kafka_conf_set_rebalance_cb(
        conf, [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                 void* opaque) {
          static_cast<KafkaMembership*>(KafkaClient::UserOf(opaque))->OnRebalance(code, partitions);
        });
  };
  client.user = this;
  client.log = options_.log;
  client.close_timeout = kCloseTimeout;
  ASSIGN_OR_RETURN(client_, KafkaClient::Make(address_, settings_, std::move(client)));
  rd_kafka_poll_set_consumer(client_->handle());
  const rdkafka::PartitionList topics = rdkafka::NewPartitionList(1);
  rd_kafka_topic_partition_list_add(topics.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
  return client_->StatusOf(rd_kafka_subscribe(client_->handle(), topics.get()),
                           fmt::format("joining the group {}", group_));
}

void KafkaMembership::Publish(Assignment::State state, std::vector<Partition> partitions,
                              absl::Status trouble) {
  {
    const MutexLock lock(&mutex_);
    auto next = std::make_shared<Assignment>();
    next->epoch = current_->epoch + 1;
    next->state = state;
    next->partitions = std::move(partitions);
    next->trouble = std::move(trouble);
    current_ = std::move(next);
    changed_.NotifyAll();
  }
  owners_->Nudge();
}

// Called by librdkafka while this thread polls.
void KafkaMembership::OnRebalance(rd_kafka_resp_err_t code,
                                  const rd_kafka_topic_partition_list_t* partitions) {
  rd_kafka_t* handle = client_->handle();
  committed_.clear();
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    // An assignment of nothing: the group holds that the partitions are this member's, and nothing
    // is fetched.
    rd_kafka_assign(handle, rdkafka::NewPartitionList(0).get());
    return Publish(Assignment::State::kAssigned, PartitionsIn(partitions, topic_),
                   absl::OkStatus());
  }
  const bool lost = rd_kafka_assignment_lost(handle) != 0;
  rd_kafka_assign(handle, nullptr);
  if (!lost) return Publish(Assignment::State::kRebalancing, {}, absl::OkStatus());
  const std::string trouble = client_->Trouble();
  Publish(Assignment::State::kLost, {},
          absl::UnavailableError(fmt::format("the group {} went on without this node{}{}", group_,
                                             trouble.empty() ? "" : ": ", trouble)));
}

// Says why there is no assignment; where there is one, it holds until the group says otherwise.
void KafkaMembership::NoteTrouble(absl::Status trouble) {
  const std::shared_ptr<const Assignment> now = Current();
  if (now->state == Assignment::State::kAssigned || now->trouble == trouble) return;
  Publish(now->state, {}, std::move(trouble));
}

void KafkaMembership::NoteError(rd_kafka_resp_err_t code, std::string_view text) {
  NoteTrouble(KafkaStatus(code, fmt::format("joining the group {}", group_), text));
}

void KafkaMembership::NoteTrouble() {
  absl::Status trouble = client_->Refusal();
  const std::string away = client_->Trouble();
  if (trouble.ok() && !away.empty()) {
    trouble = absl::UnavailableError(fmt::format("joining the group {}: {}", group_, away));
  }
  if (!trouble.ok()) NoteTrouble(std::move(trouble));
}

// What ends the membership for good.
absl::Status KafkaMembership::Fencing() const {
  char text[512] = "";
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(client_->handle(), text, sizeof(text));
  if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
    return absl::FailedPreconditionError(fmt::format(
        "another process has joined the group {} as node \"{}\": every node needs an id of its own",
        group_, options_.node_id));
  }
  return KafkaStatus(code, fmt::format("being in the group {}", group_), text);
}

bool KafkaMembership::OwnerIsSilent() {
  const Clock::time_point now = Clock::now();
  const MutexLock lock(&mutex_);
  // Who stood still has not been silent.
  if (absl::FromChrono(now - last_turn_) > kStoodStill) last_beat_ = now;
  last_turn_ = now;
  return waiting_ == 0 && absl::FromChrono(now - last_beat_) > options_.beat_timeout;
}

// Gives what was noted and has not been committed; nullptr: nothing.
rd_kafka_topic_partition_list_t* KafkaMembership::TakeNoted() {
  const std::shared_ptr<const Assignment> now = Current();
  rdkafka::PartitionList list = rdkafka::NewPartitionList(8);
  const MutexLock lock(&mutex_);
  for (const auto& [partition, next] : noted_) {
    const auto before = committed_.find(partition);
    if (!now->Owns(partition) || (before != committed_.end() && before->second == next)) continue;
    committed_[partition] = next;
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition.number())->offset =
        next.number();
  }
  return list->cnt == 0 ? nullptr : list.release();
}

void KafkaMembership::Commit() {
  const Clock::time_point now = Clock::now();
  if (absl::FromChrono(now - last_commit_) < kCommitInterval) return;
  last_commit_ = now;
  const rdkafka::PartitionList list(TakeNoted());
  // What fails is committed again with the next position.
  if (list != nullptr) rd_kafka_commit(client_->handle(), list.get(), /*async=*/1);
}

// The last one, and waits for it.
void KafkaMembership::CommitAndWait() {
  const rdkafka::PartitionList list(TakeNoted());
  if (list == nullptr) return;
  const rdkafka::Queue queue(rd_kafka_queue_new(client_->handle()));
  if (rd_kafka_commit_queue(client_->handle(), list.get(), queue.get(), nullptr, nullptr) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto at_most = static_cast<int>(absl::ToInt64Milliseconds(kLastCommitTimeout));
    const rdkafka::Event answer(rd_kafka_queue_poll(queue.get(), at_most));
  }
}

// Only by unsubscribing does a static member tell the brokers that it goes; closing waits for their
// answer.
void KafkaMembership::LeaveGroup() {
  rd_kafka_t* handle = client_->handle();
  const Clock::time_point deadline = Clock::now() + absl::ToChronoMilliseconds(kLeaveTimeout);
  if (rd_kafka_unsubscribe(handle) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  while (!MemberId(handle).empty() && Clock::now() < deadline) {
    if (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle, kPollMillis / 10)) {
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  if (rd_kafka_error_t* error = rd_kafka_consumer_close_queue(handle, queue)) {
    rd_kafka_error_destroy(error);  // it has broken, so it is not in the group any more
  }
  while (rd_kafka_consumer_closed(handle) == 0 && Clock::now() < deadline) {
    if (rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPollMillis / 10)) {
      rd_kafka_event_destroy(event);
    }
  }
  rd_kafka_queue_destroy(queue);
}

// The client's own end leaves no group and calls nothing back.
void KafkaMembership::Part(Departure departure) {
  if (departure == Departure::kForGood) LeaveGroup();
  client_.reset();
}

void KafkaMembership::Rejoin() {
  const absl::Status connected = Connect();
  if (!connected.ok()) client_.reset();
  Publish(Assignment::State::kJoining, {}, connected);
}

// Brokers that come back after a crash may know this node by the member id of a process that was
// there before it: then they fence the living one. So whether there is another process shows only
// when the session of one that is gone has ended.
void KafkaMembership::OnFenced(absl::Status fencing) {
  Part(Departure::kComesBack);
  doubt_ = {std::move(fencing), Deadline::In(options_.session_timeout + kGoneAfterSession)};
  Publish(
      Assignment::State::kLost, {},
      absl::UnavailableError(fmt::format(
          "the group {} has another process for node \"{}\"; where that is gone by the end of its "
          "session, this one joins again",
          group_, options_.node_id)));
}

void KafkaMembership::LookForAnother() {
  WaitToStop(absl::Milliseconds(kPollMillis));
  if (!doubt_->shows.passed()) return;
  if (!std::exchange(doubt_->asked, true)) {
    return owners_->Nudge();  // what was known before says nothing
  }
  const std::shared_ptr<const NodeOwners> owners = Owners();
  if (owners->state != NodeOwners::State::kStable && owners->state != NodeOwners::State::kEmpty) {
    return;
  }
  fenced_ = std::any_of(owners->members.begin(), owners->members.end(),
                        [&](const NodeMember& member) { return member.node_id == node_id(); });
  if (fenced_) Publish(Assignment::State::kFenced, {}, doubt_->fencing);
  doubt_.reset();
}

void KafkaMembership::Turn() {
  if (OwnerIsSilent()) {
    if (client_ != nullptr) {
      Part(Departure::kForGood);
      Publish(
          Assignment::State::kStuck, {},
          absl::UnavailableError(fmt::format("the node did not move for {}, so it has left the "
                                             "group {}",
                                             absl::FormatDuration(options_.beat_timeout), group_)));
    }
    return WaitToStop(absl::Milliseconds(kPollMillis));
  }
  if (doubt_) return LookForAnother();
  if (client_ == nullptr) Rejoin();
  if (client_ == nullptr) return WaitToStop(absl::Seconds(1));
  if (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_->handle(), kPollMillis)) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      NoteError(message->err, rd_kafka_message_errstr(message));
    }
    rd_kafka_message_destroy(message);
  }
  if (absl::Status fencing = Fencing(); !fencing.ok()) {
    return OnFenced(std::move(fencing));
  }
  NoteTrouble();
  Commit();
}

void KafkaMembership::WaitToStop(absl::Duration at_most) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(at_most);
  const MutexLock lock(&mutex_);
  while (!stopping_) {
    if (changed_.WaitUntil(&mutex_, deadline)) return;
  }
}

void KafkaMembership::Run() {
  Departure departure = Departure::kComesBack;
  while (true) {
    {
      const MutexLock lock(&mutex_);
      departure = departure_;
      if (stopping_) break;
    }
    if (fenced_) {
      WaitToStop(absl::Seconds(1));
    } else {
      Turn();
    }
  }
  if (client_ != nullptr) {
    CommitAndWait();
    Part(departure);
  }
  Publish(Assignment::State::kClosed, {}, absl::OkStatus());
}

}  // namespace flywheel
