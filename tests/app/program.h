// The program run in the test's own process, on a folder of its own.
#ifndef FLYWHEEL_TESTS_APP_PROGRAM_H_
#define FLYWHEEL_TESTS_APP_PROGRAM_H_

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "base/instant_text.h"
#include "sources/temporary_folder.h"

namespace flywheel {

struct ProgramRun {
  int code = 0;
  std::string out;
  std::string err;
};

// Operation: each Run is one call of the program, with --data on the same folder and a wall clock
// that stands still.
class Program {
 public:
  ProgramRun Run(std::vector<std::string> arguments, std::string_view input = "") {
    files_.Write("input", input);
    const int input_fd = open(files_.Path("input").c_str(), O_RDONLY | O_CLOEXEC);
    const ProgramRun run = RunOn(input_fd, std::move(arguments));
    close(input_fd);
    return run;
  }

  ProgramRun RunOn(int input_fd, std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    Context context;
    context.out = &out;
    context.err = &err;
    context.in_fd = input_fd;
    context.wall_clock = [this] { return now; };
    context.interrupt = &interrupt;
    arguments.insert(arguments.begin(), {"--data", data()});
    const ExitCode code = RunCommandLine(arguments, context);
    return {static_cast<int>(code), out.str(), err.str()};
  }

  std::string data() const { return files_.Path("data"); }
  std::string Path(std::string_view name) const { return files_.Path(name); }
  void Write(std::string_view name, std::string_view text) const { files_.Write(name, text); }
  std::string Read(std::string_view name) const {
    std::ifstream file(files_.Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  Instant now = *ParseInstant("2025-06-30T12:00:00Z");
  Interrupt interrupt;

 private:
  TemporaryFolder files_;
};

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_APP_PROGRAM_H_
