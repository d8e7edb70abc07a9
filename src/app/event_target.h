// Where `import` and `simulate` send the events that they make: a file, or the data folder.
#ifndef FLYWHEEL_APP_EVENT_TARGET_H_
#define FLYWHEEL_APP_EVENT_TARGET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/event_input.h"
#include "app/exit_code.h"
#include "app/publish_session.h"
#include "events/publisher.h"
#include "sources/event_sink.h"

namespace CLI {
class App;
}

namespace flywheel {

struct EventTargetOptions {
  std::string out;  // a file, "-" for standard output; empty: publish into the data folder
  EventFormat format = EventFormat::kJsonLines;  // of the file
  int32_t partitions = 0;                        // of a new folder; 0: the default
};
void AddEventTarget(CLI::App& command, EventTargetOptions& options);

// What became of the events.
struct SentEvents {
  int64_t events = 0;
  int64_t after_now = 0;  // of them, those that happen after the wall clock's now
  // Where they were published:
  std::optional<PublishCounts> counts;
  FoldOutcome folded;

  // kRefused where intake refused some.
  ExitCode exit_code() const;
  // Two lines for a person; empty where the events went to a file.
  std::string ToText() const;
  // {"offered", "accepted", "refused", "fold"}; REQUIRES: counts.
  void WriteJson(JsonWriter& json) const;
};

// Makes events: the sink takes whole ones; the second cuts off what it is given, so that it is
// none.
using MakeEvents = absl::FunctionRef<absl::Status(EventSink sink, EventSink cut_off)>;

// Runs `make` with sinks that send the events to the target, with a progress bar against
// `expected` (0: not known), and makes what was sent durable. Refused events are said one by one,
// the first hundred of them. Cancelled where the interrupt ended it: what was published stays, a
// file is not made. Errors: those of `make` and of the target.
absl::StatusOr<SentEvents> SendEvents(const Context& context, const EventTargetOptions& options,
                                      uint64_t expected, MakeEvents make);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EVENT_TARGET_H_
