// The events that an endurance run publishes, and which of them are still to be acknowledged.
#ifndef FLYWHEEL_TESTS_ENDURANCE_EVENT_POOL_H_
#define FLYWHEEL_TESTS_ENDURANCE_EVENT_POOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "integration/simulated_events.h"

namespace flywheel {

// Operation: a simulated marketplace, in disorder, with events among them that the fold refuses;
// none that intake refuses. Each is an act of its own. The same seed gives the same events.
//
// Concurrency: any thread.
class EventPool {
 public:
  EventPool(uint32_t sellers, uint32_t orders, uint64_t seed);

  const SimulatedEvent& event(size_t index) const { return events_[index]; }
  size_t size() const { return events_.size(); }
  const std::vector<std::string>& sellers() const { return sellers_; }

  // About `some` events to publish: those first that came back, then new ones, and now and then
  // some that were taken before.
  std::vector<size_t> Take(size_t some, std::mt19937_64& random) ABSL_LOCKS_EXCLUDED(mutex_);
  // They are to be tried again: nobody acknowledged them.
  void Return(const std::vector<size_t>& indexes) ABSL_LOCKS_EXCLUDED(mutex_);
  // How many are given out in all from here on; what comes back is given out again.
  void Allow(size_t more) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::vector<SimulatedEvent> events_;
  std::vector<std::string> sellers_;
  Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t allowed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<size_t> returned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_EVENT_POOL_H_
