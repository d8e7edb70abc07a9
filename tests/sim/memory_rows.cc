#include "sim/memory_rows.h"

namespace flywheel {

class MemoryRowsWorld::Home final : public RowsHome {
 public:
  Home(MemoryRowsWorld* world, Partition partition) : world_(world), partition_(partition) {}

  absl::StatusOr<std::unique_ptr<Cell>> Open(EventLog* log, const CellOptions& options) override {
    if (rows_ == nullptr) {
      const std::vector<MemoryStore>& kept = world_->kept_[partition_];
      if (!kept.empty()) ++world_->counts_->restores;
      rows_ = std::make_unique<CrashingStore>(world_->dice_->random()(),
                                              kept.empty() ? MemoryStore() : kept.back());
    }
    return Cell::Open(log, partition_, rows_->Open(), options);
  }
  absl::Status AddCheckpoint(const RowStore&, const CellRow&) override {
    std::vector<MemoryStore>& kept = world_->kept_[partition_];
    kept.push_back(rows_->rows());
    if (kept.size() > kKept) kept.erase(kept.begin());
    ++world_->counts_->checkpoints;
    return absl::OkStatus();
  }
  absl::Status NoteDamage(const absl::Status& damage) override { return damage; }
  absl::Status CaughtUp() override { return absl::OkStatus(); }

  void Crash() override {
    if (rows_ != nullptr) rows_->Crash();
  }
  void LoseRows() override { rows_.reset(); }

  bool FailSoon() override {
    constexpr uint64_t kCalls = 6;
    if (rows_ == nullptr) return false;
    const uint64_t call = 1 + world_->dice_->Below(kCalls);
    if (world_->dice_->Half()) {
      rows_->FailAtGet(call);
    } else {
      rows_->FailAtWrite(call);
    }
    return true;
  }
  void Heal() override {
    if (rows_ == nullptr) return;
    rows_->FailAtWrite(0);
    rows_->FailAtGet(0);
  }

 private:
  MemoryRowsWorld* world_;
  Partition partition_;
  std::unique_ptr<CrashingStore> rows_;
};

std::unique_ptr<RowsHome> MemoryRowsWorld::HomeOf(size_t /*node*/, Partition partition) {
  return std::make_unique<Home>(this, partition);
}

void MemoryRowsWorld::LoseCheckpoint(Partition partition) {
  std::vector<MemoryStore>& kept = kept_[partition];
  if (!kept.empty()) kept.erase(kept.begin() + static_cast<int64_t>(dice_->Below(kept.size())));
}

}  // namespace flywheel
