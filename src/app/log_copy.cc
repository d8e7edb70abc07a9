#include "app/log_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/embedded/segment_format.h"
#include "projections/store/durable_files.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

using Tick = absl::FunctionRef<absl::Status(uint64_t, uint64_t)>;

// A segment of the log, and the part of it that is backed up.
struct SourceSegment {
  std::string name;
  std::string path;
  Offset base;
  uint64_t length = 0;
  uint64_t used = 0;
};

// Those with records before the end.
absl::StatusOr<std::vector<SourceSegment>> SegmentsOf(const std::string& folder,
                                                      Partition partition,
                                                      const PartitionReader::Extent& extent) {
  std::vector<SourceSegment> segments;
  std::error_code error;
  const fs::path of_partition = fs::path(folder) / PartitionFolderName(partition);
  for (fs::directory_iterator entry(of_partition, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::optional<Offset> base = SegmentBase(name);
    if (!base || *base > extent.end) continue;
    std::error_code gone;
    const uint64_t length = entry->file_size(gone);
    if (!gone) segments.push_back({name, entry->path().string(), *base, length, length});
  }
  if (error) {
    return absl::UnavailableError(
        fmt::format("cannot list {}: {}", of_partition.string(), error.message()));
  }
  std::sort(segments.begin(), segments.end(),
            [](const auto& a, const auto& b) { return a.base < b.base; });
  const auto known = static_cast<size_t>(extent.segments);
  if (segments.size() < known || known == 0) {
    return absl::DataLossError(fmt::format("a segment of {} is gone", of_partition.string()));
  }
  segments.resize(known);  // the rest has come since
  uint64_t before = 0;
  for (size_t i = 0; i + 1 < known; ++i) before += segments[i].length;
  segments.back().used = extent.used_bytes - before;
  return segments;
}

// That every record of a segment is as it was written, before it takes the place of an older copy.
absl::Status CheckRecords(EmbeddedLog& log, Partition partition, Offset from, Offset end) {
  while (from < end) {
    ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, from, ReadLimits()));
    if (batch.next <= from) {
      return absl::UnavailableError("the log does not give what lies before its end");
    }
    from = batch.next;
  }
  return absl::OkStatus();
}

// Puts a copy in place as a whole.
absl::StatusOr<FileDigest> PutFile(const std::string& from, const std::string& to, uint64_t used,
                                   uint64_t length) {
  const std::string written = to + ".tmp";
  std::error_code error;
  fs::remove(written, error);
  ASSIGN_OR_RETURN(FileDigest digest, CopyPrefix(from, written, used, length));
  fs::rename(written, to, error);
  if (!error) return digest;
  return absl::UnavailableError(fmt::format("cannot put {} in place: {}", to, error.message()));
}

// One copy of a log.
class LogCopy {
 public:
  LogCopy(std::string folder, std::string to, const std::optional<BackupManifest>& before,
          BackupManifest& manifest)
      : folder_(std::move(folder)),
        to_((fs::path(to) / "log").string()),
        name_(std::move(to)),
        before_(before),
        manifest_(manifest) {}

