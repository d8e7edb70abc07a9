// An EventLog in memory for tests, which shows everything that the contract allows a log to do.
#ifndef FLYWHEEL_EVENTS_MEMORY_MEMORY_LOG_H_
#define FLYWHEEL_EVENTS_MEMORY_MEMORY_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"

namespace flywheel {

struct MemoryLogOptions {
  int32_t partitions = 1;  // 1 to 1024
  uint64_t seed = 1;       // of everything that is random
  // Of thousand records, how many have a gap before them, 0 to 1000; and its largest size, from 1.
  // An append may leave a gap behind it too, so the end is no record's offset + 1.
  int32_t gaps_per_thousand = 0;
  int32_t max_gap = 3;
  // The offset of the first record there may be: as of a log whose older records are gone.
  Offset begin{0};
  // Appends stay unreported until CompletePending, although their records can be read already.
  bool complete_late = false;
};

// Concurrency: any thread. With complete_late, Append waits until another thread calls
// CompletePending.
//
// Limits: keeps everything in memory; nothing is in flight, so appends never block.
class MemoryLog final : public EventLog {
 public:
  explicit MemoryLog(const MemoryLogOptions& options);
  // Reports what is pending.
  ~MemoryLog() override;

  int32_t partitions() const override { return options_.partitions; }
  void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                   AppendDone done) override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Offset> BeginOffset(Partition partition) override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Offset> EndOffset(Partition partition) override ABSL_LOCKS_EXCLUDED(mutex_);

  // Reports the appends that wait, in their order, in the calling thread; gives how many.
  size_t CompletePending() ABSL_LOCKS_EXCLUDED(mutex_);

  // What another writer appends in between.
  absl::StatusOr<std::vector<Offset>> AppendForeign(Partition partition,
                                                    absl::Span<const std::string_view> records)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The next AppendAsync is reported with the status; its records are there or not. Several calls
  // concern as many appends, in their order.
  void FailNextAppend(absl::Status status, bool records_are_there) ABSL_LOCKS_EXCLUDED(mutex_);
  // The next Read gives the status. Several calls: as many reads.
  void FailNextRead(absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_);
  // How many of those no Read has given yet.
  size_t read_faults() ABSL_LOCKS_EXCLUDED(mutex_);
  // Reads give at most so many records, whatever their limits; 0: no such limit.
  void ShortenReads(size_t max_records) ABSL_LOCKS_EXCLUDED(mutex_);
  // From now on everything is FailedPrecondition; who waits in a Read is woken.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // A record's bytes never move and never change.
  struct StoredRecord {
    Offset offset;
    std::shared_ptr<const std::string> bytes;
  };
  struct StoredPartition {
    std::vector<StoredRecord> records;
    Offset end;
  };
  struct InjectedAppend {
    absl::Status status;
    bool records_are_there = false;
  };

  absl::Status CheckPartition(Partition partition) const;
  absl::Status CheckRecords(absl::Span<const std::string_view> records) const;
  std::vector<Offset> Store(Partition partition, absl::Span<const std::string_view> records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MaybeGap(StoredPartition& stored) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<Offset>> AppendNow(Partition partition,
                                                absl::Span<const std::string_view> records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  RecordBatch Collect(const StoredPartition& stored, Offset from, const ReadLimits& limits) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MemoryLogOptions options_;
  Mutex mutex_;
  CondVar appended_;
  std::vector<StoredPartition> partitions_ ABSL_GUARDED_BY(mutex_);
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> pending_ ABSL_GUARDED_BY(mutex_);
  std::vector<InjectedAppend> append_faults_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Status> read_faults_ ABSL_GUARDED_BY(mutex_);
  size_t shortened_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_MEMORY_MEMORY_LOG_H_
