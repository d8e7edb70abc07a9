// `flywheel topics create|check`: the topics of a log on Kafka.
#ifndef FLYWHEEL_APP_TOPICS_H_
#define FLYWHEEL_APP_TOPICS_H_

#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "events/kafka/topics.h"

namespace flywheel {

struct TopicsOptions {
  int32_t partitions = 0;  // of the log; create: 0 is 4; check: 0 is any number
  int32_t inbox_partitions = 0;
  int32_t replication = 0;
  int32_t min_insync = 0;
  int32_t inbox_retention_hours = 7 * 24;
  int32_t refused_retention_hours = 14 * 24;
};

// Makes what is missing, then reports as CheckTopics.
absl::StatusOr<ExitCode> CreateTopics(const Context& context, const TopicsOptions& options);
// kDifferences where a topic is not as it should be: each with the command that mends it.
absl::StatusOr<ExitCode> CheckTopics(const Context& context, const TopicsOptions& options);

void AddTopics(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_TOPICS_H_
