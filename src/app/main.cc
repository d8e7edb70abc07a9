#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/context.h"
#include "app/interrupt.h"

namespace {

flywheel::Instant WallClock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return flywheel::Instant(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away is an error of a write, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  flywheel::Interrupt interrupt(/*of_process=*/true);

  flywheel::Context context;
  context.out = &std::cout;
  context.err = &std::cerr;
  context.in_fd = STDIN_FILENO;
  context.out_fd = STDOUT_FILENO;
  context.err_fd = STDERR_FILENO;
  context.err_is_a_terminal = isatty(STDERR_FILENO) == 1;
  context.wall_clock = WallClock;
  context.interrupt = &interrupt;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(flywheel::RunCommandLine(arguments, context));
}
