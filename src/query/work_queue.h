// Threads for work that would keep an I/O thread too long.
#ifndef FLYWHEEL_QUERY_WORK_QUEUE_H_
#define FLYWHEEL_QUERY_WORK_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace flywheel {

// Operation: first come, first served. The end waits for what is being done and drops the rest.
//
// Concurrency: any thread.
class WorkQueue {
 public:
  // `threads` from 1; at most `limit` pieces of work wait.
  WorkQueue(int threads, size_t limit);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // False: the queue is full, nothing was taken.
  bool Add(std::function<void()> work) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t limit_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> work_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_WORK_QUEUE_H_
