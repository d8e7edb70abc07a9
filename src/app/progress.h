// A progress bar on a terminal, and nothing elsewhere.
#ifndef FLYWHEEL_APP_PROGRESS_H_
#define FLYWHEEL_APP_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "app/context.h"

namespace flywheel {

// Operation: Show redraws the line at most ten times a second; the destructor wipes it. What takes
// less than half a second shows nothing.
//
// Concurrency: one thread.
class Progress {
 public:
  Progress(const Context& context, std::string what)
      : context_(context), what_(std::move(what)), start_(Clock::now()), next_(start_ + kDelay) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: not known.
  void Show(uint64_t done, uint64_t total);
  // Wipes the line, before a message is printed.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kDelay{500};
  static constexpr std::chrono::milliseconds kInterval{100};

  const Context& context_;
  const std::string what_;
  const Clock::time_point start_;
  Clock::time_point next_;
  bool drawn_ = false;
};

// The line: "folding  [#####.....]  51,200 of 102,400, 350,000/s, 1 s left".
std::string ProgressLine(const std::string& what, uint64_t done, uint64_t total, double seconds);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_PROGRESS_H_
