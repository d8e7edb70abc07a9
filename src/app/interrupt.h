// SIGINT and SIGTERM as something that can be asked and waited for.
#ifndef FLYWHEEL_APP_INTERRUPT_H_
#define FLYWHEEL_APP_INTERRUPT_H_

#include <atomic>

#include "app/exit_code.h"

namespace flywheel {

// Operation: the first signal is noted, and fd() becomes readable for good; a second one of a
// process ends it at once, as if nobody listened.
//
// Concurrency: any thread. One process-wide object at most calls Listen.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Takes over the process's SIGINT and SIGTERM. The object must live until the process ends.
  void Listen();

  // What a signal does; safe in a signal's handler.
  void Raise(int signal);

  bool raised() const { return signal_.load() != 0; }
  // Readable once raised; -1 where the system gave no pipe.
  int fd() const { return read_fd_; }
  // 130 or 143; kOk while nothing was raised.
  ExitCode exit_code() const;

 private:
  std::atomic<int> signal_ = 0;
  int read_fd_ = -1;
  int write_fd_ = -1;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_INTERRUPT_H_
