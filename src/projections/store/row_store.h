// The port to a cell's rows: an ordered map of bytes with atomic batches.
#ifndef FLYWHEEL_PROJECTIONS_STORE_ROW_STORE_H_
#define FLYWHEEL_PROJECTIONS_STORE_ROW_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace flywheel {

// Changes that are written together or not at all.
class RowBatch {
 public:
  virtual ~RowBatch() = default;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
  virtual void Clear() = 0;
};

// Rows to read.
//
// Concurrency: any thread.
//
// Errors: DataLoss (the rows are damaged: rebuild them from the log), ResourceExhausted (disk
// full), Unavailable.
class RowReader {
 public:
  virtual ~RowReader() = default;

  // True and the value when the key is there.
  virtual absl::StatusOr<bool> Get(std::string_view key, std::string* value) const = 0;
  // Calls `visit` with each row of [first, limit) in key order, as of one instant, until it returns
  // false.
  virtual absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const = 0;
};

// Operation: what Write has taken is seen by Get and Scan at once and survives a crash after the
// next Flush; a crash before it loses whole batches, the newest first.
//
// Concurrency: one thread writes (Write, Flush) and takes snapshots; Get and Scan may be called
// from any thread.
class RowStore : public RowReader {
 public:
  // The rows as the last Write left them, for as long as it is held.
  virtual std::shared_ptr<const RowReader> Snapshot() const = 0;

  virtual std::unique_ptr<RowBatch> NewBatch() const = 0;
  virtual absl::Status Write(RowBatch* batch) = 0;
  virtual absl::Status Flush() = 0;
  // Writes what `fill` puts into a batch and makes it and all before it durable; cheaper than Write
  // and Flush where all before it is durable. REQUIRES: the keys rise.
  virtual absl::Status WriteDurably(absl::FunctionRef<void(RowBatch*)> fill);
};

// Calls `visit` with each row whose key starts with `prefix`.
absl::Status ScanPrefix(
    const RowReader& store, std::string_view prefix,
    absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit);

// XXH3-128 over all rows in key order, in 32 hexadecimal digits (ARCHITECTURE invariant 6): equal
// for equal logs, fold versions and positions, whatever the batches, caches and restarts were.
struct RowsDigest {
  std::string hex;
  uint64_t rows = 0;
  uint64_t bytes = 0;
};
absl::StatusOr<RowsDigest> DigestRows(const RowReader& store);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_ROW_STORE_H_
