// A node as the doors see it: a log in memory, a cell for each partition, views of their rows.
#ifndef FLYWHEEL_TESTS_QUERY_NODE_H_
#define FLYWHEEL_TESTS_QUERY_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/strong.h"
#include "events/memory/memory_log.h"
#include "projections/cell/cell.h"
#include "projections/store/rocks_store.h"
#include "query/http_doors.h"
#include "query/service.h"
#include "sources/temporary_folder.h"

namespace flywheel {

// Operation: Fold brings the cells to the log's end and publishes their views; until then answers
// are as late as the log has grown. The clock stands still. What others own is as the test says.
//
// Concurrency: the port from any thread; the rest from the test's.
class TestNode final : public QueryService {
 public:
  explicit TestNode(const MemoryLogOptions& options = FourPartitions());
  ~TestNode() override;

  static MemoryLogOptions FourPartitions();

  void Fold();
  // Gives the partition up: it has no view any more.
  void Lose(Partition partition, CellStatus status, std::optional<std::string> owner);
  // The partition's view has these rows.
  void SetRows(Partition partition, std::shared_ptr<const RowReader> rows);
  // Rows that fail with the status are all that the partition has.
  void Damage(Partition partition, const absl::Status& status);

  // What intake validates with; nullptr: not known.
  void SetPolicies(std::shared_ptr<const PolicyBook> policies);

  // Events as JSON lines into the log, in the way that does not go through a door.
  void Publish(const std::string& lines);
  // All records of a partition, as event ids.
  std::vector<std::string> EventIdsOf(Partition partition);

  MemoryLog& memory_log() { return log_; }
  std::vector<const RowReader*> stores() const;

  // QueryService:
  int32_t partitions() const override { return log_.partitions(); }
  std::shared_ptr<const CellView> View(Partition partition) const override;
  CellStatus StateOf(Partition partition) const override;
  Freshness FreshnessOf(Partition partition) const override;
  std::optional<std::string> OwnerOf(Partition partition) const override;
  std::shared_ptr<const PolicyBook> policies() const override;
  EventLog& log() override { return log_; }
  Instant Now() const override { return now; }
  bool Ready(std::string* why) const override;
  std::string node_id() const override { return "node-1"; }
  std::string address() const override { return "http://127.0.0.1:8080"; }

  Instant now;

 private:
  struct Held {
    CellStatus status;
    std::optional<std::string> owner;
    std::shared_ptr<const CellView> view;
    Instant fresh_at;
  };

  mutable MemoryLog log_;
  std::vector<std::unique_ptr<Cell>> cells_;
  const std::shared_ptr<const PolicyBook> built_in_;
  mutable Mutex mutex_;
  std::shared_ptr<const PolicyBook> policies_ ABSL_GUARDED_BY(mutex_);
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
};

// The rows of a partition of the node, in tables on a disk, which can be damaged under their
// reader.
class RowsOnDisk {
 public:
  explicit RowsOnDisk(const RowReader& rows);

  std::shared_ptr<const RowReader> Snapshot() const { return store_->Snapshot(); }
  void DamageTables() const;
  // What was met by any reader so far.
  absl::Status damage() const { return DamageOf(*store_); }

 private:
  const TemporaryFolder files_;
  const RocksMemory memory_;
  std::unique_ptr<RowStore> store_;
};

// The node's doors on a free port.
std::unique_ptr<HttpDoors> StartDoors(TestNode& node, const HttpDoorsOptions& options = {});

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_QUERY_NODE_H_
