#include "app/serve/checkpoint_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/status.h"

namespace flywheel {

CheckpointWriter::CheckpointWriter(CheckpointOptions options,
                                   std::function<void(std::string_view)> say)
    : options_(std::move(options)), say_(std::move(say)), thread_([this] { Run(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

bool CheckpointWriter::Busy(Partition partition) const {
  MutexLock lock(&mutex_);
  return waiting_.contains(partition);
}

void CheckpointWriter::Write(CutRows cut, Partition partition, Done done) {
  {
    MutexLock lock(&mutex_);
    waiting_.emplace(partition, Waiting{std::move(cut), std::move(done)});
  }
  changed_.NotifyAll();
}

void CheckpointWriter::Run() {
  for (;;) {
    Partition partition;
    Waiting next;
    {
      MutexLock lock(&mutex_);
      while (waiting_.empty() && !stop_) changed_.Wait(&mutex_);
      if (waiting_.empty()) return;
      partition = waiting_.begin()->first;
      next = waiting_.begin()->second;
    }
    const absl::StatusOr<CheckpointPlace> place = PublishCheckpoint(next.cut, partition, options_);
    if (!place.ok() && say_) {
      say_(fmt::format("no checkpoint of partition {} was made: {}", partition.number(),
                       MessageOf(place.status())));
    }
    {
      MutexLock lock(&mutex_);
      waiting_.erase(partition);
    }
    if (next.done) next.done(place);
  }
}

}  // namespace flywheel
