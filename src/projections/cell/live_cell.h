// A cell that follows its partition: a thread that folds what is appended and publishes a view of
// the rows after each read.
#ifndef FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_
#define FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_follower.h"
#include "projections/cell/cell_view.h"

namespace flywheel {

using LiveCellOptions = CellFollowerOptions;

// Operation: a CellFollower with a thread that drives it, and what others see and ask of it. See
// there for what becomes of errors.
//
// Concurrency: any thread; Start and Stop once each.
class LiveCell {
 public:
  // All functions of the options, and this one, are called by the cell's thread. The log must
  // outlive the cell.
  using OpenRows = CellFollower::OpenRows;
  LiveCell(EventLog* log, Partition partition, OpenRows open_rows,
           std::function<Instant()> wall_clock, LiveCellOptions options);
  ~LiveCell();

  void Start();
  // Whether this process owns the partition, and so lets time pass on it; it does at first.
  void SetOwner(bool owner) { follower_.SetOwner(owner); }
  // Ends the thread after the read at hand; rows are made durable. Views stay readable.
  void Stop();

  // Runs `work` on the cell's thread between two batches, with durable rows, and gives what it
  // gives. Unavailable where the cell does not get to it in time, or stops.
  using Work = CellFollower::Work;
  absl::Status BetweenBatches(Work work, absl::Duration timeout);
  // Has the rows made durable, closed and opened anew as OpenRows does it; there is no view
  // meanwhile. Gives what the first try gives; Unavailable where it is not over in time.
  absl::Status Reopen(absl::Duration timeout);

  // nullptr until the cell has reached the log's end once.
  std::shared_ptr<const CellView> View() const;
  // The same, nullptr unless the cell serves.
  std::shared_ptr<const CellView> ServingView() const;
  CellProgress Progress() const;
  // Waits until the view holds everything before `end`; false where it does not within the time, or
  // the cell has stopped.
  bool WaitFor(Offset end, absl::Duration timeout) const;

  Partition partition() const { return partition_; }

 private:
  // What somebody waits for, and its outcome once it is there; guarded by mutex_.
  struct Asked {
    Work work;
    bool begun = false;
    std::optional<absl::Status> outcome;
  };
  // Puts the work where the cell's thread looks for it, and waits.
  absl::Status Await(std::shared_ptr<Asked>* slot, Work work, absl::Duration timeout);
  // False where the deadline has passed, or the cell does nothing any more.
  bool WaitForTurn(std::chrono::steady_clock::time_point deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Late() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Run();
  void DoAskedWork();
  std::shared_ptr<Asked> ReopenAsked() const;
  absl::StatusOr<std::unique_ptr<Cell>> OpenAndAnswer();
  void Show(const CellStanding& standing);
  bool stopping() const;
  // False when the cell is to stop.
  bool Pause(absl::Duration pause);

  const Partition partition_;
  const OpenRows open_rows_;
  CellFollower follower_;  // of the cell's thread alone, but for SetOwner

  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  CellStanding standing_ ABSL_GUARDED_BY(mutex_);          // as the follower has shown it
  std::shared_ptr<Asked> asked_ ABSL_GUARDED_BY(mutex_);   // nullptr: nothing
  std::shared_ptr<Asked> reopen_ ABSL_GUARDED_BY(mutex_);  // the same; its work is empty
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_
