// The suite that every adapter of EventLog passes. Its tests are in conformance.cc, which is
// compiled into each binary that brings adapters.
#ifndef FLYWHEEL_TESTS_LOG_CONFORMANCE_H_
#define FLYWHEEL_TESTS_LOG_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/event_log.h"

namespace flywheel {

// A log under test, with what keeps it going. It is empty and has three partitions.
class ConformingLog {
 public:
  virtual ~ConformingLog() = default;
  virtual EventLog& log() = 0;
};

struct ConformingAdapter {
  std::string name;
  bool others_write = false;  // records "foreign" stand in between
  std::function<std::unique_ptr<ConformingLog>()> make;
};

// Defined by the binary.
std::vector<ConformingAdapter> ConformingAdapters();

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_LOG_CONFORMANCE_H_
