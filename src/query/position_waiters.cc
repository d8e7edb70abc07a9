#include "query/position_waiters.h"

#include <map>
#include <utility>

namespace flywheel {
namespace {

constexpr std::chrono::milliseconds kPause(1);

// What has been asked in one round, so that many waiters of a partition cost one look.
class Round {
 public:
  explicit Round(const PositionWaiters::Reached& reached) : reached_(reached) {}

  // Whether the partitions are there, or one of them will not be.
  bool Over(const LogPosition& until) {
    bool there = true;
    for (const auto& [partition, next] : until.places()) {
      const std::optional<Offset>& at = At(partition);
      if (!at) return true;
      there = there && *at >= next;
    }
    return there;
  }

 private:
  const std::optional<Offset>& At(Partition partition) {
    const auto found = at_.find(partition);
    if (found != at_.end()) return found->second;
    return at_.emplace(partition, reached_(partition)).first->second;
  }

  const PositionWaiters::Reached& reached_;
  std::map<Partition, std::optional<Offset>> at_;
};

}  // namespace

PositionWaiters::PositionWaiters(Reached reached, size_t limit)
    : reached_(std::move(reached)), limit_(limit), thread_([this] { Run(); }) {}

PositionWaiters::~PositionWaiters() {
  std::vector<Waiter> dropped;
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    dropped.swap(waiters_);
    changed_.NotifyAll();
  }
  thread_.join();
}

bool PositionWaiters::Add(LogPosition until, Deadline deadline, Done done) {
  MutexLock lock(&mutex_);
  if (closed_ || waiters_.size() >= limit_) return false;
  waiters_.push_back({std::move(until), deadline, std::move(done)});
  changed_.NotifyOne();
  return true;
}

size_t PositionWaiters::waiting() const {
  MutexLock lock(&mutex_);
  return waiters_.size();
}

std::vector<PositionWaiters::Waiter> PositionWaiters::TakeDue() {
  Round round(reached_);
  const auto now = std::chrono::steady_clock::now();
  MutexLock lock(&mutex_);
  std::vector<Waiter> taken;
  std::vector<Waiter> left;
  left.reserve(waiters_.size());
  for (Waiter& waiter : waiters_) {
    const bool waits_on = now < waiter.deadline && !round.Over(waiter.until);
    (waits_on ? left : taken).push_back(std::move(waiter));
  }
  waiters_ = std::move(left);
  return taken;
}

void PositionWaiters::Run() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      while (waiters_.empty() && !closed_) changed_.Wait(&mutex_);
      if (closed_) return;
    }
    for (const Waiter& waiter : TakeDue()) waiter.done();
    MutexLock lock(&mutex_);
    if (!waiters_.empty() && !closed_) {
      changed_.WaitUntil(&mutex_, std::chrono::steady_clock::now() + kPause);
    }
  }
}

}  // namespace flywheel
