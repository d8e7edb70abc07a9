// The commands that are about Kafka, as an operator types them.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

std::string LogNamed(std::string_view name) {
  return fmt::format("kafka://{}/{}", SharedBroker().address(), name);
}

TEST_CASE("topics are made, found good, and found wanting with what mends them") {
  const std::string log = LogNamed("commands");
  const ProgramEnd missing = RunProgram({"topics", "check", "--log", log});
  CHECK(missing.code == 6);
  CHECK(Contains(missing.out, "commands.log"));
  const ProgramEnd made = RunProgram({"topics", "create", "--log", log, "--partitions", "3"});
  CHECK(made.code == 0);
  CHECK(Contains(made.out, "made commands.inbox"));
  CHECK(RunProgram({"topics", "check", "--log", log}).code == 0);
  const ProgramEnd other =
      RunProgram({"topics", "check", "--log", log, "--partitions", "5", "--json"});
  CHECK(other.code == 6);
  CHECK(Contains(other.out, R"("topic":"commands.log")"));
  CHECK(RunProgram({"topics", "check"}).code == 2);
}

TEST_CASE("a configuration file names the log, its settings and the folder") {
  const TemporaryFolder files;
  const std::string log = LogNamed("configured");
  REQUIRE(RunProgram({"topics", "create", "--log", log, "--partitions", "2"}).code == 0);
  const std::vector<SimulatedEvent> events = SimulatedEvents(2, 10, 31);
  files.Write("good.toml", fmt::format("log = \"{}\"\nkafka = [\"client.id=operator\"]\ndata = "
                                       "\"{}\"\n",
                                       log, files.Path("rows")));
  const std::vector<std::string> config = {"--config", files.Path("good.toml")};
  const auto with = [&](std::vector<std::string> command) {
    command.insert(command.begin(), config.begin(), config.end());
    return command;
  };
  CHECK(RunProgram(with({"publish"}), JsonLines(events)).code == 0);
  const ProgramEnd info = RunProgram(with({"--json", "log", "info"}));
  CHECK(info.code == 0);
  CHECK(Contains(info.out, R"("folded")"));
  CHECK(RunProgram(with({"log", "check"})).code == 0);
  CHECK(RunProgram(with({"rebuild"})).code == 0);
  CHECK(RunProgram(with({"verify"})).code == 0);
  const ProgramEnd found = RunProgram(with({"events", "find", "--id", events[0].event_id}));
  CHECK(found.code == 0);
  CHECK(Contains(found.out, "ACCEPTED"));
}

TEST_CASE("what cannot be a log on Kafka is said, and no secret with it") {
  const TemporaryFolder files;
  const auto run = [&](std::vector<std::string> options) {
    options.insert(options.end(), {"log", "info", "--data", files.Path("rows")});
    return RunProgram(options);
  };
  CHECK(run({"--log", "kafka://nowhere"}).code == 2);
  CHECK(run({"--log", "http://127.0.0.1:1/x"}).code == 2);
  const std::string log = LogNamed("unknown");
  CHECK(run({"--log", log, "--kafka", "acks=1"}).code == 2);
  CHECK(run({"--log", log, "--kafka", "no.such.setting=1"}).code == 2);
  const ProgramEnd secret = run({"--log", log, "--kafka", "sasl.password=hunter2",  //
                                 "--kafka", "no.such.setting=1"});
  CHECK_FALSE(Contains(secret.err, "hunter2"));
  const ProgramEnd missing = run({"--log", log});
  CHECK(missing.code == 3);
  CHECK(Contains(missing.err, "topics create"));
  files.Write("bad.toml", "lgo = \"kafka://127.0.0.1:1/x\"\n");
  CHECK(run({"--config", files.Path("bad.toml")}).code == 2);
  CHECK(run({"--config", files.Path("none.toml")}).code == 2);
}

}  // namespace
}  // namespace flywheel
