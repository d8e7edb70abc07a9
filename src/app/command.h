// How a command is put into the program.
#ifndef FLYWHEEL_APP_COMMAND_H_
#define FLYWHEEL_APP_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/event_input.h"
#include "app/exit_code.h"

namespace flywheel {

// What the command line asks for: set while it is parsed, run afterwards.
struct CommandRunner {
  std::function<absl::StatusOr<ExitCode>(const Context&)> run;
  // Whether it works with the data folder, and so runs in the server that holds it.
  bool through_server = false;
};

// Makes `run` with the options what happens when the command is given. `uses_folder` says of the
// options whether the command works with the data folder.
template <class Options>
void RunsWith(
    CLI::App& command, CommandRunner& runner, std::shared_ptr<Options> options,
    absl::StatusOr<ExitCode> (*run)(const Context&, const Options&),
    std::function<bool(const Options&)> uses_folder = [](const Options&) { return true; }) {
  command.callback(
      [&runner, options = std::move(options), run, uses_folder = std::move(uses_folder)] {
        runner.run = [options, run](const Context& context) { return run(context, *options); };
        runner.through_server = uses_folder(*options);
      });
}

// The same for a command that has nothing to do with the data folder, or is the server itself.
template <class Options>
void RunsAlone(CLI::App& command, CommandRunner& runner, std::shared_ptr<Options> options,
               absl::StatusOr<ExitCode> (*run)(const Context&, const Options&)) {
  RunsWith<Options>(command, runner, std::move(options), run, [](const Options&) { return false; });
}

// For an option's transform(): turns a name into what it stands for; another text is an error that
// lists the names.
template <class Choice>
CLI::Validator OneOf(std::map<std::string, Choice> choices) {
  return {[choices = std::move(choices)](std::string& text) -> std::string {
            const auto found = choices.find(text);
            if (found != choices.end()) {
              text = std::to_string(static_cast<int>(found->second));
              return {};
            }
            std::string names;
            for (const auto& [name, choice] : choices) names += (names.empty() ? "" : ", ") + name;
            return text + " is none of " + names;
          },
          ""};
}

// --format jsonl|binary of the commands that read or write events.
inline void AddEventFormat(CLI::App& command, EventFormat& format) {
  const std::map<std::string, EventFormat> formats = {{"jsonl", EventFormat::kJsonLines},
                                                      {"binary", EventFormat::kBinary}};
  command
      .add_option("--format", format,
                  "jsonl: a JSON object in each line; binary: each event's bytes after their "
                  "length as a varint")
      ->transform(OneOf(formats))
      ->type_name("jsonl|binary")
      ->default_str("jsonl");
}

// --partitions of the commands that may make a data folder.
inline void AddPartitions(CLI::App& command, int32_t& partitions) {
  command.add_option("--partitions", partitions, "partitions of a new data folder; default 4")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
}

}  // namespace flywheel

#endif  // FLYWHEEL_APP_COMMAND_H_
