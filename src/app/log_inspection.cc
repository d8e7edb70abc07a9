#include "app/log_inspection.h"

#include <filesystem>
#include <memory>
#include <string>

#include "base/status.h"
#include "events/embedded/embedded_log.h"

namespace flywheel {
namespace {

absl::StatusOr<std::unique_ptr<EmbeddedLog>> OpenEmbeddedToRead(const LogOptions& options) {
  EmbeddedLogOptions embedded;
  embedded.read_only = true;
  return EmbeddedLog::Open((std::filesystem::path(options.folder) / "log").string(), embedded);
}

// Reads a partition to where it ended at the beginning.
CheckedPartition ReadThrough(EventLog& log, Partition partition) {
  CheckedPartition checked;
  const auto read = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(Offset next, log.BeginOffset(partition));
    ASSIGN_OR_RETURN(const Offset end, log.EndOffset(partition));
    ReadLimits limits;
    limits.wait = absl::Seconds(30);
    while (next < end) {
      ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, next, limits));
      for (const LogRecord& record : batch.records) {
        if (record.offset >= end) break;
        ++checked.records;
        checked.bytes += record.bytes.size();
      }
      if (batch.next <= next) {
        return absl::UnavailableError("the log does not give what lies before its end");
      }
      next = batch.next;
    }
    return absl::OkStatus();
  };
  checked.damage = read();
  return checked;
}

}  // namespace

absl::StatusOr<std::vector<PartitionExtent>> ExtentsOf(const LogOptions& options) {
  std::vector<PartitionExtent> extents;
  if (options.embedded()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, OpenEmbeddedToRead(options));
    for (const PartitionReader::Extent& extent : log->Extents()) {
      extents.push_back({extent.begin, extent.end,
                         SegmentExtent{extent.segments, extent.file_bytes, extent.used_bytes}});
    }
    return extents;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenLogToRead(options));
  for (int32_t number = 0; number < log->partitions(); ++number) {
    PartitionExtent extent;
    ASSIGN_OR_RETURN(extent.begin, log->BeginOffset(Partition(number)));
    ASSIGN_OR_RETURN(extent.end, log->EndOffset(Partition(number)));
    extents.push_back(extent);
  }
  return extents;
}

absl::StatusOr<std::vector<CheckedPartition>> CheckLog(const LogOptions& options) {
  std::vector<CheckedPartition> checked;
  if (options.embedded()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, OpenEmbeddedToRead(options));
    ASSIGN_OR_RETURN(const std::vector<PartitionReader::Verified> verified, log->Check());
    for (const PartitionReader::Verified& partition : verified) {
      checked.push_back(
          {partition.records, partition.bytes, partition.segments, partition.first_damage});
    }
    return checked;
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenLogToRead(options));
  for (int32_t number = 0; number < log->partitions(); ++number) {
    checked.push_back(ReadThrough(*log, Partition(number)));
  }
  return checked;
}

}  // namespace flywheel
