// Where the rows of simulated nodes lie, and what becomes of them.
#ifndef FLYWHEEL_TESTS_SIM_ROWS_HOME_H_
#define FLYWHEEL_TESTS_SIM_ROWS_HOME_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "projections/cell/cell.h"
#include "projections/store/row_store.h"

namespace flywheel {

// The rows of one partition on one node. Concurrency: one thread.
class RowsHome {
 public:
  RowsHome() = default;
  virtual ~RowsHome() = default;
  RowsHome(const RowsHome&) = delete;
  RowsHome& operator=(const RowsHome&) = delete;

  // ---- as a follower has it
  // From its own rows, else from a checkpoint, else empty.
  virtual absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, const CellOptions& options) = 0;
  // Keeps durable rows.
  virtual absl::Status AddCheckpoint(const RowStore& rows, const CellRow& position) = 0;
  virtual absl::Status NoteDamage(const absl::Status& damage) = 0;
  virtual absl::Status CaughtUp() = 0;

  // ---- REQUIRES of the following: nobody has the rows open
  // What was not durable is gone.
  virtual void Crash() = 0;
  virtual void LoseRows() = 0;
  // False where there is nothing to damage.
  virtual bool DamageRows() { return false; }
  // The rows are those of some time before; false where none were kept.
  virtual bool FindOlderRows() { return false; }

  // ---- at any time
  // One of the next calls to the store fails; or none does any more.
  virtual bool FailSoon() { return false; }
  virtual void Heal() {}
  // After each step.
  virtual void Look() {}
  // Whether rows are in use that were damaged; and whether a reader should look for it.
  virtual bool tampered() const { return false; }
  virtual bool to_be_read() const { return false; }
  virtual void NoteRead() {}

  // What must not have happened.
  const std::string& trouble() const { return trouble_; }

 protected:
  std::string trouble_;
};

// What nodes share of rows: checkpoints.
class RowsWorld {
 public:
  RowsWorld() = default;
  virtual ~RowsWorld() = default;
  RowsWorld(const RowsWorld&) = delete;
  RowsWorld& operator=(const RowsWorld&) = delete;

  virtual std::unique_ptr<RowsHome> HomeOf(size_t node, Partition partition) = 0;
  // One of them is gone, or is not what it was.
  virtual void LoseCheckpoint(Partition partition) = 0;
  virtual void DamageCheckpoint(Partition /*partition*/) {}
  // A table of some node changes in every place where it is, also under who has it open. False
  // where there is none.
  virtual bool RotTable(Partition /*partition*/) { return false; }
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_ROWS_HOME_H_
