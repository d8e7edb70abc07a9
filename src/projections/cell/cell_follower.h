// What a cell that follows its partition does, a step at a time: opens rows, folds what is in the
// log and what comes, publishes a view after each read, and keeps up what is due by the clock.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CELL_FOLLOWER_H_
#define FLYWHEEL_PROJECTIONS_CELL_CELL_FOLLOWER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/ticker.h"
#include "projections/store/row_store.h"

namespace flywheel {

struct CellFollowerOptions {
  CellOptions cell;
  // How long one read waits for records; bounds how long a step takes while nothing comes.
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
  // For ticks; empty: the one that all else goes by.
  std::function<absl::Time()> monotonic_clock;
  // Called with the durable rows, at every interval in which something came, and at the end; empty:
  // never. An error is told and tried again at the next interval.
  std::function<absl::Status(const RowStore&, const CellRow&)> checkpoint;
  // Infinite: at the end alone, and when somebody asks.
  absl::Duration checkpoint_interval = absl::Minutes(1);
  // Called when the rows are found to be damaged, before they are opened again, which is to make
  // them anew; empty: damage of the rows stops the cell.
  std::function<absl::Status(const absl::Status& damage)> rows_damaged;
  // So often within the time rows are made anew; damage that comes back sooner stops the cell,
  // since then it is the disk.
  int max_heals = 3;
  absl::Duration heal_window = absl::Hours(1);
  // Called when the rows hold the log's end, first after each opening.
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

// What others see of a follower.
struct CellStanding {
  std::shared_ptr<const CellView> view;  // nullptr: the log's end was not reached yet
  Offset viewed{-1};                     // the view holds everything before it
  CellProgress progress;
};

// Operation: opens the store, folds to the log's end, then follows. Errors that may pass (the
// broker is away, the disk is full) are told in the progress and tried again for ever, from the
// last written rows; the last view stays readable meanwhile, late and not wrong. Rows that are
// found to be damaged, by the fold or by a reader, are not read any more: there is no view until
// they are made anew. Other errors stop it.
//
// Nothing here waits but a read of the log, for `read_wait`: whoever drives it waits for pause().
// A follower that is destroyed without End leaves what a crash of the process leaves.
//
// Concurrency: one thread; SetOwner from any.
class CellFollower {
 public:
  // Opens the rows; called again where it fails with what may pass.
  using OpenRows = std::function<absl::StatusOr<std::unique_ptr<Cell>>()>;
  using Work = std::function<absl::Status(const RowStore&, const CellRow&)>;
  // Intervals go by the monotonic clock, so that a wall clock that is set does not stop them.
  struct Clocks {
    std::function<Instant()> wall;
    std::function<absl::Time()> monotonic;
  };
  // `show` is called whenever the standing has changed. The log must outlive the follower.
  CellFollower(EventLog* log, Partition partition, OpenRows open_rows, Clocks clocks,
               CellFollowerOptions options, std::function<void(const CellStanding&)> show);

  // What comes next: the opening of the rows, or a read of the log, its fold and what is due then.
  void Step();
  // How long to wait before the next step.
  absl::Duration pause() const { return pause_; }
  // It does nothing any more: somebody must do what the progress says.
  bool stopped() const { return standing_.progress.state == CellProgress::State::kStopped; }
  // Whether the rows are open and have held the log's end.
  bool follows() const { return caught_up_; }

  // Runs `work` with durable rows, and gives what it gives, which is no error of the cell; or the
  // error of making them durable, which is. REQUIRES: follows().
  absl::Status Do(const Work& work);
  // Makes the rows durable and closes them; the next step opens them as OpenRows does it.
  // REQUIRES: follows().
  void Reopen();
  // Makes the rows durable and keeps them in a checkpoint, where they are open. No step follows.
  void End();

  // Whether this process owns the partition, and so lets time pass on it; it does at first.
  void SetOwner(bool owner) { owner_ = owner; }
  const CellStanding& standing() const { return standing_; }

 private:
  absl::Status Open();
  absl::Status CatchUp();
  absl::Status Follow();
  absl::Status KeepUp();
  absl::Status Checkpoint();
  void Publish();
  void NoteViewed();
  absl::Status LearnEnd();

  // What becomes of the follower after a step that ended so.
  void Judge(absl::Status status);
  // False where it must stop.
  bool Heal(absl::Status* status);
  void CloseCell();
  void CloseRows();
  void NoteTrouble(CellProgress::State state, const absl::Status& trouble);
  void Show() const { show_(standing_); }

  EventLog* const log_;
  const Partition partition_;
  const OpenRows open_rows_;
  const Clocks clocks_;
  const CellFollowerOptions options_;
  const std::function<void(const CellStanding&)> show_;

  std::shared_ptr<RowStore> store_;
  std::unique_ptr<Cell> cell_;
  bool caught_up_ = false;  // since the cell was opened
  std::shared_ptr<const PolicyBook> policies_;
  std::optional<Ticker> ticker_;
  std::atomic<bool> owner_ = true;
  std::optional<absl::Time> opened_;  // when the cell was
  absl::Time end_asked_ = absl::InfinitePast();
  absl::Time flushed_ = absl::InfinitePast();
  absl::Time checkpointed_ = absl::InfinitePast();
  Offset durable_next_{-1};
  Offset checkpoint_next_{-1};
  std::deque<absl::Time> healed_;  // within the window
  absl::Duration pause_ = absl::ZeroDuration();
  absl::Duration next_pause_;
  CellStanding standing_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CELL_FOLLOWER_H_
