#include "events/event_log.h"

#include <optional>
#include <utility>

#include "base/mutex.h"

namespace flywheel {

absl::StatusOr<std::vector<Offset>> EventLog::Append(Partition partition,
                                                     absl::Span<const std::string_view> records) {
  struct Outcome {
    Mutex mutex;
    CondVar known;
    std::optional<absl::StatusOr<std::vector<Offset>>> result ABSL_GUARDED_BY(mutex);
  };
  // Shared, since the thread that reports may still be notifying when this one has returned.
  auto outcome = std::make_shared<Outcome>();
  AppendAsync(partition, records, [outcome](absl::StatusOr<std::vector<Offset>> result) {
    MutexLock lock(&outcome->mutex);
    outcome->result = std::move(result);
    outcome->known.NotifyOne();
  });
  MutexLock lock(&outcome->mutex);
  while (!outcome->result.has_value()) outcome->known.Wait(&outcome->mutex);
  return *std::move(outcome->result);
}

absl::StatusOr<RecordBatch> EventLog::ReadAt(LogPlace place, absl::Duration wait) {
  ReadLimits one;
  one.max_records = 1;
  one.wait = wait;
  absl::StatusOr<RecordBatch> batch = Read(place.partition, place.offset, one);
  if (batch.ok() && !batch->records.empty() && batch->records[0].offset != place.offset) {
    batch->records.clear();
  }
  return batch;
}

}  // namespace flywheel
