#include "projections/store/memory_store.h"

#include <utility>
#include <vector>

#include "base/status.h"

namespace flywheel {
namespace {

class MemoryBatch : public RowBatch {
 public:
  void Put(std::string_view key, std::string_view value) override {
    changes.emplace_back(key, std::string(value));
  }
  void Delete(std::string_view key) override { changes.emplace_back(key, std::nullopt); }
  void Clear() override { changes.clear(); }

  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
};

}  // namespace

absl::StatusOr<bool> MemoryStore::Get(std::string_view key, std::string* value) const {
  if (!get_fault_.ok()) return std::exchange(get_fault_, absl::OkStatus());
  const auto found = rows_.find(key);
  if (found == rows_.end()) return false;
  *value = found->second;
  return true;
}

absl::Status MemoryStore::Scan(
    std::string_view first, std::string_view limit,
    absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  for (auto row = rows_.lower_bound(first); row != rows_.end() && row->first < limit; ++row) {
    if (!visit(row->first, row->second)) break;
  }
  return absl::OkStatus();
}

std::shared_ptr<const RowReader> MemoryStore::Snapshot() const {
  auto copy = std::make_shared<MemoryStore>();
  copy->rows_ = rows_;
  return copy;
}

std::unique_ptr<RowBatch> MemoryStore::NewBatch() const { return std::make_unique<MemoryBatch>(); }

absl::Status MemoryStore::Write(RowBatch* batch) {
  if (!write_fault_.ok()) return std::exchange(write_fault_, absl::OkStatus());
  for (auto& [key, value] : static_cast<MemoryBatch*>(batch)->changes) {
    if (value) {
      rows_[key] = *value;
    } else {
      rows_.erase(key);
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::Flush() {
  if (!write_fault_.ok()) return std::exchange(write_fault_, absl::OkStatus());
  durable_ = rows_;
  return absl::OkStatus();
}

}  // namespace flywheel
