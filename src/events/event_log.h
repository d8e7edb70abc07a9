// The port to the log: partitions of records that are appended and read back, never changed.
#ifndef FLYWHEEL_EVENTS_EVENT_LOG_H_
#define FLYWHEEL_EVENTS_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/strong.h"

namespace flywheel {

// One record as it stands in the log. The bytes are a serialized flywheel.log.v1.Record and belong
// to the batch.
struct LogRecord {
  Offset offset;
  std::string_view bytes;
};

// What one Read gives. `next` is where the following Read continues: greater than every offset
// given, and perhaps further (gaps).
struct RecordBatch {
  std::vector<LogRecord> records;
  Offset next;
  std::shared_ptr<const void> owner;  // keeps the bytes alive
};

// Bounds of one Read.
struct ReadLimits {
  size_t max_records = 4096;
  size_t max_bytes = size_t{4} << 20;  // at least one record is given, however large
  // How long to wait for the first record when there is none at the offset; zero: not at all.
  absl::Duration wait = absl::ZeroDuration();
};

// An ordered, durable, partitioned log.
//
// Operation: offsets of a partition rise but may have gaps; records may be appended by others in
// between; an append may complete late or with an unknown outcome (Unavailable or DeadlineExceeded:
// the records may or may not be there).
//
// Concurrency: all methods may be called from any thread.
//
// Errors: InvalidArgument (no such partition, an empty record, a record over kMaxRecordBytes),
// OutOfRange (a Read before BeginOffset), DataLoss (damage in the middle; the message names the
// file, the place and what to do), ResourceExhausted (disk full or queue full: nothing of the
// append is there), Unavailable, FailedPrecondition (closed, or stopped by an earlier failure of
// the disk).
class EventLog {
 public:
  // A record is an event of at most 256 KiB with what surrounds it; decisions hold several.
  static constexpr size_t kMaxRecordBytes = size_t{2} << 20;

  // Called once per append, from any thread, after the records are durable or have failed. Must not
  // block and must not throw. Offsets are in the order of the records.
  using AppendDone = std::function<void(absl::StatusOr<std::vector<Offset>>)>;

  virtual ~EventLog() = default;

  virtual int32_t partitions() const = 0;

  // Appends the records in order and calls `done` when they are durable. All or none of them are
  // there, but where the outcome is unknown: a log that is written over a network (Kafka) may then
  // hold some of them. The bytes are copied before it returns. Blocks when more than the adapter's
  // limit of bytes is in flight. Records of one Append have rising offsets, not necessarily
  // adjacent ones.
  virtual void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                           AppendDone done) = 0;

  // AppendAsync and wait.
  absl::StatusOr<std::vector<Offset>> Append(Partition partition,
                                             absl::Span<const std::string_view> records);

  // The records from `from` on, as the limits allow; none when there are none in time. Only durable
  // records are given.
  virtual absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                           const ReadLimits& limits) = 0;

  // The record at exactly this place, in a batch of its own; no record in it where there is none.
  // Waits for it as long as Read does.
  absl::StatusOr<RecordBatch> ReadAt(LogPlace place, absl::Duration wait = absl::ZeroDuration());

  // The offset of the first record there may be.
  virtual absl::StatusOr<Offset> BeginOffset(Partition partition) = 0;

  // The offset after the last durable record: a position, there may be gaps before it.
  virtual absl::StatusOr<Offset> EndOffset(Partition partition) = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EVENT_LOG_H_
