// `flywheel simulate`: the events of a made-up marketplace.
#ifndef FLYWHEEL_APP_SIMULATE_H_
#define FLYWHEEL_APP_SIMULATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/event_target.h"
#include "app/exit_code.h"
#include "sources/simulator.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct SimulateOptions {
  SimulatorOptions simulator;
  std::string start;    // RFC 3339; empty: the simulator's
  std::string until;    // RFC 3339; empty: now when publishing, no end when writing to a file
  double disorder = 0;  // 0 to 1; SimulatorOptions::SetDisorder
  double dirt = 0;      // 0 to 1
  EventTargetOptions target;
};

absl::StatusOr<ExitCode> SimulateMarketplace(const Context& context,
                                             const SimulateOptions& options);

void AddSimulate(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SIMULATE_H_
