#include "projections/cell/trial.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "projections/store/read_policies.h"
#include "projections/store/row_store.h"

namespace flywheel {
namespace {

using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;

class ChangeBatch final : public RowBatch {
 public:
  void Put(std::string_view key, std::string_view value) override {
    changes.insert_or_assign(std::string(key), std::string(value));
  }
  void Delete(std::string_view key) override {
    changes.insert_or_assign(std::string(key), std::nullopt);
  }
  void Clear() override { changes.clear(); }

  Changes changes;
};

}  // namespace

// The rows of the view under the changes.
class Trial::Rows final : public RowStore {
 public:
  explicit Rows(std::shared_ptr<const CellView> view) : view_(std::move(view)) {}

  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override {
    const auto changed = changes_.find(key);
    if (changed == changes_.end()) return view_->rows->Get(key, value);
    if (changed->second) *value = *changed->second;
    return changed->second.has_value();
  }

  absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    auto change = changes_.lower_bound(first);
    bool wanted = true;
    const auto visit_changes_before = [&](std::string_view key) {
      for (; wanted && change != changes_.end() && change->first < key; ++change) {
        if (change->second) wanted = visit(change->first, *change->second);
      }
    };
    RETURN_IF_ERROR(
        view_->rows->Scan(first, limit, [&](std::string_view key, std::string_view value) {
          visit_changes_before(key);
          const bool is_changed = change != changes_.end() && change->first == key;
          if (wanted && !is_changed) wanted = visit(key, value);
          return wanted;
        }));
    visit_changes_before(limit);
    return absl::OkStatus();
  }

  // The trial's rows themselves: they live as long as the view that is made of them.
  std::shared_ptr<const RowReader> Snapshot() const override { return nullptr; }
  std::unique_ptr<RowBatch> NewBatch() const override { return std::make_unique<ChangeBatch>(); }
  absl::Status Write(RowBatch* batch) override {
    for (auto& [key, value] : static_cast<ChangeBatch*>(batch)->changes) {
      changes_.insert_or_assign(key, std::move(value));
    }
    return absl::OkStatus();
  }
  absl::Status Flush() override { return absl::OkStatus(); }

 private:
  const std::shared_ptr<const CellView> view_;
  Changes changes_;
};

Trial::Trial(std::shared_ptr<const CellView> view)
    : view_(std::move(view)), rows_(std::make_shared<Rows>(view_)), fold_(rows_.get()) {}

Trial::~Trial() = default;

absl::StatusOr<std::unique_ptr<Trial>> Trial::Over(std::shared_ptr<const CellView> view) {
  std::unique_ptr<Trial> trial(new Trial(std::move(view)));
  RETURN_IF_ERROR(trial->fold_.Open());
  return trial;
}

absl::StatusOr<Offset> Trial::Apply(std::string_view record_bytes) {
  const Offset offset = fold_.position().next;
  const LogRecord record{offset, record_bytes};
  fold_.Apply({&record, 1});
  RETURN_IF_ERROR(fold_.status());
  return offset;
}

absl::StatusOr<CellView> Trial::After() {
  const std::unique_ptr<RowBatch> batch = rows_->NewBatch();
  fold_.WriteTo(batch.get());
  RETURN_IF_ERROR(rows_->Write(batch.get()));
  CellView after;
  after.position = fold_.position();
  after.rows = rows_;
  after.policies = std::make_shared<const PolicyBook>(fold_.policies());
  return after;
}

}  // namespace flywheel
