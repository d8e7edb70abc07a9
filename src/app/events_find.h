// `flywheel events find`: what became of an event.
#ifndef FLYWHEEL_APP_EVENTS_FIND_H_
#define FLYWHEEL_APP_EVENTS_FIND_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

// One of id, order and source_place is given.
struct EventsFindOptions {
  std::string id;            // a UUID
  std::string at;            // when it was published, RFC 3339; empty: the whole log is read
  std::string within;        // how much later it may have been recorded; empty: kDefaultWithin
  std::string order;         //
  std::string source_place;  // e.g. "3@1278"
  std::string source;        // of source_place: the door, e.g. a topic; empty: any
  std::string seller;        // empty: any
  bool thorough = false;     // of order: read the log for duplicates and repeats too
  uint64_t limit = 1000;     // events that are listed
};

// NotFound where there is none; InvalidArgument names the option that makes no sense.
absl::StatusOr<ExitCode> EventsFind(const Context& context, const EventsFindOptions& options);

void AddEvents(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EVENTS_FIND_H_
