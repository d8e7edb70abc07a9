// The reading side of a partition: its segments, where the durable records end, and who waits.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_PARTITION_READER_H_
#define FLYWHEEL_EVENTS_EMBEDDED_PARTITION_READER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/embedded/partition_recovery.h"
#include "events/embedded/segment.h"
#include "events/event_log.h"

namespace flywheel {

// Operation: reads map the files; a batch keeps its part of the mapping. A batch ends at the end of
// a segment at the latest. Reads that follow one another continue where the last one stopped;
// others find their place by the segment's index.
//
// Concurrency: any thread.
//
// Limits: a file that is cut short by others while it is mapped stops the process (SIGBUS), as
// does an error of the disk under a mapped page.
class PartitionReader {
 public:
  PartitionReader(const LogContext* context, std::string folder, Partition partition,
                  FoundPartition found);

  absl::StatusOr<RecordBatch> Read(Offset from, const ReadLimits& limits)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Offset> End() ABSL_LOCKS_EXCLUDED(mutex_);

  // The records before `end` are durable from now on; the last of them stands in the newest
  // segment, before the byte.
  void Publish(Offset end, uint64_t end_position) ABSL_LOCKS_EXCLUDED(mutex_);
  // The segment from the end on. It takes the place of the newest where that one was left without a
  // record, being too small.
  void AddSegment(std::shared_ptr<Segment> segment) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends all waiting; later reads are FailedPrecondition.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  // A full verification, in the calling thread.
  struct Verified {
    int64_t records = 0;
    uint64_t bytes = 0;  // of the records alone
    int32_t segments = 0;
    absl::Status first_damage;  // OK: none
  };
  absl::StatusOr<Verified> Check() ABSL_LOCKS_EXCLUDED(mutex_);

  struct Extent {
    Offset begin;
    Offset end;
    int32_t segments = 0;
    uint64_t file_bytes = 0;  // of the segments' files
    uint64_t used_bytes = 0;  // the same, of the newest only what is used
  };
  Extent extent() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  // Where a reader stopped.
  struct Bookmark {
    Offset next;
    SegmentCursor cursor;
  };
  // A stretch of one segment that may be read.
  struct Stretch {
    Offset end;
    std::shared_ptr<Segment> segment;
    std::optional<SegmentCursor> cursor;
  };

  // Until there is something after `from`, or the deadline.
  absl::Status AwaitRecords(Offset from, Deadline deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Read-only: looks for what the process that appends has added.
  absl::Status Follow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status FollowNewest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<bool> FollowRoll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReplaceOrAdd(std::shared_ptr<Segment> segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Stretch StretchAt(Offset from) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remember(Offset next, SegmentCursor cursor) ABSL_LOCKS_EXCLUDED(mutex_);

  const LogContext* const context_;
  const std::string folder_;
  const Partition partition_;

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::shared_ptr<Segment>> segments_ ABSL_GUARDED_BY(mutex_);
  Offset end_ ABSL_GUARDED_BY(mutex_);
  uint64_t end_position_ ABSL_GUARDED_BY(mutex_);
  absl::Status damage_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Bookmark> bookmarks_ ABSL_GUARDED_BY(mutex_);  // the latest last
  SegmentCursor follower_ ABSL_GUARDED_BY(mutex_);           // read-only: at the end
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_PARTITION_READER_H_
