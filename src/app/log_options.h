// Which log a command works with.
#ifndef FLYWHEEL_APP_LOG_OPTIONS_H_
#define FLYWHEEL_APP_LOG_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "events/event_log.h"

namespace flywheel {

struct LogOptions {
  std::string folder = "data";     // of the rows, and of the embedded log
  std::string address;             // kafka://host:port[,host:port]/name; empty: the embedded log
  std::vector<std::string> kafka;  // librdkafka settings, key=value
  // What librdkafka has to say to an operator; may be empty.
  std::function<void(std::string_view line)> say;
  // Partitions of an embedded log that is made now; a log that exists keeps its own. 1 to 1024.
  int32_t partitions = 4;

  bool embedded() const { return address.empty(); }
};

// The log to append to and read. An embedded log is made where there is none; a Kafka topic is not
// (FailedPrecondition says how). Errors: those of the adapters' Open, InvalidArgument (an address
// or a setting that is none).
absl::StatusOr<std::unique_ptr<EventLog>> OpenLog(const LogOptions& options);

// The log alone, read beside whichever process appends to it.
absl::StatusOr<std::unique_ptr<EventLog>> OpenLogToRead(const LogOptions& options);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_LOG_OPTIONS_H_
