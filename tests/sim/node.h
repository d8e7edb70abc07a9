// A simulated node: doors, cells and tickers of the engine, driven a step at a time.
#ifndef FLYWHEEL_TESTS_SIM_NODE_H_
#define FLYWHEEL_TESTS_SIM_NODE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/strong.h"
#include "events/inbox_writer.h"
#include "events/memory/memory_refused_store.h"
#include "events/publisher.h"
#include "projections/cell/cell_follower.h"
#include "projections/cell/cell_view.h"
#include "sim/faulty_log.h"
#include "sim/rows_home.h"
#include "sim/sim_counts.h"

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
  RowsWorld* rows;
  const SimClock* clock;
  Dice* dice;
  SimCounts* counts;
};

// Operation: drives a CellFollower for each partition, as the thread of a LiveCell does. Whatever
// must not happen is told in `trouble`:
// - a view that is older than one before it, or whose rows are not those of its position or whose
//   policies not those of its rows;
// - a cell that stops for what passes, or goes on though its log or its rows are damaged;
// - rows that were due to be durable, and are gone after a crash;
// - a tick of who does not own the partition, or knows of records that it has not folded.
//
// Concurrency: one thread.
class Node {
 public:
  Node(size_t number, const SimWorld& world);

  // Some steps of the partition's cell, where the node has it.
  void Follow(Partition partition);
  void Flush(Partition partition);
  // Rows are made durable and kept for all nodes.
  void Checkpoint(Partition partition);
  // The rows are closed and opened anew.
  void Reopen(Partition partition);

  // Takes the partition; or gives it up, at once with its rows written, or only once it ends.
  void Assign(Partition partition);
  void Revoke(Partition partition);
  // The process ends and begins anew: what was not durable is gone.
  void Crash();
  // A crash with which the disk is gone too, or damaged, or an older one is put in its place.
  void LoseRows(Partition partition);
  void DamageRows(Partition partition);
  void FindOlderRows(Partition partition);
  // The disk may have damaged rows, also such as are open.
  void NoteRotten(Partition partition);
  void FailStoreSoon(Partition partition);
  void JumpClock(int64_t ms) { skew_ms_ += ms; }
  Instant wall() const;

  // How often it has begun: who waits for an answer of an earlier life gets none.
  int lives() const { return lives_; }
  // Whether doors are open: some cell has told the policies.
  bool takes_events() const { return policies() != nullptr; }
  Publisher& publisher() { return *publisher_; }
  InboxWriter& inbox() { return *inbox_; }
  // Those of the cell that knows most.
  std::shared_ptr<const PolicyBook> policies() const;

  // What queries read; nullptr: not at hand, or behind what was in the log when it was opened.
  std::shared_ptr<const CellView> Serving(Partition partition) const;
  CellViews Views() const;
  // Folds everything. No fault of the store is left afterwards.
  void CatchUp(Partition partition);
  std::string trouble() const;

 private:
  struct Held {
    std::unique_ptr<RowsHome> home;
    std::unique_ptr<CellFollower> follower;  // nullptr: its rows are closed
    bool assigned = true;                    // the node believes that it owns the partition
    absl::Time resumes = absl::InfinitePast();
    const CellView* shown = nullptr;  // the latest view; not to be followed
    CellRow last_served;              // the latest position that queries saw, over all lives
    bool damage_known = false;        // a reader has met some in the rows that are open
    // What was folded when, since the rows were opened, and is not due to be durable yet.
    std::deque<std::pair<absl::Time, Offset>> folded;
    Offset durable{-1};  // everything before it outlives a crash
  };

  Held& held(Partition partition) { return held_[static_cast<size_t>(partition.number())]; }
  const Held& held(Partition partition) const {
    return held_[static_cast<size_t>(partition.number())];
  }
  void Begin();
  CellFollower& Follower(Partition partition);
  absl::StatusOr<std::unique_ptr<Cell>> OpenRows(Partition partition, const CellOptions& options);
  void Step(Held& at);
  void Do(Held& at, const CellFollower::Work& work);
  void Judge(Held& at, uint64_t log_damages);
  void NoteDurable(Held& at);
  void NoteShown(Held& at, const CellStanding& standing);
  void Read(Held& at, const CellView& view);
  void NoteDamage(Held& at);
  void CheckView(Held& at, const CellView& view);
  // Drops the cell; the rows stay as they are.
  void Drop(Held& at);
  void Demand(bool holds, const std::string& what) {
    if (!holds) trouble_ += "does not hold: " + what + "\n";
  }

  const size_t number_;
  const SimWorld world_;
  std::vector<Held> held_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<InboxWriter> inbox_;
  int64_t skew_ms_ = 0;
  int lives_ = 0;
  std::string trouble_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_NODE_H_
