#include "events/embedded/partition_recovery.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr std::string_view kPreparedName = "next.tmp";
// A write of the process that appends may be seen half done by one that reads; it is given this
// long before what is seen counts as damage.
constexpr std::chrono::milliseconds kWriteInProgress{100};

// The bases of the segments in the folder, sorted.
absl::StatusOr<std::vector<Offset>> ListSegments(const LogContext& context,
                                                 const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, context.files->List(folder));
  std::vector<Offset> bases;
  for (const std::string& name : names) {
    if (name == kPreparedName) continue;
    const std::optional<Offset> base = SegmentBase(name);
    if (!base.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat(folder, " holds ", name, ", which is no segment; move it elsewhere"));
    }
    bases.push_back(*base);
  }
  return bases;
}

absl::StatusOr<SegmentIdentity> ReadIdentity(const LogContext& context, const std::string& path) {
  absl::StatusOr<std::shared_ptr<const FileWindow>> window =
      context.files->Map(path, 0, kSegmentHeaderBytes);
  if (absl::IsOutOfRange(window.status())) {
    return absl::DataLossError("the file is empty");
  }
  RETURN_IF_ERROR(window.status());
  return DecodeSegmentHeader((*window)->bytes(), context.salt);
}

// The segment in the file, which must follow the one with `previous_base` (-1: be the first).
absl::StatusOr<SegmentIdentity> CheckSegment(const LogContext& context, const std::string& path,
                                             Partition partition, Offset base, Offset previous_base,
                                             bool newest) {
  absl::StatusOr<SegmentIdentity> identity = ReadIdentity(context, path);
  if (absl::IsDataLoss(identity.status())) {
    return absl::DataLossError(absl::StrCat(
        path, " is damaged at byte 0, before the record with offset ", base.number(), ": ",
        std::string(identity.status().message()), ". Restore this file from a backup of the log."));
  }
  RETURN_IF_ERROR(identity.status());
  if (identity->partition != partition || identity->base != base) {
    return absl::DataLossError(absl::StrCat(
        path, " holds partition ", identity->partition.number(), " from offset ",
        identity->base.number(), ": it has been renamed or moved. Put the right file there."));
  }
  if (identity->previous_base != previous_base) {
    return absl::DataLossError(absl::StrCat("a segment is missing before ", path, ": it follows ",
                                            SegmentName(identity->previous_base),
                                            ", which is not there. Restore that file from a "
                                            "backup of the log."));
  }
  ASSIGN_OR_RETURN(const uint64_t file_bytes, context.files->FileBytes(path));
  const bool cut_newest = newest && file_bytes < identity->bytes;
  if (file_bytes != identity->bytes && !cut_newest) {
    return absl::DataLossError(absl::StrCat(path, " has ", file_bytes, " bytes instead of ",
                                            identity->bytes,
                                            ". Restore this file from a backup of the log."));
  }
  return identity;
}

// Adds the segments up to the first that is damaged or missing, and says what is wrong with it.
absl::Status FindSegments(const LogContext& context, const std::string& folder, Partition partition,
                          const std::vector<Offset>& bases,
                          std::vector<std::shared_ptr<Segment>>* segments) {
  if (bases.empty()) {
    return absl::DataLossError(
        absl::StrCat(folder, " holds no segment; restore the folder from a backup of the log"));
  }
  Offset previous{-1};
  for (const Offset base : bases) {
    const std::string path = absl::StrCat(folder, "/", SegmentName(base));
    const bool newest = base == bases.back();
    if (previous == Offset(-1) && base != Offset(0)) {
      return absl::DataLossError(
          absl::StrCat("the first segment of ", folder, " is ", SegmentName(base), " instead of ",
                       SegmentName(Offset(0)), ". Restore what is missing from a backup."));
    }
    ASSIGN_OR_RETURN(const SegmentIdentity identity,
                     CheckSegment(context, path, partition, base, previous, newest));
    segments->push_back(std::make_shared<Segment>(context.files, path, identity, context.salt,
                                                  context.options.read_window_bytes));
    previous = base;
  }
  return absl::OkStatus();
}

absl::StatusOr<TailScan> ScanSegment(const LogContext& context, const Segment& segment) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileWindow> window,
                   context.files->Map(segment.path(), 0, segment.bytes()));
  return ScanTail(window->bytes(), segment.seed());
}

