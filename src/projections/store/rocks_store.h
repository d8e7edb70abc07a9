// The row store on RocksDB.
#ifndef FLYWHEEL_PROJECTIONS_STORE_ROCKS_STORE_H_
#define FLYWHEEL_PROJECTIONS_STORE_ROCKS_STORE_H_

#include <memory>
#include <string>

#include "projections/store/row_store.h"

namespace rocksdb {
class Cache;
class WriteBufferManager;
}  // namespace rocksdb

namespace flywheel {

// What all cells of a process share, so that the memory cap holds for them together.
class RocksMemory {
 public:
  struct Options {
    size_t block_cache_bytes = size_t{64}
                               << 20;  // uncompressed blocks; larger: fewer reads on cache misses
    size_t write_buffer_bytes = size_t{128} << 20;  // memtables of all cells together
  };
  explicit RocksMemory(const Options& options);
  RocksMemory() : RocksMemory(Options{}) {}

  const std::shared_ptr<rocksdb::Cache>& block_cache() const { return block_cache_; }
  const std::shared_ptr<rocksdb::WriteBufferManager>& write_buffers() const {
    return write_buffers_;
  }

 private:
  std::shared_ptr<rocksdb::Cache> block_cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
};

// Opens or makes the database in `folder`. The write-ahead log is off: the event log is the log,
// and the cell folds again from the last flush. Errors of Open: DataLoss (damaged, also where files
// are there but not the one that names the others; IsRowsDamage says so of it),
// ResourceExhausted, Unavailable (in use by this or another process, or I/O).
absl::StatusOr<std::unique_ptr<RowStore>> OpenRocksStore(const std::string& folder,
                                                         const RocksMemory& memory);

// Writes what the memtables hold, and makes `folder` (which must not be there; its parent must) a
// database of the rows as of the last Write: files that never change again are hard links where the
// file system can, so on the store's own file system it takes as long as a flush.
//
// Concurrency: the store's writer. Errors: as those of a store; InvalidArgument where the store is
// none of OpenRocksStore.
absl::Status CopyRocksStore(const RowStore& store, const std::string& folder);

// The first damage that the store or one of its snapshots has met since it was opened, so that the
// writer learns what a reader has found. OK: none, or the store is none of OpenRocksStore.
//
// Concurrency: any thread.
absl::Status DamageOf(const RowStore& store);

// OK where nobody has the database in `folder` open, this process included; Unavailable else. A
// folder that is not there is nobody's.
absl::Status CheckNotOpen(const std::string& folder);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_ROCKS_STORE_H_
