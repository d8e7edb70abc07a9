// The way of a batch of events from a door into the log.
#ifndef FLYWHEEL_EVENTS_PUBLISHER_H_
#define FLYWHEEL_EVENTS_PUBLISHER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/intake.h"
#include "events/policy.h"

namespace flywheel {

// One event, or why it is none.
struct OfferedEvent {
  int64_t number = 0;  // of its line, or of the event in the stream; from 1
  std::variant<std::string, IntakeRefusal> event;  // its wire bytes
};

// What became of one event.
struct PublishOutcome {
  enum class Kind : uint8_t {
    kAccepted,      // it is in the log, durable, at `place`
    kRefused,       // intake does not take it: `refusal`
    kNotPublished,  // the log did not take it: `error`; nothing is claimed about it
  };
  int64_t number = 0;
  Kind kind = Kind::kNotPublished;
  std::string event_id;  // of what was accepted
  LogPlace place;
  IntakeRefusal refusal;
  absl::Status error;
};

// How many events became what.
struct PublishCounts {
  int64_t offered = 0;
  int64_t accepted = 0;
  int64_t refused = 0;
  int64_t not_published = 0;

  void Count(const PublishOutcome& outcome);
};

// Operation: a batch is stamped once, by the later of the wall clock and the latest stamp that the
// log is known to have taken, so a clock that is set back does not make stamps fall, and a wrong
// stamp that the log refused is not the earliest of those that follow. Outcomes are in the order of
// the batch.
//
// Concurrency: one thread calls it; `done` of PublishAsync is called from any.
class Publisher {
 public:
  // The policies that intake validates with, as they stand now.
  using PolicySource = std::function<std::shared_ptr<const PolicyBook>()>;

  // The log must outlive it.
  Publisher(EventLog* log, PolicySource policies, std::function<Instant()> wall_clock)
      : log_(log), policies_(std::move(policies)), wall_clock_(std::move(wall_clock)) {}

  using Done = std::function<void(std::vector<PublishOutcome>)>;

  // Prepares, appends to all partitions at once and calls `done`, once, when everything is durable
  // or has failed: perhaps before it returns. `done` must not block and not throw, and may be
  // called after the publisher is gone. Waits where AppendAsync of the log does.
  void PublishAsync(absl::Span<const OfferedEvent> batch, Done done);

  // PublishAsync and wait.
  std::vector<PublishOutcome> Publish(absl::Span<const OfferedEvent> batch);

  // What Publish would refuse; everything else is kAccepted, with no place.
  static std::vector<PublishOutcome> Validate(absl::Span<const OfferedEvent> batch, Instant stamp,
                                              const PolicyBook& policies);

 private:
  EventLog* log_;
  PolicySource policies_;
  std::function<Instant()> wall_clock_;
  // Shared with the batches under way, which may outlive the publisher. Milliseconds.
  std::shared_ptr<std::atomic<int64_t>> last_stamp_ =
      std::make_shared<std::atomic<int64_t>>(kEarliestInstant.number());
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_PUBLISHER_H_
