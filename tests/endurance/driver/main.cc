// endurance [--rounds N] [--seed S] [--log embedded|kafka]: exit 0 where nothing was found.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "endurance/run.h"
#include "kafka/broker.h"
#include "test_folder.h"

int main(int argc, char** argv) {
  flywheel::EnduranceOptions options;
  options.rounds = 200;
  options.seed = std::random_device()();
  options.patient = true;
  std::string log = "embedded";
  CLI::App app("Servers under mixed traffic and faults at random");
  app.add_option("--rounds", options.rounds, "how many")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", options.seed, "another seed is another run; default: at random");
  app.add_option("--log", log, "embedded or kafka")->check(CLI::IsMember({"embedded", "kafka"}));
  std::vector<std::string> only;
  app.add_option("--only", only, "kinds of faults, as the lines of rounds name them");
  CLI11_PARSE(app, argc, argv);
  options.kafka = log == "kafka";
  for (const std::string& name : only) options.only.push_back(flywheel::FaultNamed(name));
  options.say = [](std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  flywheel::EnterRepository();
  options.say(
      fmt::format("endurance --log {} --rounds {} --seed {}", log, options.rounds, options.seed));
  // Before any other thread is there.
  if (!flywheel::KafkaBroker::CanLimitRoom()) {
    options.say("file systems cannot be mounted here: the preloaded library refuses the bytes");
  }
  flywheel::Findings findings;
  const flywheel::EnduranceCounts counts = flywheel::Endure(options, &findings);
  options.say(counts.ToText(findings));
  return findings.in_all() == 0 ? 0 : 1;
}
