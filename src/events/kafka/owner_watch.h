// Who owns what, known without asking: a node answers from it for every request that is not its
// own.
#ifndef FLYWHEEL_EVENTS_KAFKA_OWNER_WATCH_H_
#define FLYWHEEL_EVENTS_KAFKA_OWNER_WATCH_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "events/kafka/node_group.h"

namespace flywheel {

// Operation: asks the group every kRefresh, every kRefreshMoving while partitions move, and when it
// is nudged. What is older than kStale is not given any more: nobody is known to own anything then.
//
// Concurrency: any thread; Owners never waits for the brokers.
//
// Limits: the destructor waits for a question that is under way, at most kTimeout and a second.
class OwnerWatch {
 public:
  static constexpr absl::Duration kRefresh = absl::Seconds(5);
  static constexpr absl::Duration kRefreshMoving = absl::Milliseconds(250);
  static constexpr absl::Duration kTimeout = absl::Seconds(3);
  static constexpr absl::Duration kStale = absl::Seconds(15);

  explicit OwnerWatch(std::unique_ptr<NodeGroup> group);
  ~OwnerWatch();
  OwnerWatch(const OwnerWatch&) = delete;
  OwnerWatch& operator=(const OwnerWatch&) = delete;

  // Never nullptr.
  std::shared_ptr<const NodeOwners> Owners() const ABSL_LOCKS_EXCLUDED(mutex_);

  // What is known has changed: nobody owns anything until the group has been asked again.
  void Nudge() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes an answer in; gives how long to wait for the next question.
  absl::Duration Take(absl::StatusOr<NodeOwners> answer, uint64_t nudges)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<NodeGroup> group_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<const NodeOwners> owners_ ABSL_GUARDED_BY(mutex_);
  // When owners_ was true, on a clock that nobody sets.
  std::chrono::steady_clock::time_point true_at_ ABSL_GUARDED_BY(mutex_);
  uint64_t nudges_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_OWNER_WATCH_H_
