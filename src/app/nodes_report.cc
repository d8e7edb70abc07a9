#include "app/nodes_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "app/context.h"
#include "base/deadline.h"
#include "base/status.h"
#include "events/kafka/kafka_log.h"
#include "events/record_view.h"
#include "query/http/http_get.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

// The offset of "PARTITION@OFFSET".
std::optional<Offset> OffsetOf(const Json& cell, const char* key) {
  const auto found = cell.find(key);
  if (found == cell.end() || !found->is_string()) return std::nullopt;
  const std::string& text = found->get_ref<const std::string&>();
  const size_t at = text.find('@');
  if (at == std::string::npos) return std::nullopt;
  int64_t offset = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + at + 1, end, offset);
  if (error != std::errc() || stop != end || offset < 0) return std::nullopt;
  return Offset(offset);
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

template <class Number>
std::optional<Number> NumberOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<Number>();
}

void TakeCell(const Json& cell, PartitionStanding& standing) {
  const std::string state = TextOf(cell, "state");
  if (state.empty()) return;
  standing.state = state;
  standing.sentence = TextOf(cell, "sentence");
  const std::optional<Offset> position = OffsetOf(cell, "position");
  if (!position) return;
  standing.source = PartitionStanding::Source::kNode;
  standing.position = position;
  standing.end = OffsetOf(cell, "end");
  standing.lag_events = NumberOf<int64_t>(cell, "lagEvents");
  standing.lag_seconds = NumberOf<double>(cell, "lagSeconds");
  standing.fresh_at = TextOf(cell, "freshAt");
}

absl::StatusOr<NodeOwners> Settled(NodeGroup& group, const NodesReportOptions& options) {
  const Deadline deadline = Deadline::In(options.settle_timeout);
  while (true) {
    ASSIGN_OR_RETURN(NodeOwners owners, group.Describe(options.brokers_timeout));
    if (owners.state != NodeOwners::State::kRebalancing || deadline.passed()) return owners;
    absl::SleepFor(absl::Milliseconds(100));
  }
}

void AskNode(NodeStanding& node, const NodesReportOptions& options,
             std::vector<PartitionStanding>& partitions) {
  HttpGetLimits limits;
  limits.timeout = options.node_timeout;
  const absl::StatusOr<HttpGetAnswer> answer = HttpGet(node.member.address, "/v1/node", limits);
  if (!answer.ok()) {
    node.trouble = std::string(MessageOf(answer.status()));
  } else if (answer->status != 200 || !TakeNodeAnswer(answer->body, node, partitions)) {
    node.trouble =
        fmt::format("{} answers as no node does (status {})", node.member.address, answer->status);
  }
}

// Each node owns other partitions, so the threads write to different ones.
void AskAll(NodesReport& report, const NodesReportOptions& options) {
  std::atomic<size_t> next = 0;
  const auto ask = [&] {
    for (size_t i = next++; i < report.nodes.size(); i = next++) {
      AskNode(report.nodes[i], options, report.partitions);
    }
  };
  std::vector<std::thread> threads;
  const size_t count = std::min<size_t>(report.nodes.size(), kNodesAskedAtOnce);
  threads.reserve(count);
  for (size_t i = 0; i < count; ++i) threads.emplace_back(ask);
  for (std::thread& thread : threads) thread.join();
}

// How long ago the first record that is not folded was stamped.
absl::StatusOr<double> SecondsBehind(EventLog& log, Partition partition, Offset position,
                                     Instant now) {
  ReadLimits one;
  one.max_records = 1;
  ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, position, one));
  RecordView record;
  if (batch.records.empty()) return 0.0;
  if (ScanRecord(batch.records[0].bytes, &record) != ScanResult::kOk || !record.recorded_at) {
    return absl::DataLossError("a record that cannot be read");
  }
  const int64_t millis = std::max<int64_t>(0, now.number() - record.recorded_at->number());
  return static_cast<double>(millis) / static_cast<double>(kMillisPerSecond);
}

