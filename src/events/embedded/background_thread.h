// A thread that does one piece of work after another.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_BACKGROUND_THREAD_H_
#define FLYWHEEL_EVENTS_EMBEDDED_BACKGROUND_THREAD_H_

#include <deque>
#include <functional>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace flywheel {

// Concurrency: Run from any thread. The destructor lets the work that was handed over be done.
// Limits: the queue is as long as the callers make it; each partition has at most one piece in it.
class BackgroundThread {
 public:
  BackgroundThread() : thread_([this] { Loop(); }) {}
  ~BackgroundThread() {
    {
      MutexLock lock(&mutex_);
      ending_ = true;
    }
    changed_.NotifyOne();
    thread_.join();
  }
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  void Run(std::function<void()> work) {
    {
      MutexLock lock(&mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.NotifyOne();
  }

 private:
  void Loop() {
    for (;;) {
      std::function<void()> work;
      {
        MutexLock lock(&mutex_);
        while (queue_.empty() && !ending_) changed_.Wait(&mutex_);
        if (queue_.empty()) return;
        work = std::move(queue_.front());
        queue_.pop_front();
      }
      work();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last, so that it starts when all else is there
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_BACKGROUND_THREAD_H_
