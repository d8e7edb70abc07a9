#include "app/topics.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "app/data_folder.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/kafka/address.h"
#include "events/kafka/settings.h"

namespace flywheel {
namespace {

std::optional<int32_t> Given(int32_t number) {
  return number != 0 ? std::optional<int32_t>(number) : std::nullopt;
}

TopicsPlan PlanOf(const TopicsOptions& options) {
  TopicsPlan plan;
  plan.log_partitions = Given(options.partitions);
  plan.inbox_partitions = Given(options.inbox_partitions);
  plan.replication = Given(options.replication);
  plan.min_insync = Given(options.min_insync);
  plan.inbox_retention = absl::Hours(options.inbox_retention_hours);
  plan.refused_retention = absl::Hours(options.refused_retention_hours);
  return plan;
}

absl::StatusOr<KafkaAddress> AddressOf(const Context& context) {
  if (context.log.empty()) {
    return absl::InvalidArgumentError(
        "whose topics? Name the log with --log kafka://HOST:PORT/NAME");
  }
  return KafkaAddress::Parse(context.log);
}

std::string ToJson(const TopicsReport& report) {
  JsonWriter json;
  json.BeginObject().Key("made").BeginArray();
  for (const std::string& topic : report.made) json.Text(topic);
  json.EndArray().Key("differences").BeginArray();
  for (const TopicDifference& difference : report.differences) {
    json.BeginObject().Field("topic", difference.topic).Field("setting", difference.setting);
    json.Field("is", difference.is).Field("shouldBe", difference.should_be);
    json.Field("why", difference.why).Field("remedy", difference.remedy).EndObject();
  }
  return json.EndArray().EndObject().TakeLine();
}

std::string ToText(const TopicsReport& report) {
  std::string text;
  for (const std::string& topic : report.made) text += fmt::format("made {}\n", topic);
  for (const TopicDifference& difference : report.differences) {
    text += fmt::format("{}: {} is {}, should be {}: {}\n    {}\n", difference.topic,
                        difference.setting, difference.is, difference.should_be, difference.why,
                        difference.remedy);
  }
  if (report.differences.empty()) text += "the topics are as they should be\n";
  return text;
}

absl::StatusOr<ExitCode> Report(const Context& context, const TopicsReport& report) {
  RETURN_IF_ERROR(context.Print(context.json ? ToJson(report) : ToText(report)));
  return report.differences.empty() ? ExitCode::kOk : ExitCode::kDifferences;
}

void AddPlan(CLI::App& command, TopicsOptions& options) {
  command
      .add_option("--partitions", options.partitions,
                  "partitions of the log, which never change; create makes 4 by default")
      ->check(CLI::Range(1, 1024));
  command
      .add_option("--inbox-partitions", options.inbox_partitions,
                  "partitions of the inbox; default: as many as the log's")
      ->check(CLI::Range(1, 1024));
  command
      .add_option("--replication", options.replication,
                  "copies of each partition; default: what the brokers make")
      ->check(CLI::Range(1, 16));
  command
      .add_option("--min-insync", options.min_insync,
                  "copies that must have a record before it is acknowledged; default: 2, or 1 "
                  "where there is one copy")
      ->check(CLI::Range(1, 16));
  command
      .add_option("--inbox-retention", options.inbox_retention_hours,
                  "hours that the inbox keeps what it was given")
      ->check(CLI::Range(1, 24 * 365))
      ->capture_default_str();
  command
      .add_option("--refused-retention", options.refused_retention_hours,
                  "hours that the bytes of refused events are kept")
      ->check(CLI::Range(1, 24 * 365))
      ->capture_default_str();
}

}  // namespace

absl::StatusOr<ExitCode> CreateTopics(const Context& context, const TopicsOptions& options) {
  ASSIGN_OR_RETURN(const KafkaAddress address, AddressOf(context));
  ASSIGN_OR_RETURN(const KafkaSettings settings, KafkaSettings::Parse(context.kafka));
  TopicsPlan plan = PlanOf(options);
  if (!plan.log_partitions) plan.log_partitions = kDefaultPartitions;
  ASSIGN_OR_RETURN(const TopicsReport report, CreateTopics(address, settings, plan));
  return Report(context, report);
}

absl::StatusOr<ExitCode> CheckTopics(const Context& context, const TopicsOptions& options) {
  ASSIGN_OR_RETURN(const KafkaAddress address, AddressOf(context));
  ASSIGN_OR_RETURN(const KafkaSettings settings, KafkaSettings::Parse(context.kafka));
  ASSIGN_OR_RETURN(const TopicsReport report, CheckTopics(address, settings, PlanOf(options)));
  return Report(context, report);
}

void AddTopics(CLI::App& app, CommandRunner& runner) {
  CLI::App* topics = app.add_subcommand("topics", "The topics of a log on Kafka");
  topics->require_subcommand(1);
  auto create_options = std::make_shared<TopicsOptions>();
  CLI::App* create = topics->add_subcommand("create", "Make those that are missing");
  AddPlan(*create, *create_options);
  RunsAlone<TopicsOptions>(*create, runner, create_options, CreateTopics);
  auto check_options = std::make_shared<TopicsOptions>();
  CLI::App* check = topics->add_subcommand("check", "Report what is not as it should be");
  AddPlan(*check, *check_options);
  RunsAlone<TopicsOptions>(*check, runner, check_options, CheckTopics);
}

}  // namespace flywheel
