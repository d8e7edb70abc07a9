// The readers of one partition, and which of them serves a read.
#ifndef FLYWHEEL_EVENTS_KAFKA_PARTITION_READERS_H_
#define FLYWHEEL_EVENTS_KAFKA_PARTITION_READERS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/event_log.h"
#include "events/kafka/kafka_log.h"
#include "events/kafka/log_reader.h"

namespace flywheel {

// Operation: a read goes to the idle reader that stands where it begins; else to one that is not
// made yet; else to the idle one that has been followed for the fewest reads, so that who looks up
// single places does not take the reader of who follows the end.
//
// Concurrency: any thread; a read waits while all readers are busy.
class PartitionReaders {
 public:
  // Makes the reader of that number, 0 being the first.
  using Maker = std::function<absl::StatusOr<std::unique_ptr<LogReader>>(int number)>;

  explicit PartitionReaders(Maker maker);

  absl::StatusOr<RecordBatch> Read(Offset from, const ReadLimits& limits)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Slot {
    int number = 0;
    std::unique_ptr<LogReader> reader;  // who has made the slot busy may use it without the lock
    bool busy = false;
    std::optional<Offset> follows;
    std::optional<ReadAnchor> anchor;
    int64_t followed = 0;  // reads since it was last assigned
    int64_t used = 0;      // the number of its last read
  };

  // The one that is to serve a read; nullptr: none is idle.
  Slot* Choose(Offset from) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Slot* Claim(Offset from, std::optional<ReadAnchor>& anchor) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release(Slot& slot, bool followed) ABSL_LOCKS_EXCLUDED(mutex_);
  // REQUIRES: the caller has claimed the slot.
  absl::StatusOr<RecordBatch> ReadBy(Slot& slot, Offset from, const ReadLimits& limits,
                                     const std::optional<ReadAnchor>& anchor);

  const Maker maker_;
  Mutex mutex_;
  CondVar released_;
  std::array<Slot, KafkaLog::kReadersPerPartition> slots_ ABSL_GUARDED_BY(mutex_);
  int64_t reads_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_KAFKA_PARTITION_READERS_H_
