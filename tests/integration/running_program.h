// The real program as a process of its own.
#ifndef FLYWHEEL_TESTS_INTEGRATION_RUNNING_PROGRAM_H_
#define FLYWHEEL_TESTS_INTEGRATION_RUNNING_PROGRAM_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flywheel {

// How a process ended, and what it said.
struct ProgramEnd {
  int code = -1;                 // what it exited with; -1: a signal ended it
  int signal = 0;                // the signal that ended it; 0: none
  int64_t max_resident_kib = 0;  // the most memory it held; at least the test's own at its start
  std::string out;
  std::string err;
};

// Operation: starts the `flywheel` that was built beside the tests, with pipes to its three
// streams. Pump moves what waits in them; nothing else does, so a test that does not pump is a
// publisher or a reader that stands still. The destructor kills and reaps what still runs; where
// the test itself is killed, the kernel kills the program.
//
// Concurrency: one thread. Limits: nothing waits longer than kPatience.
class RunningProgram {
 public:
  // What takes longer than this hangs, however loaded the machine is.
  static constexpr std::chrono::seconds kPatience{120};

  // `environment`: NAME=VALUE, before that of the test.
  explicit RunningProgram(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment = {});
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // Adds to what is to be written to its standard input.
  void Feed(std::string_view bytes) { input_.append(bytes); }
  size_t unfed() const { return input_.size() - fed_; }
  // Closes the standard input once everything is written.
  void EndInput() { input_ends_ = true; }

  // Moves bytes, or waits for some to move, for this long at most.
  void Pump(std::chrono::microseconds at_most);
  // Pumps until the output or the messages contain the text; false: the process ended before.
  bool PumpUntil(std::string_view text);
  void Signal(int signal) const;
  bool ended() const { return reaped_; }
  const std::string& out() const { return end_.out; }
  const std::string& err() const { return end_.err; }

  // Pumps until it has ended. Throws where it hangs.
  const ProgramEnd& Wait();

 private:
  void Write();
  // Appends what is there; closes the stream at its end.
  static void Read(int* stream, std::string* text);
  void CloseInput();
  void Reap(bool wait);

  pid_t process_ = -1;
  int process_fd_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string input_;
  size_t fed_ = 0;
  bool input_ends_ = false;
  bool reaped_ = false;
  ProgramEnd end_;
};

// One whole run.
ProgramEnd RunProgram(const std::vector<std::string>& arguments, std::string_view input = "");

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_RUNNING_PROGRAM_H_
