#include "app/nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"

namespace flywheel {
namespace {

std::string Grouped(std::optional<int64_t> number) {
  return number ? GroupedNumber(static_cast<uint64_t>(std::max<int64_t>(0, *number))) : "";
}
std::string Grouped(std::optional<Offset> offset) {
  return offset ? Grouped(offset->number()) : "";
}
int64_t MillisOf(double seconds) { return std::llround(std::max(0.0, seconds) * 1000); }
std::string Seconds(std::optional<double> seconds) {
  return seconds ? DecimalText(MillisOf(*seconds), 3) : "";
}

void WriteNode(const NodeStanding& node, JsonWriter& json) {
  json.BeginObject().Field("node", node.member.node_id).Field("address", node.member.address);
  json.FieldIfGiven("host", node.member.host).Flag("answers", node.answers);
  if (node.answers) json.Flag("ready", node.ready);
  json.FieldIfGiven("trouble", node.trouble).Key("partitions").BeginArray();
  for (const Partition partition : node.member.partitions) json.Number(partition.number());
  json.EndArray().EndObject();
}

void WritePartition(const PartitionStanding& standing, JsonWriter& json) {
  json.BeginObject().Field("partition", standing.partition.number());
  json.FieldIfGiven("node", standing.node_id).FieldIfGiven("address", standing.address);
  json.Field("state", standing.state).FieldIfGiven("sentence", standing.sentence);
  json.Field("source", NameOf(standing.source));
  if (standing.position) {
    json.Field("position", FormatPlace({standing.partition, *standing.position}));
  }
  if (standing.end) json.Field("end", FormatPlace({standing.partition, *standing.end}));
  if (standing.lag_events) json.Field("lagEvents", *standing.lag_events);
  if (standing.lag_seconds) json.Key("lagSeconds").Decimal(MillisOf(*standing.lag_seconds), 3);
  json.FieldIfGiven("freshAt", standing.fresh_at).EndObject();
}

// What the tables show only to who looks twice.
void SayTroubles(const Context& context, const NodesReport& report) {
  if (report.state == NodeOwners::State::kRebalancing) {
    context.Say("partitions are moving: ask again in a moment");
  }
  for (const NodeStanding& node : report.nodes) {
    if (!node.answers) {
      context.Say(fmt::format("node {} does not answer, its positions are those it committed: {}",
                              node.member.node_id, node.trouble));
    }
  }
  const auto unowned = std::count_if(report.partitions.begin(), report.partitions.end(),
                                     [](const auto& one) { return one.node_id.empty(); });
  if (unowned > 0) {
    context.Say(
        fmt::format("{} of {} partitions have no owner", unowned, report.partitions.size()));
  }
}

}  // namespace

std::string NodesJson(const NodesReport& report) {
  JsonWriter json;
  json.BeginObject().Field("group", report.group).Field("state", NameOf(report.state));
  json.Key("nodes").BeginArray();
  for (const NodeStanding& node : report.nodes) WriteNode(node, json);
  json.EndArray().Key("partitions").BeginArray();
  for (const PartitionStanding& standing : report.partitions) WritePartition(standing, json);
  return json.EndArray().EndObject().TakeLine();
}

std::string NodesTables(const NodesReport& report) {
  Table nodes({"node", "address", "partitions", "state"});
  for (const NodeStanding& node : report.nodes) {
    nodes.Add({node.member.node_id, node.member.address,
               std::to_string(node.member.partitions.size()),
               !node.answers ? "does not answer"
               : node.ready  ? "ready"
                             : "not ready"});
  }
  Table partitions({"partition", "node", "state", "position", "end", "lag", "lag s", "says"});
  for (const PartitionStanding& standing : report.partitions) {
    partitions.Add({std::to_string(standing.partition.number()), standing.node_id, standing.state,
                    Grouped(standing.position), Grouped(standing.end), Grouped(standing.lag_events),
                    Seconds(standing.lag_seconds), std::string(NameOf(standing.source))});
  }
  return fmt::format("group {}: {}\n\n{}\n{}", report.group, NameOf(report.state), nodes.ToText(),
                     partitions.ToText());
}

absl::StatusOr<ExitCode> Nodes(const Context& context, const NodesOptions&) {
  if (!KafkaAddress::IsOne(context.log)) {
    return absl::InvalidArgumentError(
        "only a log on Kafka has nodes: name it with --log kafka://HOST:PORT/NAME");
  }
  ASSIGN_OR_RETURN(const KafkaAddress address, KafkaAddress::Parse(context.log));
  ASSIGN_OR_RETURN(const KafkaSettings settings, KafkaSettings::Parse(context.kafka));
  ASSIGN_OR_RETURN(const NodesReport report, AskNodes(address, settings, context.wall_clock()));
  RETURN_IF_ERROR(context.Print(context.json ? NodesJson(report) : NodesTables(report)));
  SayTroubles(context, report);
  return ExitCode::kOk;
}

void AddNodes(CLI::App& app, CommandRunner& runner) {
  RunsAlone(*app.add_subcommand("nodes", "Who owns which partition of a log on Kafka"), runner,
            std::make_shared<NodesOptions>(), Nodes);
}

}  // namespace flywheel
