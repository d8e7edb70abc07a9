// The group of nodes as the brokers see it: who owns which partition, and how far it says it is.
#ifndef FLYWHEEL_EVENTS_KAFKA_NODE_GROUP_H_
#define FLYWHEEL_EVENTS_KAFKA_NODE_GROUP_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/settings.h"

namespace flywheel {

// A node that is in the group.
struct NodeMember {
  std::string node_id;                // the group's instance id
  std::string address;                // where its HTTP door is; as the node gave it
  std::string host;                   // where the broker sees it
  std::vector<Partition> partitions;  // rising

  friend bool operator==(const NodeMember&, const NodeMember&) = default;
};

// Who owns what, at one moment.
struct NodeOwners {
  enum class State : uint8_t {
    kUnknown,      // the brokers could not be asked; `trouble` says why
    kEmpty,        // no node is in the group
    kRebalancing,  // partitions are moving: nobody is known to own one
    kStable,
  };
  State state = State::kUnknown;
  std::vector<NodeMember> members;  // by node id; without partitions while rebalancing
  absl::Status trouble;
  absl::Time as_of;

  // nullptr: nobody is known to.
  const NodeMember* OwnerOf(Partition partition) const;
};

std::string_view NameOf(NodeOwners::State state);

// The group of a log's nodes.
inline std::string NodeGroupOf(const KafkaAddress& address) { return address.name() + ".nodes"; }

// Letters, digits, '.', '_' and '-', 1 to kMaxNodeIdBytes.
inline constexpr size_t kMaxNodeIdBytes = 100;
absl::Status CheckNodeId(std::string_view node_id);

// Operation: asks the brokers; joins nothing. A handle that has not answered in time is dropped,
// and the next question makes another: when librdkafka (2.0.2 to at least 2.3) gives up a question
// to a group's coordinator by its own timeout and the coordinator comes back later, it aborts the
// process.
//
// Concurrency: one thread at a time. Errors: Unavailable (brokers away, no answer in time),
// PermissionDenied (the group may not be described). Limits: an answer takes at most the timeout,
// and kDropTimeout where there is none.
class NodeGroup {
 public:
  static constexpr absl::Duration kDropTimeout = absl::Seconds(1);

  // Errors: InvalidArgument (settings).
  static absl::StatusOr<std::unique_ptr<NodeGroup>> Open(const KafkaAddress& address,
                                                         const KafkaSettings& settings,
                                                         KafkaLogSink log = {});

  absl::StatusOr<NodeOwners> Describe(absl::Duration timeout);

  // The positions that the nodes committed for lag tools, by partition; nullopt: none.
  absl::StatusOr<std::vector<std::optional<Offset>>> Committed(int32_t partitions,
                                                               absl::Duration timeout);

 private:
  NodeGroup(const KafkaAddress& address, const KafkaSettings& settings, KafkaLogSink log)
      : address_(address),
        settings_(settings),
        log_(std::move(log)),
        group_(NodeGroupOf(address)),
        topic_(address.LogTopic()) {}

  absl::Status Connect();
  absl::StatusOr<NodeOwners> DescribeOnce(absl::Duration timeout, rd_kafka_resp_err_t* refused);

  const KafkaAddress address_;
  const KafkaSettings settings_;
  const KafkaLogSink log_;
  const std::string group_;
  const std::string topic_;
  std::unique_ptr<KafkaClient> client_;  // nullptr: dropped
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_NODE_GROUP_H_
