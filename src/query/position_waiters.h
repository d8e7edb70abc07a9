// Questions that wait until the rows hold what they ask for.
#ifndef FLYWHEEL_QUERY_POSITION_WAITERS_H_
#define FLYWHEEL_QUERY_POSITION_WAITERS_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/strong.h"
#include "query/log_position.h"

namespace flywheel {

// Operation: one thread looks every millisecond, as long as anybody waits, how far the partitions
// are, and calls who has waited long enough. At the end those that still wait are dropped.
//
// Concurrency: any thread.
class PositionWaiters {
 public:
  // How far a partition is; nullopt: nobody can tell, so that waiting makes no sense.
  using Reached = std::function<std::optional<Offset>(Partition partition)>;
  // Called once, by the waiters' thread, after the time at the latest. Must not block.
  using Done = std::function<void()>;

  using Deadline = std::chrono::steady_clock::time_point;

  // At most `limit` wait.
  PositionWaiters(Reached reached, size_t limit);
  ~PositionWaiters();
  PositionWaiters(const PositionWaiters&) = delete;
  PositionWaiters& operator=(const PositionWaiters&) = delete;

  // False: as many wait as may, nothing was taken.
  bool Add(LogPosition until, Deadline deadline, Done done) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Waiter {
    LogPosition until;
    Deadline deadline;
    Done done;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes out those whose waiting is over.
  std::vector<Waiter> TakeDue() ABSL_LOCKS_EXCLUDED(mutex_);

  const Reached reached_;
  const size_t limit_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_POSITION_WAITERS_H_
