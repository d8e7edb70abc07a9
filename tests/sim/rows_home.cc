#include "sim/rows_home.h"

namespace flywheel {

absl::StatusOr<std::unique_ptr<Cell>> RowsHome::Open(EventLog* log, const CellOptions& options) {
  if (rows_ == nullptr) {
    const std::vector<MemoryStore>& checkpoints = checkpoints_->Of(partition_);
    rows_ = std::make_unique<CrashingStore>(
        dice_->random()(), checkpoints.empty() ? MemoryStore() : checkpoints.back());
  }
  return Cell::Open(log, partition_, rows_->Open(), options);
}

void RowsHome::Crash() {
  if (rows_ == nullptr) return;
  rows_->Crash();
  Heal();
}

void RowsHome::Heal() {
  if (rows_ == nullptr) return;
  rows_->FailAtWrite(0);
  rows_->FailAtGet(0);
}

void RowsHome::FailSoon() {
  constexpr uint64_t kCalls = 6;
  if (rows_ == nullptr) return;
  if (dice_->Half()) {
    rows_->FailAtGet(1 + dice_->Below(kCalls));
  } else {
    rows_->FailAtWrite(1 + dice_->Below(kCalls));
  }
}

}  // namespace flywheel
