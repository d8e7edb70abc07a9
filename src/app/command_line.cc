#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "app/backup.h"
#include "app/checkpoint.h"
#include "app/command.h"
#include "app/events_find.h"
#include "app/export.h"
#include "app/import.h"
#include "app/log_command.h"
#include "app/nodes.h"
#include "app/policy_command.h"
#include "app/publish.h"
#include "app/quarantine.h"
#include "app/query.h"
#include "app/queue.h"
#include "app/rebuild.h"
#include "app/schemas.h"
#include "app/serve/command_client.h"
#include "app/serve/serve.h"
#include "app/simulate.h"
#include "app/topics.h"
#include "app/verify.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr const char* kExitCodes =
    "Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 some input "
    "was\nrefused, 2 the command line makes no sense, 3 what was asked for is not there, 4 disk, "
    "lock or\nI/O, 5 damage, 6 verify or rebuild found differences, 130 and 143 interrupted by a "
    "signal.";

void AddCommands(CLI::App& app, CommandRunner& runner) {
  AddPublish(app, runner);
  AddImport(app, runner);
  AddSimulate(app, runner);
  AddQuery(app, runner);
  AddExplain(app, runner);
  AddExport(app, runner);
  AddQueue(app, runner);
  AddQuarantine(app, runner);
  AddEvents(app, runner);
  AddLog(app, runner);
  AddBackup(app, runner);
  AddRestore(app, runner);
  AddCheckpoint(app, runner);
  AddNodes(app, runner);
  AddPolicy(app, runner);
  AddSchemas(app, runner);
  AddRebuild(app, runner);
  AddServe(app, runner);
  AddTopics(app, runner);
  AddVerify(app, runner);
}

// Help, and everything that is wrong with the arguments.
ExitCode AnswerParseError(const CLI::App& app, const CLI::ParseError& error,
                          const Context& context) {
  std::ostringstream out;
  std::ostringstream err;
  app.exit(error, out, err);
  const absl::Status printed = context.Print(out.str());
  if (error.get_exit_code() == 0) {
    return printed.ok() && context.Flush().ok() ? ExitCode::kOk : ExitCode::kEnvironment;
  }
  *context.err << err.str() << std::flush;
  return ExitCode::kUsage;
}

// A server runs what it holds the folder for, and nothing of another log.
absl::StatusOr<ExitCode> Run(const CommandRunner& runner, const Context& context,
                             const std::vector<std::string>& arguments) {
  if (context.served == nullptr) {
    if (!runner.through_server) return runner.run(context);
    ASSIGN_OR_RETURN(const std::optional<ExitCode> code, RunInServer(context, arguments));
    return code ? *code : runner.run(context);
  }
  if (!context.log.empty() && context.log != context.served->log_options().address) {
    return absl::FailedPreconditionError(
        fmt::format("a server holds the data folder, for another log than {}", context.log));
  }
  return runner.run(context);
}

}  // namespace

ExitCode RunCommandLine(const std::vector<std::string>& arguments, Context context) {
  CLI::App app("Flywheel: every post-purchase event, and what it does to a seller", "flywheel");
  app.footer(kExitCodes);
  app.fallthrough();
  // One of them; that none is there is said below, so that a word that is none is named.
  app.require_subcommand(0, 1);
  app.add_option("--data", context.folder, "the data folder")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--log", context.log,
                 "the log: kafka://HOST:PORT[,HOST:PORT]/NAME; default: the embedded log in the "
                 "data folder")
      ->type_name("ADDRESS");
  app.add_option("--kafka", context.kafka,
                 "a setting of librdkafka, e.g. security.protocol=sasl_ssl; may be given several "
                 "times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_config("--config", "",
                 "a file that gives any of these options, a line each: log = \"...\"")
      ->type_name("FILE");
  app.add_flag("--json", context.json, "answer in JSON, a line for each thing");
  CommandRunner runner;
  AddCommands(app, runner);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return AnswerParseError(app, error, context);
  }
  if (!runner.run) {
    context.Say("a COMMAND is required\nRun with --help for more information.");
    return ExitCode::kUsage;
  }
  absl::StatusOr<ExitCode> code = Run(runner, context, arguments);
  if (code.ok()) {
    const absl::Status flushed = context.Flush();
    if (!flushed.ok()) code = flushed;
  }
  if (code.ok()) return *code;
  if (context.interrupt->raised() && absl::IsCancelled(code.status())) {
    context.Say("flywheel: interrupted");
    return context.interrupt->exit_code();
  }
  context.Say(fmt::format("flywheel: {}", MessageOf(code.status())));
  return ExitCodeOf(code.status());
}

}  // namespace flywheel
