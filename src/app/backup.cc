#include "app/backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "app/backup_manifest.h"
#include "app/cell_folder.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/folder_lock.h"
#include "app/progress.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/embedded/segment_format.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/checkpoint_manifest.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWriter = "backup";

// A segment of the log, and the part of it that is backed up.
struct SourceSegment {
  std::string name;
  std::string path;
  Offset base;
  uint64_t length = 0;
  uint64_t used = 0;
};

// What one backup copied, for the report.
struct Copied {
  uint64_t bytes = 0;
  uint64_t kept_bytes = 0;  // of files that were there already
};

class BackupRun {
 public:
  BackupRun(const Context& context, std::string data, std::string to)
      : context_(context), data_(std::move(data)), to_(std::move(to)) {}

  absl::StatusOr<ExitCode> Run() {
    RETURN_IF_ERROR(MakeFolder(to_));
    ASSIGN_OR_RETURN(lock_, FolderLock::Take(to_));
    RETURN_IF_ERROR(ReadBefore());
    // Rows first: what they hold is then in the log's part for certain.
    RETURN_IF_ERROR(CopyRows());
    RETURN_IF_ERROR(CopyLog());
    RETURN_IF_ERROR(PutManifest());
    RETURN_IF_ERROR(Report());
    return ExitCode::kOk;
  }

 private:
  std::string In(std::string_view name) const { return (fs::path(to_) / name).string(); }

  absl::Status CheckInterrupt() const {
    return context_.interrupt->raised() ? absl::CancelledError("interrupted") : absl::OkStatus();
  }

