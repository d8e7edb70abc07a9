// Brings cut rows into the shared folder while the cells go on.
#ifndef FLYWHEEL_APP_SERVE_CHECKPOINT_WRITER_H_
#define FLYWHEEL_APP_SERVE_CHECKPOINT_WRITER_H_

#include <functional>
#include <map>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "projections/cell/checkpoint.h"

namespace flywheel {

// Operation: one thread writes what it is given, one after the other; an error is said and costs
// that checkpoint alone.
//
// Concurrency: any thread. Limits: one checkpoint of each partition waits.
class CheckpointWriter {
 public:
  CheckpointWriter(CheckpointOptions options, std::function<void(std::string_view)> say);
  // Writes what waits.
  ~CheckpointWriter();

  // Whether one of the partition waits or is being written.
  bool Busy(Partition partition) const;
  // What became of a checkpoint; called by the writer's thread.
  using Done = std::function<void(const absl::StatusOr<CheckpointPlace>&)>;
  // REQUIRES: not Busy. `done` may be empty.
  void Write(CutRows cut, Partition partition, Done done = nullptr);

 private:
  struct Waiting {
    CutRows cut;
    Done done;
  };
  void Run();

  const CheckpointOptions options_;
  const std::function<void(std::string_view)> say_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Partition, Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // the one at hand too
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_CHECKPOINT_WRITER_H_
