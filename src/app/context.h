// What every command is given: the options that all share, where its text goes, the clock.
#ifndef FLYWHEEL_APP_CONTEXT_H_
#define FLYWHEEL_APP_CONTEXT_H_

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "app/interrupt.h"
#include "app/served_folder.h"
#include "base/status.h"
#include "base/strong.h"

namespace flywheel {

// Operation: data goes to Print, messages to Say. The streams and the interrupt must outlive it.
//
// Concurrency: one thread.
struct Context {
  std::string folder = "data";     // --data
  std::string log;                 // --log: kafka://...; empty: the embedded log in the folder
  std::vector<std::string> kafka;  // --kafka: settings, key=value
  bool json = false;               // --json

  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  int in_fd = 0;    // what "-" reads
  int out_fd = -1;  // under `out` and `err`, where they are the process's own
  int err_fd = -1;
  bool err_is_a_terminal = false;  // show progress
  std::function<Instant()> wall_clock;
  Interrupt* interrupt = nullptr;
  // The server that the command runs in; nullptr: it opens the folder itself.
  ServedFolder* served = nullptr;
  // What relative paths start from; empty: where the process runs.
  std::string working_folder;

  // A path as the caller meant it.
  std::string PathOf(const std::string& path) const;

  // Appends to the data. Unavailable when the reader is gone or the disk is full.
  absl::Status Print(std::string_view text) const;
  // Hands on what was printed.
  absl::Status Flush() const;
  // One message: a line of its own on stderr.
  void Say(std::string_view sentence) const;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_CONTEXT_H_
