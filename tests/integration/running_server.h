// `flywheel serve` as a process of its own, with its doors open.
#ifndef FLYWHEEL_TESTS_INTEGRATION_RUNNING_SERVER_H_
#define FLYWHEEL_TESTS_INTEGRATION_RUNNING_SERVER_H_

#include <signal.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "integration/data_folder_run.h"
#include "integration/running_program.h"

namespace flywheel {

class RunningServer {
 public:
  explicit RunningServer(const std::string& folder, const std::vector<std::string>& more = {})
      : program_(On(folder, Arguments(more))) {
    constexpr std::string_view kServing = "serving on http://";
    REQUIRE(program_.PumpUntil(kServing));
    REQUIRE(program_.PumpUntil("\n"));
    const std::string& said = program_.err();
    const size_t begin = said.find(kServing) + std::string_view("serving on ").size();
    url_ = said.substr(begin, said.find('\n', begin) - begin);
  }

  const std::string& url() const { return url_; }
  RunningProgram& program() { return program_; }

  // Ends it as an operator does.
  const ProgramEnd& Stop() {
    program_.Signal(SIGTERM);
    return program_.Wait();
  }

 private:
  static std::vector<std::string> Arguments(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"serve", "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  RunningProgram program_;
  std::string url_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_RUNNING_SERVER_H_