  // The backup that is there, if it is one of this log.
  absl::Status ReadBefore() {
    const absl::StatusOr<std::string> text =
        ReadFile(In(BackupManifest::kFileName), BackupManifest::kMaxBytes);
    const std::string meta = (fs::path(data_) / "log" / "log.meta").string();
    ASSIGN_OR_RETURN(meta_, DigestFile(meta));
    if (!absl::IsNotFound(text.status())) {
      RETURN_IF_ERROR(text.status());
      absl::StatusOr<BackupManifest> before = BackupManifest::Parse(*text);
      if (!before.ok()) {
        return absl::Status(before.status().code(),
                            fmt::format("{}: {}; back up into another folder", to_,
                                        MessageOf(before.status())));
      }
      before_ = *std::move(before);
      if (before_->meta == meta_) return absl::OkStatus();
      return absl::FailedPreconditionError(
          fmt::format("{} holds a backup of another log; back up into another folder", to_));
    }
    // One that was not finished has its parts and no manifest.
    std::error_code error;
    for (fs::directory_iterator entry(to_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name != "lock" && name != "log" && name != "checkpoints") {
        return absl::FailedPreconditionError(
            fmt::format("{} holds something else than a backup: {}", to_, name));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CopyRows() {
    CheckpointOptions options;
    options.shared = In("checkpoints");
    options.writer = std::string(kWriter);
    options.copies = true;
    std::unique_ptr<Engine> engine;
    if (context_.served == nullptr) {
      ASSIGN_OR_RETURN(engine, OpenEngine(context_));
    }
    const int32_t partitions =
        engine != nullptr ? engine->partitions() : context_.served->log().partitions();
    manifest_.partitions.resize(static_cast<size_t>(partitions));
    for (int32_t number = 0; number < partitions; ++number) {
      RETURN_IF_ERROR(CheckInterrupt());
      const Partition partition(number);
      absl::StatusOr<CutRows> cut =
          engine != nullptr
              ? CutCheckpoint(engine->rows(partition),
                              CellFolder(data_, partition).string() + ".backup")
              : context_.served->CutRowsOf(partition);
      if (!cut.ok()) {
        // The log is what matters; a cell that has stopped or is empty has no rows to give.
        if (engine == nullptr || !absl::IsFailedPrecondition(cut.status())) {
          context_.Say(fmt::format("partition {}: no rows are backed up: {}", number,
                                   MessageOf(cut.status())));
        }
        continue;
      }
      ASSIGN_OR_RETURN(const CheckpointPlace place, PublishCheckpoint(*cut, partition, options));
      const std::string file =
          (fs::path(place.folder) / CheckpointManifest::kFileName).string();
      ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(file));
      manifest_.partitions[static_cast<size_t>(number)].checkpoints.push_back(
          {place.position, place.fold_version, digest.hex});
    }
    return absl::OkStatus();
  }

  absl::Status CopyLog() {
    EmbeddedLogOptions options;
    options.read_only = true;
    const std::string folder = (fs::path(data_) / "log").string();
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, EmbeddedLog::Open(folder, options));
    // Partition 0 last: what the others have a copy of is then there.
    for (int32_t number = log->partitions() - 1; number >= 0; --number) {
      RETURN_IF_ERROR(log->EndOffset(Partition(number)).status());
    }
    const std::vector<PartitionReader::Extent> extents = log->Extents();
    if (extents.size() != manifest_.partitions.size()) {
      return absl::FailedPreconditionError("the log has another number of partitions than the rows");
    }
    RETURN_IF_ERROR(MakeFolder(In("log")));
    RETURN_IF_ERROR(CopyMeta(folder));
    uint64_t total = 0;
    for (const PartitionReader::Extent& extent : extents) total += extent.used_bytes;
    Progress progress(context_, "copying");
    for (size_t number = 0; number < extents.size(); ++number) {
      const Partition partition(static_cast<int32_t>(number));
      RETURN_IF_ERROR(CheckEnd(partition, extents[number].end));
      ASSIGN_OR_RETURN(const std::vector<SourceSegment> segments,
                       SegmentsOf(folder, partition, extents[number]));
      RETURN_IF_ERROR(CopyPartition(*log, partition, extents[number].end, segments, [&] {
        progress.Show(copied_.bytes + copied_.kept_bytes, total);
        return CheckInterrupt();
      }));
    }
    return absl::OkStatus();
  }

  // A log that has less than its backup was put back; its backup is worth more than it.
  absl::Status CheckEnd(Partition partition, Offset end) const {
    const auto number = static_cast<size_t>(partition.number());
    if (!before_ || number >= before_->partitions.size()) return absl::OkStatus();
    const Offset had = before_->partitions[number].end;
    if (end >= had) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "the backup in {} holds partition {} up to offset {}, the log ends before {}: an older log "
        "was put back. Back up into another folder",
        to_, partition.number(), had.number(), end.number()));
  }

  absl::Status CopyMeta(const std::string& folder) {
    manifest_.meta = meta_;
    const std::string target = In("log/log.meta");
    const absl::StatusOr<FileDigest> there = DigestFile(target);
    if (there.ok() && *there == meta_) return absl::OkStatus();
    return PutFile((fs::path(folder) / "log.meta").string(), target, meta_.bytes, meta_.bytes)
        .status();
  }

  // Those with records before the end.
  static absl::StatusOr<std::vector<SourceSegment>> SegmentsOf(
      const std::string& folder, Partition partition, const PartitionReader::Extent& extent) {
    std::vector<SourceSegment> segments;
    std::error_code error;
    const fs::path of_partition = fs::path(folder) / PartitionFolderName(partition);
    for (fs::directory_iterator entry(of_partition, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      const std::optional<Offset> base = SegmentBase(name);
      if (!base || *base > extent.end) continue;
      SourceSegment segment{name, entry->path().string(), *base, entry->file_size(error), 0};
      segment.used = segment.length;
      segments.push_back(std::move(segment));
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

  std::string TargetOf(Partition partition, const std::string& name) const {
    return (fs::path(to_) / "log" / PartitionFolderName(partition) / name).string();
  }

  template <class Tick>
  absl::Status CopyPartition(EmbeddedLog& log, Partition partition, Offset end,
                             const std::vector<SourceSegment>& segments, const Tick& tick) {
    BackupManifest::PartitionPart& part =
        manifest_.partitions[static_cast<size_t>(partition.number())];
    part.end = end;
    part.segments.reserve(segments.size());
    const std::string folder =
        fs::path(TargetOf(partition, segments.front().name)).parent_path().string();
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

  // That every record of a segment is as it was written, before it takes the place of an older copy.
  static absl::Status CheckRecords(EmbeddedLog& log, Partition partition, Offset from, Offset end) {
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
  static absl::StatusOr<FileDigest> PutFile(const std::string& from, const std::string& to,
                                            uint64_t used, uint64_t length) {
    const std::string written = to + ".tmp";
    std::error_code error;
    fs::remove(written, error);
    ASSIGN_OR_RETURN(FileDigest digest, CopyPrefix(from, written, used, length));
    RETURN_IF_ERROR(MoveFile(written, to));
    return digest;
  }

  static absl::Status MoveFile(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return absl::OkStatus();
    return absl::UnavailableError(fmt::format("cannot put {} in place: {}", to, error.message()));
  }

  absl::Status PutManifest() {
    RETURN_IF_ERROR(SyncFolder(In("log")));
    manifest_.made = FormatInstant(context_.wall_clock());
    const std::string written = In("BACKUP.tmp");
    std::error_code error;
    fs::remove(written, error);
    RETURN_IF_ERROR(WriteFile(written, manifest_.ToText()));
    RETURN_IF_ERROR(MoveFile(written, In(BackupManifest::kFileName)));
    return SyncFolder(to_);
  }

  absl::Status Report() const {
    if (context_.json) {
      JsonWriter json;
      json.BeginObject().Field("folder", to_).Field("made", manifest_.made);
      json.Key("partitions").BeginArray();
      for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
        const BackupManifest::PartitionPart& part = manifest_.partitions[number];
        json.BeginObject().Field("partition", number).Field("end", part.end.number());
        if (!part.checkpoints.empty()) {
          json.Field("rows", part.checkpoints.front().position.number());
        }
        json.EndObject();
      }
      json.EndArray().Field("copiedBytes", copied_.bytes);
      json.Field("keptBytes", copied_.kept_bytes).EndObject();
      return context_.Print(json.TakeLine());
    }
    Table table({"partition", "records before", "rows before"});
    for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
      const BackupManifest::PartitionPart& part = manifest_.partitions[number];
      const auto grouped = [](Offset offset) {
        return GroupedNumber(static_cast<uint64_t>(offset.number()));
      };
      table.Add({std::to_string(number), grouped(part.end),
                 part.checkpoints.empty() ? "" : grouped(part.checkpoints.front().position)});
    }
    context_.Say(fmt::format("log: {} bytes copied, {} there already",
                             GroupedNumber(copied_.bytes), GroupedNumber(copied_.kept_bytes)));
    return context_.Print(table.ToText());
  }

  const Context& context_;
  const std::string data_;
  const std::string to_;
  std::unique_ptr<FolderLock> lock_;
  FileDigest meta_;
  std::optional<BackupManifest> before_;
  BackupManifest manifest_;
  Copied copied_;
};

}  // namespace

absl::StatusOr<ExitCode> Backup(const Context& context, const BackupOptions& options) {
  const LogOptions log = LogOptionsOf(context);
  if (!log.embedded()) {
    return absl::InvalidArgumentError(
        "the brokers keep this log, and its rows are made from it: there is nothing here that a "
        "backup would have to hold");
  }
  RETURN_IF_ERROR(CheckLogIsThere(context));
  return BackupRun(context, log.folder, context.PathOf(options.folder)).Run();
}

void AddBackup(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* command =
      app.add_subcommand("backup", "Copy the whole data folder while it runs; again: what is new");
  command->add_option("DIR", options->folder, "where the backup lies, or is to lie")->required();
  RunsWith(*command, runner, options, Backup);
}

}  // namespace flywheel
