// The log on one machine: a folder of segment files, no server.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_H_
#define FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/strong.h"
#include "events/embedded/background_thread.h"
#include "events/embedded/embedded_log_options.h"
#include "events/embedded/file_system.h"
#include "events/embedded/partition_reader.h"
#include "events/embedded/partition_recovery.h"
#include "events/embedded/partition_writer.h"
#include "events/embedded/stamp_guard.h"
#include "events/event_log.h"

namespace flywheel {

// An EventLog in a folder (segment_format.h says what lies there).
//
// Operation: an append is reported after fdatasync; what was reported survives the loss of power.
// Opening cuts a write that a crash left unfinished (recovery() says so) and refuses with DataLoss
// what was on the disk and no longer is. Offsets of a partition have no gaps and start at 0.
//
// After a failed sync it is unknown what the disk holds: the appends concerned are Unavailable, and
// the whole log is FailedPrecondition for appends until it is opened again; reads go on. A full
// disk fails the appends that need a new segment, with nothing of them written; later ones work as
// soon as there is room.
//
// While the wall clock is not to be trusted (StampGuard), appends are Unavailable, with nothing of
// them written.
//
// Concurrency: all methods but Close from any thread; one process at a time has the log open for
// appending (a lock), any number read-only. A callback of AppendAsync runs on the partition's
// writing thread, and must not call AppendAsync or Append.
//
// Limits: 1024 partitions; one Append holds at most max_bytes_in_flight. Not noticed: the loss of
// whole newest segments together with all that follows, as when an older backup is put back.
class EmbeddedLog final : public EventLog {
 public:
  // Opens the log in the folder, or makes one where the folder is missing or empty (its parent must
  // exist) and options.partitions is given. Errors: NotFound (no log there, none is to be made),
  // FailedPrecondition (another process has it open; another number of partitions; another format
  // version; the folder holds something else), DataLoss (damage), InvalidArgument (options),
  // PermissionDenied, ResourceExhausted, Unavailable.
  static absl::StatusOr<std::unique_ptr<EmbeddedLog>> Open(const std::string& folder,
                                                           const EmbeddedLogOptions& options,
                                                           FileSystem* files = PosixFileSystem());

  // As Close.
  ~EmbeddedLog() override;

  int32_t partitions() const override { return static_cast<int32_t>(readers_.size()); }
  void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                   AppendDone done) override;
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override;
  absl::StatusOr<Offset> BeginOffset(Partition partition) override;
  absl::StatusOr<Offset> EndOffset(Partition partition) override;

  // Writes what is queued, reports it, ends all waiting and gives the lock back. What is called
  // afterwards is FailedPrecondition. REQUIRES: one thread; a second call does nothing.
  void Close();

  // What opening cut from the partitions' ends; empty as a rule.
  const std::vector<CutTail>& recovery() const { return recovery_; }

  // By partition: what there is, without reading it.
  std::vector<PartitionReader::Extent> Extents();

  // By partition: a full verification of every record up to the end, or up to the first damage.
  absl::StatusOr<std::vector<PartitionReader::Verified>> Check();

 private:
  explicit EmbeddedLog(const LogContext& context)
      : context_(context), stamps_(context.options.clocks) {}

  absl::Status OpenPartitions(const std::string& folder, int32_t partitions);
  absl::Status CheckPartition(Partition partition) const;

  LogContext context_;
  StampGuard stamps_;
  std::unique_ptr<FileLock> lock_;
  StopSign stop_;
  std::unique_ptr<BackgroundThread> preparer_;
  std::vector<std::unique_ptr<PartitionReader>> readers_;
  std::vector<std::unique_ptr<PartitionWriter>> writers_;  // none: read-only
  std::vector<CutTail> recovery_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_EMBEDDED_LOG_H_
