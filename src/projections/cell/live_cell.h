// A cell that follows its partition: a thread that folds what is appended and publishes a view of
// the rows after each read.
#ifndef FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_
#define FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/ticker.h"
#include "projections/store/row_store.h"

namespace flywheel {

struct LiveCellOptions {
  CellOptions cell;
  // How long one read waits for records; bounds how long Stop takes while nothing comes.
  absl::Duration read_wait = absl::Milliseconds(200);
  // Rows are made durable at least so often, so that a restart folds little again.
  absl::Duration flush_interval = absl::Seconds(30);
  // How often the log is asked for its end, by which the lag is told.
  absl::Duration end_interval = absl::Seconds(1);
  // Pauses between tries after an error that may pass: doubled from the first to the last.
  absl::Duration first_pause = absl::Milliseconds(100);
  absl::Duration last_pause = absl::Seconds(5);
  // Whether ticks are appended while the cell serves and is the partition's owner.
  bool ticks = false;
  TickerOptions ticker;
  // For ticks; empty: the process's own.
  std::function<absl::Time()> monotonic_clock;
  // Called by the cell's thread with the durable rows, at every interval in which something came,
  // and at the end; empty: never. An error is told and tried again at the next interval.
  std::function<absl::Status(const RowStore&, const CellRow&)> checkpoint;
  // Infinite: at the end alone, and when somebody asks.
  absl::Duration checkpoint_interval = absl::Minutes(1);
  // Called by the cell's thread when the rows are found to be damaged, before they are opened
  // again, which is to make them anew; empty: damage of the rows stops the cell.
  std::function<absl::Status(const absl::Status& damage)> rows_damaged;
  // So often within the time rows are made anew; damage that comes back sooner stops the cell,
  // since then it is the disk.
  int max_heals = 3;
  absl::Duration heal_window = absl::Hours(1);
  // Called by the cell's thread when the rows hold the log's end, first after each opening.
  std::function<absl::Status()> caught_up;
};

// Where a live cell stands.
struct CellProgress {
  enum class State : uint8_t {
    kRestoring,  // rows are opened, or fold what was in the log when they were
    kServing,    // the end of the log was reached; the view holds
    kStopped,    // an error that does not pass by itself: `trouble` says what to do
  };
  State state = State::kRestoring;
  std::string trouble;             // what is in the way now; empty: nothing
  std::string checkpoint_trouble;  // why the last checkpoint failed; empty: it did not
  Offset next;                     // what is folded
  Offset end;                      // the log's end when it was last asked; at least `next`
  // When the rows last held everything that was in the log; nullopt: not yet.
  std::optional<Instant> fresh_at;
  // recorded_at of the last folded record.
  Instant last_recorded_at;
  uint64_t checkpoints = 0;
  uint64_t heals = 0;  // how often damaged rows were made anew
};

// Operation: opens the store, folds to the log's end, then follows. Errors that may pass (the
// broker is away, the disk is full) are told in Progress and tried again for ever, from the last
// written rows; the last view stays readable meanwhile, late and not wrong. Rows that are found to
// be damaged, by the fold or by a reader, are not read any more: there is no view until they are
// made anew. Other errors stop the cell.
//
// Concurrency: any thread; Start and Stop once each.
class LiveCell {
 public:
  // Opens the rows; called by the cell's thread, again where it fails with what may pass. The log
  // must outlive the cell.
  using OpenRows = std::function<absl::StatusOr<std::unique_ptr<Cell>>()>;
  LiveCell(EventLog* log, Partition partition, OpenRows open_rows,
           std::function<Instant()> wall_clock, LiveCellOptions options);
  ~LiveCell();

  void Start();
  // Whether this process owns the partition, and so lets time pass on it; it does at first.
  void SetOwner(bool owner) { owner_ = owner; }
  // Ends the thread after the read at hand; rows are made durable. Views stay readable.
  void Stop();

  // Runs `work` on the cell's thread between two batches, with durable rows, and gives what it
  // gives. Unavailable where the cell does not get to it in time, or stops.
  using Work = std::function<absl::Status(const RowStore&, const CellRow&)>;
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
  absl::Status OpenCell();
  absl::Status CatchUpOnce();
  absl::Status Follow();
  absl::Status KeepUp();
  absl::Status Checkpoint();
  absl::Status DoAskedWork();
  std::shared_ptr<Asked> ReopenAsked() const;
  // False where the cell must stop.
  bool Heal(absl::Status* status);
  void CloseRows();
  void AnswerReopen(Asked& reopen, const absl::Status& outcome);
  void Publish();
  void NoteViewed();
  absl::Status LearnEnd();
  void NoteTrouble(CellProgress::State state, const absl::Status& trouble);
  bool stopping() const;
  // False when the cell is to stop.
  bool Pause(absl::Duration pause);

  EventLog* const log_;
  const Partition partition_;
  const OpenRows open_rows_;
  const std::function<Instant()> wall_clock_;
  const LiveCellOptions options_;

  // Of the cell's thread alone.
  std::shared_ptr<RowStore> store_;
  std::unique_ptr<Cell> cell_;
  std::shared_ptr<const PolicyBook> policies_;
  absl::Time end_asked_ = absl::InfinitePast();
  absl::Time flushed_ = absl::InfinitePast();
  absl::Time checkpointed_ = absl::InfinitePast();
  std::optional<Ticker> ticker_;
  Offset durable_next_{-1};
  Offset checkpoint_next_{-1};
  std::deque<absl::Time> healed_;  // within the window

  std::atomic<bool> owner_ = true;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const CellView> view_ ABSL_GUARDED_BY(mutex_);
  Offset viewed_ ABSL_GUARDED_BY(mutex_){-1};  // the view holds everything before it
  CellProgress progress_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Asked> asked_ ABSL_GUARDED_BY(mutex_);   // nullptr: nothing
  std::shared_ptr<Asked> reopen_ ABSL_GUARDED_BY(mutex_);  // the same; its work is empty
  std::thread thread_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_LIVE_CELL_H_
