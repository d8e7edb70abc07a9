// A process that cannot outlive the tests.
#ifndef FLYWHEEL_TESTS_KAFKA_CHILD_PROCESS_H_
#define FLYWHEEL_TESTS_KAFKA_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace flywheel {

// Operation: starts a program whose output goes to a file. A thread of its own starts it, waits for
// its end and lives as long: the kernel is told to kill the program when that thread is gone, so it
// ends even where the tests crash. The destructor kills it.
//
// Concurrency: any thread. Errors: throws std::runtime_error where it cannot be started; a program
// that is not there exits with 127.
class ChildProcess {
 public:
  ChildProcess(std::vector<std::string> arguments, std::string output);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool ended() const;
  // What it exited with, or 128 + the signal that ended it. REQUIRES: ended().
  int code() const;
  // Nothing once it has ended: its number may be somebody else's.
  void Signal(int signal);
  // False: it has not ended in that time.
  bool WaitForEnd(std::chrono::milliseconds at_most) const;

 private:
  void Run(std::vector<std::string> arguments, const std::string& output);

  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int status_ ABSL_GUARDED_BY(mutex_) = 0;
  // Written before the constructor returns.
  pid_t pid_ = -1;
  std::thread keeper_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_CHILD_PROCESS_H_
