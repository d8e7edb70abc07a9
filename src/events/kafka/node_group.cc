#include "events/kafka/node_group.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/deadline.h"
#include "base/name_character.h"
#include "base/status.h"
#include "events/kafka/errors.h"
#include "events/kafka/owned.h"

namespace flywheel {
namespace {

// The longest time that librdkafka takes: a question does not end by its own timeout.
constexpr int kNeverMillis = 3600 * 1000;
// Until a group is asked again whose coordinator is only now being found or loaded.
constexpr absl::Duration kRetryPause = absl::Milliseconds(100);

std::string Text(const char* text) { return text == nullptr ? "" : text; }

int Millis(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, 600'000));
}

std::vector<Partition> PartitionsOf(const rd_kafka_MemberDescription_t* member,
                                    const std::string& topic) {
  std::vector<Partition> partitions;
  const rd_kafka_topic_partition_list_t* list =
      rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (topic == list->elems[i].topic) partitions.emplace_back(list->elems[i].partition);
  }
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

NodeOwners::State StateOf(const rd_kafka_ConsumerGroupDescription_t* group) {
  switch (rd_kafka_ConsumerGroupDescription_state(group)) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE:
      return NodeOwners::State::kStable;
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE:
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE:
      return NodeOwners::State::kRebalancing;
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY:
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD:
      return NodeOwners::State::kEmpty;
    default:
      return NodeOwners::State::kUnknown;
  }
}

NodeOwners OwnersIn(const rd_kafka_ConsumerGroupDescription_t* group, const std::string& topic) {
  NodeOwners owners;
  owners.state = StateOf(group);
  owners.as_of = absl::Now();
  const size_t count = rd_kafka_ConsumerGroupDescription_member_count(group);
  for (size_t i = 0; i < count; ++i) {
    const rd_kafka_MemberDescription_t* described =
        rd_kafka_ConsumerGroupDescription_member(group, i);
    NodeMember member;
    member.node_id = Text(rd_kafka_MemberDescription_group_instance_id(described));
    member.address = Text(rd_kafka_MemberDescription_client_id(described));
    member.host = Text(rd_kafka_MemberDescription_host(described));
    if (member.node_id.empty())
      member.node_id = Text(rd_kafka_MemberDescription_consumer_id(described));
    if (owners.state == NodeOwners::State::kStable) {
      member.partitions = PartitionsOf(described, topic);
    }
    owners.members.push_back(std::move(member));
  }
  std::sort(owners.members.begin(), owners.members.end(),
            [](const NodeMember& a, const NodeMember& b) { return a.node_id < b.node_id; });
  return owners;
}

}  // namespace

const NodeMember* NodeOwners::OwnerOf(Partition partition) const {
  for (const NodeMember& member : members) {
    if (std::binary_search(member.partitions.begin(), member.partitions.end(), partition)) {
      return &member;
    }
  }
  return nullptr;
}

std::string_view NameOf(NodeOwners::State state) {
  switch (state) {
    case NodeOwners::State::kUnknown:
      return "unknown";
    case NodeOwners::State::kEmpty:
      return "empty";
    case NodeOwners::State::kRebalancing:
      return "rebalancing";
    case NodeOwners::State::kStable:
      return "stable";
  }
  return "unknown";
}

absl::Status CheckNodeId(std::string_view node_id) {
  if (node_id.empty() || node_id.size() > kMaxNodeIdBytes || node_id == "." || node_id == ".." ||
      !std::all_of(node_id.begin(), node_id.end(), IsNameCharacter)) {
    return absl::InvalidArgumentError(
        fmt::format("a node's id has 1 to {} letters, digits, '.', '_' or '-'; \"{}\" is none",
                    kMaxNodeIdBytes, node_id));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<NodeGroup>> NodeGroup::Open(const KafkaAddress& address,
                                                           const KafkaSettings& settings,
                                                           KafkaLogSink log) {
  std::unique_ptr<NodeGroup> group(new NodeGroup(address, settings, std::move(log)));
  RETURN_IF_ERROR(group->Connect());
  return group;
}

absl::Status NodeGroup::Connect() {
  if (client_ != nullptr) return absl::OkStatus();
  KafkaClientOptions options;
  options.required = {{"group.id", group_}, {"enable.auto.commit", "false"}};
  options.log = log_;
  options.close_timeout = kDropTimeout;
  ASSIGN_OR_RETURN(client_, KafkaClient::Make(address_, settings_, std::move(options)));
  return absl::OkStatus();
}

absl::StatusOr<NodeOwners> NodeGroup::Describe(absl::Duration timeout) {
  const Deadline deadline = Deadline::In(timeout);
  while (true) {
    rd_kafka_resp_err_t refused = RD_KAFKA_RESP_ERR_NO_ERROR;
    absl::StatusOr<NodeOwners> owners = DescribeOnce(deadline.left(), &refused);
    const bool passes = refused == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS ||
                        refused == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
                        refused == RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    if (!passes || deadline.left() < kRetryPause) return owners;
    absl::SleepFor(kRetryPause);
  }
}

// *refused: what the brokers answered.
absl::StatusOr<NodeOwners> NodeGroup::DescribeOnce(absl::Duration timeout,
                                                   rd_kafka_resp_err_t* refused) {
  RETURN_IF_ERROR(Connect());
  const std::string what = fmt::format("asking who is in the group {}", group_);
  rdkafka::Queue queue(rd_kafka_queue_new(client_->handle()));
  {
    const rdkafka::AdminOptions options(
        rd_kafka_AdminOptions_new(client_->handle(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
    char error[256] = "";
    const rd_kafka_resp_err_t set = rd_kafka_AdminOptions_set_request_timeout(
        options.get(), kNeverMillis, error, sizeof(error));
    if (set != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(set, what, error);
    const char* group = group_.c_str();
    rd_kafka_DescribeConsumerGroups(client_->handle(), &group, 1, options.get(), queue.get());
  }
  const rdkafka::Event event(rd_kafka_queue_poll(queue.get(), Millis(timeout)));
  if (event == nullptr) {
    absl::Status status = client_->StatusOf(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    queue.reset();
    client_.reset();
    return status;
  }
  *refused = rd_kafka_event_error(event.get());
  RETURN_IF_ERROR(client_->StatusOf(*refused, what));
  const auto* result = rd_kafka_event_DescribeConsumerGroups_result(event.get());
  size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** groups =
      result == nullptr ? nullptr : rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  if (count != 1) return absl::UnavailableError(what + ": no answer");
  const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
  if (error == nullptr) return OwnersIn(groups[0], topic_);
  *refused = rd_kafka_error_code(error);
  if (*refused != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return client_->StatusOf(*refused, what);
  // A group that nobody has joined yet.
  NodeOwners none;
  none.state = NodeOwners::State::kEmpty;
  none.as_of = absl::Now();
  return none;
}

absl::StatusOr<std::vector<std::optional<Offset>>> NodeGroup::Committed(int32_t partitions,
                                                                        absl::Duration timeout) {
  RETURN_IF_ERROR(Connect());
  const rdkafka::PartitionList list = rdkafka::NewPartitionList(static_cast<size_t>(partitions));
  for (int32_t partition = 0; partition < partitions; ++partition) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
  }
  RETURN_IF_ERROR(
      client_->StatusOf(rd_kafka_committed(client_->handle(), list.get(), Millis(timeout)),
                        fmt::format("reading the positions of the group {}", group_)));
  std::vector<std::optional<Offset>> committed(static_cast<size_t>(partitions));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
      committed[static_cast<size_t>(one.partition)] = Offset(one.offset);
    }
  }
  return committed;
}

}  // namespace flywheel
