// SIGINT and SIGTERM as something that can be asked and waited for.
#ifndef FLYWHEEL_APP_INTERRUPT_H_
#define FLYWHEEL_APP_INTERRUPT_H_

#include <atomic>

#include "app/exit_code.h"

namespace flywheel {

// Operation: the first signal is noted, and fd() becomes readable for good; a second one of a
// process ends it at once, as if nobody listened.
//
// Concurrency: any thread. One object of a process at most takes its signals.
class Interrupt {
 public:
  // Listen takes over the process's signals where `of_process`, and does nothing elsewhere (tests).
  explicit Interrupt(bool of_process = false);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // From here on a first SIGINT or SIGTERM is only noted: for commands with something to finish.
  // The others end at once. The object must live until the process ends.
  void Listen();

  // What a signal does; safe in a signal's handler.
  void Raise(int signal);

  bool raised() const { return signal_.load() != 0; }
  // Readable once raised; -1 where the system gave no pipe.
  int fd() const { return read_fd_; }
  // 130 or 143; kOk while nothing was raised.
  ExitCode exit_code() const;

 private:
  const bool of_process_;
  std::atomic<int> signal_ = 0;
  int read_fd_ = -1;
  int write_fd_ = -1;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_INTERRUPT_H_