// What the group knows of a partition whose owner did not say more.
absl::Status FallBack(EventLog& log, std::optional<Offset> committed, Instant now,
                      PartitionStanding& standing) {
  ASSIGN_OR_RETURN(standing.end, log.EndOffset(standing.partition));
  if (!committed) return absl::OkStatus();
  standing.source = PartitionStanding::Source::kGroup;
  standing.position = committed;
  standing.lag_events = std::max<int64_t>(0, standing.end->number() - committed->number());
  if (*standing.lag_events == 0) {
    standing.lag_seconds = 0;
    return absl::OkStatus();
  }
  const absl::StatusOr<double> behind = SecondsBehind(log, standing.partition, *committed, now);
  if (behind.ok()) {
    standing.lag_seconds = *behind;
  } else {
    standing.sentence =
        fmt::format("how long it is behind is not known: {}", MessageOf(behind.status()));
  }
  return absl::OkStatus();
}

NodesReport NewReport(const KafkaAddress& address, const NodeOwners& owners, int32_t partitions) {
  NodesReport report;
  report.group = NodeGroupOf(address);
  report.state = owners.state;
  for (const NodeMember& member : owners.members)
    report.nodes.push_back({member, false, false, ""});
  for (int32_t number = 0; number < partitions; ++number) {
    PartitionStanding standing;
    standing.partition = Partition(number);
    const NodeMember* owner = owners.OwnerOf(standing.partition);
    if (owner != nullptr) {
      standing.node_id = owner->node_id;
      standing.address = owner->address;
    }
    standing.state = owner == nullptr ? "unowned" : "unknown";
    report.partitions.push_back(std::move(standing));
  }
  return report;
}

}  // namespace

std::string_view NameOf(PartitionStanding::Source source) {
  switch (source) {
    case PartitionStanding::Source::kNode:
      return "node";
    case PartitionStanding::Source::kGroup:
      return "group";
    case PartitionStanding::Source::kNone:
      return "none";
  }
  return "none";
}

bool TakeNodeAnswer(std::string_view json, NodeStanding& node,
                    std::vector<PartitionStanding>& partitions) {
  const Json answer = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return false;
  const auto cells = answer.find("cells");
  if (cells == answer.end() || !cells->is_array()) return false;
  if (TextOf(answer, "node") != node.member.node_id) return false;
  node.answers = true;
  const auto ready = answer.find("ready");
  node.ready = ready != answer.end() && ready->is_boolean() && ready->get<bool>();
  node.trouble = TextOf(answer, "why");
  for (const Json& cell : *cells) {
    if (!cell.is_object()) continue;
    const auto number = NumberOf<int64_t>(cell, "partition");
    if (!number || *number < 0 || *number >= static_cast<int64_t>(partitions.size())) continue;
    PartitionStanding& standing = partitions[static_cast<size_t>(*number)];
    if (standing.node_id == node.member.node_id) TakeCell(cell, standing);
  }
  return true;
}

absl::StatusOr<NodesReport> AskNodes(const KafkaAddress& address, const KafkaSettings& settings,
                                     Instant now, const NodesReportOptions& options) {
  KafkaLogOptions log_options;
  log_options.request_timeout = options.brokers_timeout;
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaLog> log,
                   KafkaLog::Open(address, settings, log_options));
  ASSIGN_OR_RETURN(const std::unique_ptr<NodeGroup> group, NodeGroup::Open(address, settings));
  ASSIGN_OR_RETURN(const NodeOwners owners, Settled(*group, options));
  NodesReport report = NewReport(address, owners, log->partitions());
  AskAll(report, options);
  ASSIGN_OR_RETURN(const std::vector<std::optional<Offset>> committed,
                   group->Committed(log->partitions(), options.brokers_timeout));
  for (PartitionStanding& standing : report.partitions) {
    if (standing.source == PartitionStanding::Source::kNode) continue;
    RETURN_IF_ERROR(
        FallBack(*log, committed[static_cast<size_t>(standing.partition.number())], now, standing));
  }
  return report;
}

}  // namespace flywheel
