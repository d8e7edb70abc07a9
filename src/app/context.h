// What every command is given: the options that all share, where its text goes, the clock.
#ifndef FLYWHEEL_APP_CONTEXT_H_
#define FLYWHEEL_APP_CONTEXT_H_

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "app/interrupt.h"
#include "base/status.h"
#include "base/strong.h"

namespace flywheel {

// Operation: data goes to Print, messages to Say. The streams and the interrupt must outlive it.
//
// Concurrency: one thread.
struct Context {
  std::string folder = "data";  // --data
  bool json = false;            // --json

  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  int in_fd = 0;                   // what "-" reads
  bool err_is_a_terminal = false;  // show progress
  std::function<Instant()> wall_clock;
  Interrupt* interrupt = nullptr;

  // Appends to the data. Unavailable when the reader is gone or the disk is full.
  absl::Status Print(std::string_view text) const;
  // Hands on what was printed.
  absl::Status Flush() const;
  // One message: a line of its own on stderr.
  void Say(std::string_view sentence) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_CONTEXT_H_
