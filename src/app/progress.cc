#include "app/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/table.h"

namespace flywheel {

void Progress::Show(uint64_t done, uint64_t total) {
  if (!context_.err_is_a_terminal) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  *context_.err << "\r\033[K" << ProgressLine(what_, done, total, seconds) << std::flush;
}

void Progress::Clear() {
  if (!drawn_) return;
  *context_.err << "\r\033[K" << std::flush;
  drawn_ = false;
}

std::string ProgressLine(const std::string& what, uint64_t done, uint64_t total, double seconds) {
  constexpr uint64_t kWidth = 20;
  const uint64_t rate =
      seconds > 0 ? static_cast<uint64_t>(static_cast<double>(done) / seconds) : 0;
  if (total == 0) {
    return fmt::format("{}  {}, {}/s", what, GroupedNumber(done), GroupedNumber(rate));
  }
  const uint64_t filled = std::min(done, total) * kWidth / total;
  std::string line = fmt::format("{}  [{}{}]  {} of {}, {}/s", what, std::string(filled, '#'),
                                 std::string(kWidth - filled, '.'), GroupedNumber(done),
                                 GroupedNumber(total), GroupedNumber(rate));
  if (rate > 0 && done < total) line += fmt::format(", {} s left", (total - done) / rate);
  return line;
}

}  // namespace flywheel
