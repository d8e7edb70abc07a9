// A simulated node: doors, cells and tickers of the engine, driven a step at a time.
#ifndef FLYWHEEL_TESTS_SIM_NODE_H_
#define FLYWHEEL_TESTS_SIM_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/strong.h"
#include "events/inbox_writer.h"
#include "events/memory/memory_refused_store.h"
#include "events/publisher.h"
#include "projections/cell/cell.h"
#include "projections/cell/cell_view.h"
#include "projections/cell/ticker.h"
#include "sim/faulty_log.h"
#include "sim/rows_home.h"

namespace flywheel {

// The source of what comes through the inbox; another than that of refusals in the story.
inline constexpr char kSimInbox[] = "the inbox";

// The clocks of the world; a node's wall clock may differ.
struct SimClock {
  Instant wall;
  absl::Time monotonic = absl::UnixEpoch();
};

// What all nodes share.
struct SimWorld {
  FaultyLog* log;
  MemoryRefusedStore* refused;
  SharedCheckpoints* checkpoints;
  const SimClock* clock;
  Dice* dice;
};

// Operation: does what LiveCell does for a partition, without its thread: opens the rows, folds to
// the log's end, then follows, writes after each read, and opens the rows anew after an error that
// may pass. Whatever must not happen is told in `trouble`.
//
// Concurrency: one thread.
class Node {
 public:
  explicit Node(const SimWorld& world);

  // One read of the partition and its fold, where the node has it.
  void Follow(Partition partition);
  // A tick, where one is due and the node believes that it owns the partition.
  void LetTimePass(Partition partition);
  void Flush(Partition partition);
  // Rows are made durable and copied.
  void Checkpoint(Partition partition);

  // Takes the partition, or gives it up with its rows written.
  void Assign(Partition partition);
  void Revoke(Partition partition);
  // The process ends and begins anew: what was not durable is gone.
  void Crash();
  // A crash with which the disk is gone too.
  void LoseRows(Partition partition);
  void FailStoreSoon(Partition partition) { held(partition).home.FailSoon(); }
  void JumpClock(int64_t ms) { skew_ms_ += ms; }
  Instant wall() const;

  // How often it has begun: who waits for an answer of an earlier life gets none.
  int lives() const { return lives_; }
  // Whether doors are open: some cell has told the policies.
  bool takes_events() const { return policies_ != nullptr; }
  Publisher& publisher() { return *publisher_; }
  InboxWriter& inbox() { return *inbox_; }
  const std::shared_ptr<const PolicyBook>& policies() const { return policies_; }

  // The rows that queries read; nullptr: not at hand, or behind what was in the log when they were
  // opened.
  const RowStore* Serving(Partition partition) const;
  const CellRow& PositionOf(Partition partition) const;
  // The views of the partitions that are at hand. They show the rows as they are when asked.
  CellViews Views() const;
  // Folds everything. No fault of the store is left afterwards.
  void CatchUp(Partition partition);
  const std::string& trouble() const { return trouble_; }

 private:
  struct Held {
    explicit Held(RowsHome rows) : home(std::move(rows)) {}
    RowsHome home;
    std::unique_ptr<Cell> cell;
    std::unique_ptr<Ticker> ticker;
    bool assigned = true;
    bool serving = false;
    Offset end;           // of the log when it was last asked
    CellRow last_served;  // the latest position that queries saw, over all lives
  };

  Held& held(Partition partition) { return held_[static_cast<size_t>(partition.number())]; }
  const Held& held(Partition partition) const {
    return held_[static_cast<size_t>(partition.number())];
  }
  void Begin();
  absl::Status OpenCell(Partition partition);
  absl::Status FollowOnce(Partition partition);
  // Drops the cell after an error.
  void NoteError(Held& held, const absl::Status& error);
  void NoteServed(Held& held);
  // Those of the cell that knows most.
  void LearnPolicies();

  SimWorld world_;
  std::vector<Held> held_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<InboxWriter> inbox_;
  std::shared_ptr<const PolicyBook> policies_;
  int64_t skew_ms_ = 0;
  int lives_ = 0;
  std::string trouble_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_NODE_H_
