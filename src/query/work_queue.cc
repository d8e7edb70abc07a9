#include "query/work_queue.h"

#include <utility>

namespace flywheel {

WorkQueue::WorkQueue(int threads, size_t limit) : limit_(limit) {
  threads_.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

WorkQueue::~WorkQueue() {
  std::deque<std::function<void()>> dropped;
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    dropped.swap(work_);
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkQueue::Add(std::function<void()> work) {
  MutexLock lock(&mutex_);
  if (closed_ || work_.size() >= limit_) return false;
  work_.push_back(std::move(work));
  changed_.NotifyOne();
  return true;
}

size_t WorkQueue::waiting() const {
  MutexLock lock(&mutex_);
  return work_.size();
}

void WorkQueue::Run() {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(&mutex_);
      while (work_.empty() && !closed_) changed_.Wait(&mutex_);
      if (closed_) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

}  // namespace flywheel
