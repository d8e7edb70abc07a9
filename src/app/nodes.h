// `flywheel nodes`: the nodes of a log on Kafka, and the partitions that they own.
#ifndef FLYWHEEL_APP_NODES_H_
#define FLYWHEEL_APP_NODES_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "app/command.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/nodes_report.h"

namespace flywheel {

struct NodesOptions {};

// Who owns what, position, end and lag. Nodes that do not answer and partitions that nobody owns
// are messages, not failures. Usage: the log is not on Kafka.
absl::StatusOr<ExitCode> Nodes(const Context& context, const NodesOptions& options);

std::string NodesJson(const NodesReport& report);
std::string NodesTables(const NodesReport& report);

void AddNodes(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_NODES_H_
