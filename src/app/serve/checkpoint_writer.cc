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

void CheckpointWriter::Write(CutRows cut, Partition partition) {
  {
    MutexLock lock(&mutex_);
    waiting_.emplace(partition, std::move(cut));
  }
  changed_.NotifyAll();
}

void CheckpointWriter::Run() {
  for (;;) {
    Partition partition;
    CutRows cut;
    {
      MutexLock lock(&mutex_);
      while (waiting_.empty() && !stop_) changed_.Wait(&mutex_);
      if (waiting_.empty()) return;
      partition = waiting_.begin()->first;
      cut = waiting_.begin()->second;
    }
    const absl::Status status = PublishCheckpoint(cut, partition, options_).status();
    if (!status.ok() && say_) {
      say_(fmt::format("no checkpoint of partition {} was made: {}", partition.number(),
                       MessageOf(status)));
    }
    MutexLock lock(&mutex_);
    waiting_.erase(partition);
  }
}

}  // namespace flywheel
