// The memory twin of the row store, with crashes and injected faults.
#ifndef FLYWHEEL_PROJECTIONS_STORE_MEMORY_STORE_H_
#define FLYWHEEL_PROJECTIONS_STORE_MEMORY_STORE_H_

#include <map>
#include <optional>
#include <string>

#include "projections/store/row_store.h"

namespace flywheel {

// Rows in a std::map. Not thread-safe.
class MemoryStore : public RowStore {
 public:
  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override;
  absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override;
  std::shared_ptr<const RowReader> Snapshot() const override;
  std::unique_ptr<RowBatch> NewBatch() const override;
  absl::Status Write(RowBatch* batch) override;
  absl::Status Flush() override;

  // What a crash leaves: the rows of the last Flush.
  void Crash() { rows_ = durable_; }
  // The next call that writes or flushes fails with the status.
  void FailNextWrite(absl::Status status) { write_fault_ = std::move(status); }
  // The next Get fails with the status.
  void FailNextGet(absl::Status status) { get_fault_ = std::move(status); }

 private:
  using RowMap = std::map<std::string, std::string, std::less<>>;

  RowMap rows_;
  RowMap durable_;
  absl::Status write_fault_;
  mutable absl::Status get_fault_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_MEMORY_STORE_H_