// Writes the last group again: after a failed sync, pages may count as clean that never reached the
// disk. Then zeros over the torn bytes, and the tail mark.
absl::Status MendTail(const LogContext& context, const Segment& segment, const TailScan& scan,
                      uint64_t file_bytes) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const FileWindow> window,
                   context.files->Map(segment.path(), 0, scan.end));
  const std::string last_group(window->bytes().substr(scan.last_group_start));
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                   context.files->OpenForWrite(segment.path(), FileSystem::OpenMode::kExisting));
  if (file_bytes < segment.bytes()) {
    RETURN_IF_ERROR(file->Reserve(segment.bytes()));
    RETURN_IF_ERROR(WriteZeros(*file, file_bytes, segment.bytes()));
  }
  RETURN_IF_ERROR(WriteAll(*file, scan.last_group_start, last_group));
  const uint64_t torn_end = std::min(segment.bytes(), scan.end + scan.torn_bytes);
  RETURN_IF_ERROR(WriteZeros(*file, scan.end, torn_end));
  if (scan.end + kFrameHeaderBytes <= segment.bytes()) {
    RETURN_IF_ERROR(
        WriteAll(*file, scan.end,
                 EncodeTailMark(scan.records, static_cast<uint32_t>(scan.end), segment.seed())));
  }
  return file->Sync();
}

absl::Status TailDamage(const Segment& segment, const TailScan& scan) {
  return segment.Damage(scan.end, segment.base().Plus(scan.records),
                        absl::StrCat("what stands there was on the disk, as byte ",
                                     *scan.proof_of_damage, " proves, and is no longer readable"));
}

// Scans the newest segment that was found, and mends it unless the log is read-only.
absl::Status FindEnd(const LogContext& context, Partition partition, FoundPartition* found) {
  const Segment& newest = *found->segments.back();
  ASSIGN_OR_RETURN(const uint64_t file_bytes, context.files->FileBytes(newest.path()));
  ASSIGN_OR_RETURN(TailScan scan, ScanSegment(context, newest));
  if (scan.proof_of_damage.has_value() && context.options.read_only) {
    std::this_thread::sleep_for(kWriteInProgress);
    ASSIGN_OR_RETURN(scan, ScanSegment(context, newest));
  }
  found->end = newest.base().Plus(scan.records);
  found->end_position = scan.end;
  if (scan.proof_of_damage.has_value()) return TailDamage(newest, scan);
  if (scan.torn_bytes > 0) {
    found->cut.push_back({partition, newest.path(), scan.end, scan.torn_bytes});
  }
  const bool sound = scan.marked && scan.torn_bytes == 0 && file_bytes == newest.bytes();
  if (context.options.read_only || sound) return absl::OkStatus();
  return MendTail(context, newest, scan, file_bytes);
}

// A segment that is followed by another, which is damaged or missing: its end is not known from the
// next one's base, but all of it was on the disk.
absl::Status FindEndBeforeDamage(const LogContext& context, FoundPartition* found) {
  const Segment& last = *found->segments.back();
  ASSIGN_OR_RETURN(const TailScan scan, ScanSegment(context, last));
  found->end = last.base().Plus(scan.records);
  found->end_position = scan.end;
  return absl::OkStatus();
}

}  // namespace

absl::Status CreatePartition(const LogContext& context, const std::string& folder,
                             Partition partition) {
  absl::Status made = context.files->CreateFolder(folder);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  SegmentIdentity identity;
  identity.partition = partition;
  identity.bytes = std::min(context.options.first_segment_bytes, context.options.segment_bytes);
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file,
                   PrepareSegmentFile(*context.files, folder, identity.bytes));
  return NameSegmentFile(*context.files, folder, *file, identity, context.salt);
}

absl::StatusOr<FoundPartition> FindPartition(const LogContext& context, const std::string& folder,
                                             Partition partition) {
  FoundPartition found;
  ASSIGN_OR_RETURN(const std::vector<Offset> bases, ListSegments(context, folder));
  found.damage = FindSegments(context, folder, partition, bases, &found.segments);
  if (found.damage.ok()) {
    found.damage = FindEnd(context, partition, &found);
  } else if (!found.segments.empty() && context.options.read_only) {
    RETURN_IF_ERROR(FindEndBeforeDamage(context, &found));
  }
  if (!found.damage.ok() && !(context.options.read_only && absl::IsDataLoss(found.damage))) {
    return found.damage;
  }
  return found;
}

}  // namespace flywheel
