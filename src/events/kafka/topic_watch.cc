#include "events/kafka/topic_watch.h"

#include <fmt/format.h>

#include <chrono>

namespace flywheel {

TopicWatch::TopicWatch(const TopicQueries* queries, int32_t partitions, absl::Duration interval)
    : queries_(queries),
      partitions_(partitions),
      interval_(interval),
      seen_(partitions),
      thread_([this] { Loop(); }) {}

TopicWatch::~TopicWatch() {
  {
    MutexLock lock(&mutex_);
    ending_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

absl::Status TopicWatch::Check() const {
  const int32_t seen = seen_.load(std::memory_order_relaxed);
  if (seen == partitions_) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "the topic {} has {} partitions, and had {} when it was opened: the partitions of a log "
      "never "
      "change, since a seller's records would go on in another partition than before. Stop every "
      "process that publishes, and copy what was written before into a new log",
      queries_->topic(), seen, partitions_));
}

void TopicWatch::Loop() {
  for (;;) {
    const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(interval_);
    {
      MutexLock lock(&mutex_);
      while (!ending_ && !changed_.WaitUntil(&mutex_, next)) continue;
      if (ending_) return;
    }
    // Whether the brokers are away or the topic is missing is for those to say who want something.
    const absl::StatusOr<int32_t> count = queries_->CountPartitions(kLookTimeout);
    if (!count.ok() || *count == partitions_) continue;
    seen_.store(*count, std::memory_order_relaxed);
    return;
  }
}

}  // namespace flywheel
