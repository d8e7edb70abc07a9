// `flywheel serve` as a process that is killed, stopped and started again.
#ifndef FLYWHEEL_TESTS_ENDURANCE_SERVING_NODE_H_
#define FLYWHEEL_TESTS_ENDURANCE_SERVING_NODE_H_

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "integration/data_folder.h"
#include "integration/running_program.h"

namespace flywheel {

// Concurrency: one thread, but for port() and name(). Errors: throws std::runtime_error where it
// hangs for longer than RunningProgram::kPatience.
class ServingNode {
 public:
  // `options`: of serve, besides the door; `environment`: of the process.
  ServingNode(std::string name, DataFolder folder, std::vector<std::string> options,
              std::vector<std::string> environment)
      : name_(std::move(name)),
        folder_(std::move(folder)),
        options_(std::move(options)),
        environment_(std::move(environment)) {}

  const std::string& name() const { return name_; }
  const DataFolder& folder() const { return folder_; }
  // Of its door; 0 while there is none. After a kill that of before, until it is started again.
  uint16_t port() const { return port_.load(); }
  bool running() const { return program_ != nullptr && !program_->ended(); }

  // Until its doors are open. False: it ended instead, see end(); a folder that another process
  // holds for the moment is waited for.
  bool Start();
  // Both wait for its end.
  void Kill();
  const ProgramEnd& Stop();
  void Pause() const { program_->Signal(SIGSTOP); }
  void Continue() const { program_->Signal(SIGCONT); }

  // Whether it serves everything that it should. False: a partition has stopped for good.
  bool WaitUntilReady();
  // What it says of itself and of its readiness.
  std::string State() const;
  // Reads what it says.
  void PumpFor(std::chrono::milliseconds time);
  // What it said since its start.
  const std::string& said() const { return program_->err(); }
  const ProgramEnd& end() { return program_->Wait(); }

 private:
  bool IsReady() const;

  const std::string name_;
  const DataFolder folder_;
  const std::vector<std::string> options_;
  const std::vector<std::string> environment_;
  std::unique_ptr<RunningProgram> program_;
  std::atomic<uint16_t> port_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_SERVING_NODE_H_