  absl::StatusOr<LogCopied> Run(Tick tick) {
    EmbeddedLogOptions options;
    options.read_only = true;
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, EmbeddedLog::Open(folder_, options));
    // Partition 0 last: what the others have a copy of is then there.
    for (int32_t number = log->partitions() - 1; number >= 0; --number) {
      RETURN_IF_ERROR(log->EndOffset(Partition(number)).status());
    }
    const std::vector<PartitionReader::Extent> extents = log->Extents();
    if (extents.size() != manifest_.partitions.size()) {
      return absl::FailedPreconditionError(
          "the log has another number of partitions than the rows");
    }
    RETURN_IF_ERROR(MakeFolder(to_));
    RETURN_IF_ERROR(CopyMeta());
    uint64_t total = 0;
    for (const PartitionReader::Extent& extent : extents) total += extent.used_bytes;
    for (size_t number = 0; number < extents.size(); ++number) {
      const Partition partition(static_cast<int32_t>(number));
      RETURN_IF_ERROR(CheckEnd(partition, extents[number].end));
      ASSIGN_OR_RETURN(const std::vector<SourceSegment> segments,
                       SegmentsOf(folder_, partition, extents[number]));
      RETURN_IF_ERROR(CopyPartition(*log, partition, extents[number].end, segments, [&] {
        return tick(copied_.bytes + copied_.kept_bytes, total);
      }));
    }
    RETURN_IF_ERROR(SyncFolder(to_));
    return copied_;
  }

 private:
  // A log that has less than its backup was put back; its backup is worth more than it.
  absl::Status CheckEnd(Partition partition, Offset end) const {
    const auto number = static_cast<size_t>(partition.number());
    if (!before_ || number >= before_->partitions.size()) return absl::OkStatus();
    const Offset had = before_->partitions[number].end;
    if (end >= had) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "the backup in {} holds partition {} up to offset {}, the log ends before {}: an older log "
        "was put back. Back up into another folder",
        name_, partition.number(), had.number(), end.number()));
  }

  absl::Status CopyMeta() const {
    const std::string target = (fs::path(to_) / "log.meta").string();
    const absl::StatusOr<FileDigest> there = DigestFile(target);
    if (there.ok() && *there == manifest_.meta) return absl::OkStatus();
    return PutFile((fs::path(folder_) / "log.meta").string(), target, manifest_.meta.bytes,
                   manifest_.meta.bytes)
        .status();
  }

  std::string TargetOf(Partition partition, const std::string& name) const {
    return (fs::path(to_) / PartitionFolderName(partition) / name).string();
  }

  // The copy that is there already, where it is the same.
  const BackupManifest::Segment* KeptOf(Partition partition, const SourceSegment& segment) const {
    const auto number = static_cast<size_t>(partition.number());
    if (!before_ || number >= before_->partitions.size()) return nullptr;
    for (const BackupManifest::Segment& one : before_->partitions[number].segments) {
      if (one.name != segment.name) continue;
      std::error_code error;
      const bool whole = fs::file_size(TargetOf(partition, one.name), error) == one.length;
      const bool same = one.length == segment.length && one.used.bytes == segment.used;
      return whole && same && !error ? &one : nullptr;
    }
    return nullptr;
  }

  absl::Status CopyPartition(EmbeddedLog& log, Partition partition, Offset end,
                             const std::vector<SourceSegment>& segments,
                             absl::FunctionRef<absl::Status()> tick) {
    BackupManifest::PartitionPart& part =
        manifest_.partitions[static_cast<size_t>(partition.number())];
    part.end = end;
    part.segments.reserve(segments.size());
    const std::string folder = (fs::path(to_) / PartitionFolderName(partition)).string();
    RETURN_IF_ERROR(MakeFolder(folder));
    for (size_t i = 0; i < segments.size(); ++i) {
      RETURN_IF_ERROR(tick());
      const SourceSegment& segment = segments[i];
      if (const BackupManifest::Segment* const kept = KeptOf(partition, segment)) {
        part.segments.push_back(*kept);
        copied_.kept_bytes += segment.used;
        continue;
      }
      const Offset until = i + 1 < segments.size() ? segments[i + 1].base : end;
      RETURN_IF_ERROR(CheckRecords(log, partition, segment.base, until));
      ASSIGN_OR_RETURN(FileDigest digest, PutFile(segment.path, TargetOf(partition, segment.name),
                                                  segment.used, segment.length));
      part.segments.push_back({segment.name, segment.length, std::move(digest)});
      copied_.bytes += segment.used;
    }
    return SyncFolder(folder);
  }

  const std::string folder_;
  const std::string to_;
  const std::string name_;
  const std::optional<BackupManifest>& before_;
  BackupManifest& manifest_;
  LogCopied copied_;
};

}  // namespace

absl::StatusOr<LogCopied> CopyLogTo(const std::string& log_folder, const std::string& to,
                                    const std::optional<BackupManifest>& before,
                                    BackupManifest& manifest, Tick tick) {
  return LogCopy(log_folder, to, before, manifest).Run(tick);
}

}  // namespace flywheel
