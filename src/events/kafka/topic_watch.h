// Notices that the partitions of the log's topic are not those that it was opened with.
#ifndef FLYWHEEL_EVENTS_KAFKA_TOPIC_WATCH_H_
#define FLYWHEEL_EVENTS_KAFKA_TOPIC_WATCH_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "events/kafka/topic_queries.h"

namespace flywheel {

// Operation: a thread looks every `interval`. Once the number differs it stays so: a seller's
// records would go to another partition than before, and no later number makes that good.
//
// Concurrency: Check from any thread. Limits: the destructor takes at most kLookTimeout.
class TopicWatch {
 public:
  static constexpr absl::Duration kLookTimeout = absl::Seconds(1);

  // The queries must outlive it.
  TopicWatch(const TopicQueries* queries, int32_t partitions, absl::Duration interval);
  ~TopicWatch();
  TopicWatch(const TopicWatch&) = delete;
  TopicWatch& operator=(const TopicWatch&) = delete;

  // FailedPrecondition once the number of partitions has changed.
  absl::Status Check() const;

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mutex_);

  const TopicQueries* const queries_;
  const int32_t partitions_;
  const absl::Duration interval_;
  std::atomic<int32_t> seen_;
  Mutex mutex_;
  CondVar changed_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last, so that it starts when all else is there
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_TOPIC_WATCH_H_
