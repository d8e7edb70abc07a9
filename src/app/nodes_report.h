// Who owns which partition of a log on Kafka, and how far each is.
#ifndef FLYWHEEL_APP_NODES_REPORT_H_
#define FLYWHEEL_APP_NODES_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/kafka/address.h"
#include "events/kafka/node_group.h"
#include "events/kafka/settings.h"

namespace flywheel {

// How far a partition is folded.
struct PartitionStanding {
  enum class Source : uint8_t {
    kNode,   // its owner says so
    kGroup,  // the owner does not answer, or there is none: what was committed for lag tools
    kNone,   // nothing is known
  };
  Partition partition;
  std::string node_id;  // of the owner; empty: none is known
  std::string address;
  std::string state;  // "serving" and the like; "unowned", "unknown"
  std::string sentence;
  Source source = Source::kNone;
  std::optional<Offset> position;
  std::optional<Offset> end;
  std::optional<int64_t> lag_events;
  std::optional<double> lag_seconds;
  std::string fresh_at;  // as the node wrote it; empty: not known
};

std::string_view NameOf(PartitionStanding::Source source);

// A node and what it answered.
struct NodeStanding {
  NodeMember member;
  bool answers = false;
  bool ready = false;
  std::string trouble;  // why it does not answer, or is not ready
};

struct NodesReport {
  std::string group;
  NodeOwners::State state = NodeOwners::State::kUnknown;
  std::vector<NodeStanding> nodes;
  std::vector<PartitionStanding> partitions;
};

struct NodesReportOptions {
  absl::Duration brokers_timeout = absl::Seconds(10);
  // Of each node's answer; the nodes are asked kNodesAskedAtOnce at a time.
  absl::Duration node_timeout = absl::Seconds(2);
  // How long to wait for a group whose partitions are moving.
  absl::Duration settle_timeout = absl::Seconds(5);
};

inline constexpr int kNodesAskedAtOnce = 16;

// Asks the brokers, then each node's GET /v1/node. A node that does not answer is no error.
//
// Errors: those of KafkaLog::Open and NodeGroup.
absl::StatusOr<NodesReport> AskNodes(const KafkaAddress& address, const KafkaSettings& settings,
                                     Instant now, const NodesReportOptions& options = {});

// Puts what a node answered to GET /v1/node into its standing and those of the partitions that it
// owns. False where that is no such answer.
bool TakeNodeAnswer(std::string_view json, NodeStanding& node,
                    std::vector<PartitionStanding>& partitions);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_NODES_REPORT_H_
