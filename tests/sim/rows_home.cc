#include "sim/rows_home.h"

#include "base/status.h"

namespace flywheel {

absl::StatusOr<std::unique_ptr<Cell>> RowsHome::Open(EventLog* log, const CellOptions& options) {
  if (rows_ == nullptr) {
    const std::vector<MemoryStore>& checkpoints = checkpoints_->Of(partition_);
    rows_ = checkpoints.empty() ? std::make_shared<MemoryStore>()
                                : std::make_shared<MemoryStore>(checkpoints.back());
  }
  return Cell::Open(log, partition_, rows_, options);
}

void RowsHome::AfterWrite() {
  if (dice_->Below(4) == 0) FLYWHEEL_CHECK(rows_->Flush().ok(), "nothing fails by itself");
}

void RowsHome::Crash() {
  if (rows_ == nullptr) return;
  rows_->Crash();
  Heal();
}

void RowsHome::Heal() {
  if (rows_ == nullptr) return;
  rows_->FailNextWrite(absl::OkStatus());
  rows_->FailNextGet(absl::OkStatus());
}

void RowsHome::FailSoon() {
  if (rows_ == nullptr) return;
  if (dice_->Half()) {
    rows_->FailNextGet(absl::UnavailableError("a row cannot be read now"));
  } else {
    rows_->FailNextWrite(dice_->Half() ? absl::ResourceExhaustedError("the disk is full")
                                       : absl::UnavailableError("rows cannot be written now"));
  }
}

}  // namespace flywheel
