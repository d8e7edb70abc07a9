// POST /v1/events: events from requests into the log.
#ifndef FLYWHEEL_QUERY_EVENT_DOOR_H_
#define FLYWHEEL_QUERY_EVENT_DOOR_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/publisher.h"
#include "query/http/http_exchange.h"
#include "query/http/http_message.h"
#include "query/metrics.h"

namespace flywheel {

// What became of events, since the start.
struct EventDoorCounts {
  std::atomic<int64_t> accepted = 0;
  std::array<std::atomic<int64_t>, 11> refused{};  // by RefusalCode
  std::atomic<int64_t> not_published = 0;
};

// Operation: one thread decodes, validates and hands to the log, without waiting for it: the
// requests of many clients are under way at once, and those of one client stay in order as long as
// it waits for each answer. A body of several batches goes batch after batch, and stops at the
// first that the log does not take. An answer is given when everything is durable or has failed.
//
// Answers: 200, every line was accepted; 207, some were not; both as JSON lines (OutcomeLine).
// 422, none was accepted and intake refused all that the log did not; 503 with Retry-After, none
// was accepted and the log did not take what intake did: both as a problem document with the same
// objects as its "outcomes". 413, 415: nothing was looked at. Where something was accepted,
// Flywheel-Position says behind which places it stands: the min_position of a question that is to
// see it.
//
// Concurrency: any thread. Limits: those of the server, which bound what waits here: requests and
// bytes of bodies in flight.
class EventDoor {
 public:
  // Until there are policies (before: nullptr) everything is 503 NOT_READY; later the last ones
  // hold while there are none. The log must outlive it, and be through with its appends soon after
  // the end.
  EventDoor(EventLog* log, Publisher::PolicySource policies, std::function<Instant()> wall_clock);
  // What is not done is given up. Stop the server first: it lets the door finish.
  ~EventDoor();
  EventDoor(const EventDoor&) = delete;
  EventDoor& operator=(const EventDoor&) = delete;

  void Take(HttpRequest& request, HttpExchange& exchange);

  void WriteTo(MetricsText& text) const;

 private:
  class Posting;
  class Queue;

  std::shared_ptr<const PolicyBook> LastPolicies() ABSL_LOCKS_EXCLUDED(policies_mutex_);
  void Run();
  // The next batch of the posting, or its answer.
  void Advance(const std::shared_ptr<Posting>& posting);

  const Publisher::PolicySource policies_;
  Mutex policies_mutex_;
  std::shared_ptr<const PolicyBook> last_policies_ ABSL_GUARDED_BY(policies_mutex_);
  Publisher publisher_;                 // of the thread
  const std::shared_ptr<Queue> queue_;  // outlives this while appends are under way
  EventDoorCounts counts_;
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_EVENT_DOOR_H_
