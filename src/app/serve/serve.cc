#include "app/serve/serve.h"

#include <fmt/format.h>
#include <poll.h>

#include <memory>
#include <utility>

#include "app/data_folder.h"
#include "app/serve/command_server.h"
#include "app/serve/node.h"
#include "base/status.h"

namespace flywheel {
namespace {

// How often what is due is looked after.
constexpr int kTickMillis = 500;

// False once the interrupt was raised.
bool WaitForTick(const Interrupt& interrupt) {
  pollfd raised{interrupt.fd(), POLLIN, 0};
  poll(&raised, 1, kTickMillis);
  return !interrupt.raised();
}

}  // namespace

absl::StatusOr<ExitCode> Serve(const Context& context, const ServeOptions& options) {
  context.interrupt->Listen();
  NodeOptions node_options;
  node_options.log = LogOptionsOf(context);
  if (options.partitions != 0) node_options.log.partitions = options.partitions;
  ASSIGN_OR_RETURN(const std::unique_ptr<Node> node,
                   Node::Open(std::move(node_options), context.wall_clock));
  node->cells().HoldAll();
  ASSIGN_OR_RETURN(const std::unique_ptr<CommandServer> commands,
                   CommandServer::Start(context.folder, node.get(), context.wall_clock));
  context.Say("flywheel: serving");
  while (WaitForTick(*context.interrupt)) node->cells().CloseIdle();
  context.Say("flywheel: stopping");
  return ExitCode::kOk;
}

void AddServe(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Fold what comes and answer, until stopped");
  command->add_option("--listen", options->listen, "where the HTTP door is")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  AddPartitions(*command, options->partitions);
  RunsAlone(*command, runner, options, Serve);
}

}  // namespace flywheel
