// The writing side of a partition: one queue, one thread, one newest segment.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_PARTITION_WRITER_H_
#define FLYWHEEL_EVENTS_EMBEDDED_PARTITION_WRITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/embedded/background_thread.h"
#include "events/embedded/partition_reader.h"
#include "events/embedded/partition_recovery.h"
#include "events/embedded/segment.h"
#include "events/event_log.h"

namespace flywheel {

// Set once, when a failure of the disk leaves unknown what is on it. Then the whole log takes no
// more appends until it is opened again, which finds out.
class StopSign {
 public:
  void Stop(const absl::Status& cause) ABSL_LOCKS_EXCLUDED(mutex_);
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  // FailedPrecondition with the cause. REQUIRES: stopped().
  absl::Status error() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::atomic<bool> stopped_{false};
  Mutex mutex_;
  std::string cause_ ABSL_GUARDED_BY(mutex_);
};

// Operation (group commit): the thread takes everything that is queued, writes it with one pwrite,
// syncs once, makes it visible to the reader and reports; meanwhile the next group gathers. A group
// never spans two segments, and is synced before the next one is written: recovery rests on that.
//
// A partition has a thread of its own since syncs of several files overlap: with 8 partitions and
// 64 appends in flight, four times the throughput of one thread for all.
//
// Concurrency: Append from any thread.
class PartitionWriter {
 public:
  // REQUIRES: the reader, the preparer and the sign outlive it.
  PartitionWriter(const LogContext* context, std::string folder, PartitionReader* reader,
                  BackgroundThread* preparer, StopSign* stop, std::shared_ptr<Segment> newest,
                  std::unique_ptr<WritableFile> file, Offset next, uint64_t position);
  // As Close.
  ~PartitionWriter();

  // As EventLog::AppendAsync; the records have been checked.
  void Append(absl::Span<const std::string_view> records, EventLog::AppendDone done)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes what is queued, then ends the thread. Later appends are FailedPrecondition.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct QueuedAppend {
    size_t end = 0;  // of its frames in Batch::frames
    uint32_t records = 0;
    EventLog::AppendDone done;
  };
  struct Batch {
    std::string frames;
    std::vector<QueuedAppend> appends;
  };
  // Appends of a batch that are written together: their numbers, and their frames.
  struct Group {
    size_t first = 0;
    size_t last = 0;  // excluded
    size_t begin = 0;
    size_t end = 0;  // excluded
  };

  absl::Status Enqueue(absl::Span<const std::string_view> records, size_t bytes,
                       EventLog::AppendDone* done) ABSL_LOCKS_EXCLUDED(mutex_);
  void Loop();
  bool Take(Batch* batch) ABSL_LOCKS_EXCLUDED(mutex_);
  bool NothingQueued() ABSL_LOCKS_EXCLUDED(mutex_);
  void WriteBatch(Batch& batch);
  Group NextGroup(const Batch& batch, size_t first, size_t begin) const;
  absl::Status WriteGroup(Batch& batch, const Group& group);
  uint32_t Stamp(Batch& batch, const Group& group) const;
  absl::Status Undo(uint64_t bytes, const absl::Status& cause);
  absl::Status StopLog(const absl::Status& cause);
  void Report(Batch& batch, const Group& group, const absl::Status& outcome);
  void WriteTailMark();

  absl::Status Roll(uint64_t bytes_needed);
  uint64_t NextSegmentBytes() const;
  void PrepareAhead() ABSL_LOCKS_EXCLUDED(mutex_);
  std::unique_ptr<WritableFile> TakePrepared(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  const LogContext* const context_;
  const std::string folder_;
  PartitionReader* const reader_;
  BackgroundThread* const preparer_;
  StopSign* const stop_;

  // The thread's own.
  std::shared_ptr<Segment> newest_;
  std::unique_ptr<WritableFile> file_;
  Offset next_;
  uint64_t position_;
  bool marked_ = true;

  Mutex mutex_;
  CondVar queued_;    // the queue is not empty, or it closes
  CondVar released_;  // bytes in flight have become fewer, or it closes
  CondVar prepared_changed_;
  Batch queue_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool preparing_ ABSL_GUARDED_BY(mutex_) = false;
  bool prepare_failed_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<WritableFile> prepared_ ABSL_GUARDED_BY(mutex_);
  uint64_t prepared_bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  std::thread thread_;  // the last, so that it starts when all else is there
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_PARTITION_WRITER_H_
