#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "app/backup.h"
#include "app/backup_manifest.h"
#include "app/cell_folder.h"
#include "app/command.h"
#include "app/folder_lock.h"
#include "app/log_inspection.h"
#include "app/log_options.h"
#include "app/progress.h"
#include "app/table.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/embedded/segment_format.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/checkpoint_copy.h"
#include "projections/cell/checkpoint_manifest.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRestoring = "restoring";

class RestoreRun {
 public:
  RestoreRun(const Context& context, std::string from)
      : context_(context), from_(std::move(from)) {}

  absl::StatusOr<ExitCode> Run() {
    ASSIGN_OR_RETURN(const std::string text,
                     ReadFile((fs::path(from_) / BackupManifest::kFileName).string(),
                              BackupManifest::kMaxBytes));
    ASSIGN_OR_RETURN(manifest_, BackupManifest::Parse(text));
    RETURN_IF_ERROR(MakeFolder(context_.folder));
    ASSIGN_OR_RETURN(const std::unique_ptr<FolderLock> lock, FolderLock::Take(context_.folder));
    RETURN_IF_ERROR(CheckEmpty());
    RETURN_IF_ERROR(RemoveFolder(In(kRestoring)));
    RETURN_IF_ERROR(MakeFolder(In(kRestoring)));
    RETURN_IF_ERROR(CopyLog());
    RETURN_IF_ERROR(CheckRecords());
    RETURN_IF_ERROR(CopyRows());
    RETURN_IF_ERROR(PutInPlace());
    RETURN_IF_ERROR(Report());
    return ExitCode::kOk;
  }

 private:
  std::string In(std::string_view name) const {
    return (fs::path(context_.folder) / name).string();
  }
  fs::path Restoring() const { return fs::path(context_.folder) / kRestoring; }

  absl::Status CheckInterrupt() const {
    return context_.interrupt->raised() ? absl::CancelledError("interrupted") : absl::OkStatus();
  }

  absl::Status CheckEmpty() const {
    std::error_code error;
    for (fs::directory_iterator entry(context_.folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name == "lock" || name == kRestoring) continue;
      return absl::FailedPreconditionError(fmt::format(
          "the data folder {} is not empty, it has {}: restore into a folder of its own",
          context_.folder, name));
    }
    return absl::OkStatus();
  }

  static absl::Status CopyWhole(const std::string& from, const std::string& to,
                                const FileDigest& used, uint64_t length) {
    const absl::StatusOr<FileDigest> copied = CopyPrefix(from, to, used.bytes, length);
    if (absl::IsNotFound(copied.status()) || absl::IsOutOfRange(copied.status())) {
      return absl::DataLossError(
          fmt::format("the backup is damaged: {}", MessageOf(copied.status())));
    }
    RETURN_IF_ERROR(copied.status());
    if (*copied == used) return absl::OkStatus();
    return absl::DataLossError(
        fmt::format("the backup is damaged: the bytes of {} have changed", from));
  }

  absl::Status CopyLog() {
    const fs::path from = fs::path(from_) / "log";
    const fs::path to = Restoring() / "log";
    RETURN_IF_ERROR(MakeFolder(to.string()));
    RETURN_IF_ERROR(CopyWhole((from / "log.meta").string(), (to / "log.meta").string(),
                              manifest_.meta, manifest_.meta.bytes));
    uint64_t total = 0;
    for (const auto& part : manifest_.partitions) {
      for (const auto& segment : part.segments) total += segment.used.bytes;
    }
    Progress progress(context_, "restoring");
    for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
      const std::string name = PartitionFolderName(Partition(static_cast<int32_t>(number)));
      RETURN_IF_ERROR(MakeFolder((to / name).string()));
      for (const BackupManifest::Segment& segment : manifest_.partitions[number].segments) {
        RETURN_IF_ERROR(CheckInterrupt());
        RETURN_IF_ERROR(CopyWhole((from / name / segment.name).string(),
                                  (to / name / segment.name).string(), segment.used,
                                  segment.length));
        bytes_ += segment.used.bytes;
        progress.Show(bytes_, total);
      }
      RETURN_IF_ERROR(SyncFolder((to / name).string()));
    }
    return SyncFolder(to.string());
  }

  // The hashes say that the files are those of the backup; this, that they are a log.
  absl::Status CheckRecords() const {
    LogOptions log;
    log.folder = Restoring().string();
    ASSIGN_OR_RETURN(const std::vector<CheckedPartition> checked, CheckLog(log));
    for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
      const auto whole = manifest_.partitions[number].end.number();
      if (number >= checked.size()) {
        return absl::DataLossError("the backup lacks a partition of its log");
      }
      RETURN_IF_ERROR(checked[number].damage);
      if (checked[number].records != whole) {
        return absl::DataLossError(fmt::format("partition {} of the backup has {} records, not {}",
                                               number, checked[number].records, whole));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CopyRows() {
    for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
      for (const BackupManifest::Checkpoint& checkpoint :
           manifest_.partitions[number].checkpoints) {
        RETURN_IF_ERROR(CheckInterrupt());
        const absl::Status copied =
            CopyCheckpoint(Partition(static_cast<int32_t>(number)), checkpoint);
        if (absl::IsDataLoss(copied) || absl::IsNotFound(copied)) {
          context_.Say(fmt::format("partition {}: its rows are folded from the log: {}", number,
                                   MessageOf(copied)));
        } else {
          RETURN_IF_ERROR(copied);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status CopyCheckpoint(Partition partition, const BackupManifest::Checkpoint& wanted) const {
    const std::string shared = (fs::path(from_) / "checkpoints").string();
    ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places, ListCheckpoints(shared, partition));
    for (const CheckpointPlace& place : places) {
      if (place.position != wanted.position || place.fold_version != wanted.fold_version) continue;
      const fs::path manifest = fs::path(place.folder) / CheckpointManifest::kFileName;
      ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(manifest.string()));
      if (digest.hex != wanted.manifest_hex) {
        return absl::DataLossError(fmt::format("{} has changed", manifest.string()));
      }
      const fs::path to = Restoring() / "checkpoints" / std::to_string(partition.number()) /
                          fs::path(place.folder).filename();
      RETURN_IF_ERROR(MakeFolder(to.parent_path().string()));
      return CopyCheckpointTo(place, to.string());
    }
    return absl::NotFoundError(fmt::format("{} has no checkpoint of it", shared));
  }

  absl::Status PutInPlace() {
    const auto move = [&](std::string_view name) -> absl::Status {
      std::error_code error;
      const fs::path made = Restoring() / name;
      if (!fs::exists(made, error)) return absl::OkStatus();
      return MoveFolder(made.string(), In(name));
    };
    // A log makes a data folder: it comes last.
    RETURN_IF_ERROR(move("checkpoints"));
    RETURN_IF_ERROR(move("log"));
    return RemoveFolder(Restoring().string());
  }

  absl::Status Report() const {
    if (context_.json) {
      JsonWriter json;
      json.BeginObject().Field("made", manifest_.made).Key("partitions").BeginArray();
      for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
        json.BeginObject().Field("partition", number);
        json.Field("end", manifest_.partitions[number].end.number()).EndObject();
      }
      return context_.Print(json.EndArray().Field("bytes", bytes_).EndObject().TakeLine());
    }
    Table table({"partition", "records before"});
    for (size_t number = 0; number < manifest_.partitions.size(); ++number) {
      table.Add({std::to_string(number),
                 GroupedNumber(static_cast<uint64_t>(manifest_.partitions[number].end.number()))});
    }
    context_.Say(fmt::format("restored the backup of {}", manifest_.made));
    return context_.Print(table.ToText());
  }

  const Context& context_;
  const std::string from_;
  BackupManifest manifest_;
  uint64_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<ExitCode> Restore(const Context& context, const RestoreOptions& options) {
  if (!context.log.empty()) {
    return absl::InvalidArgumentError("a log on Kafka is kept by its brokers, not restored here");
  }
  const std::string from = context.PathOf(options.folder);
  std::error_code error;
  if (!fs::exists(fs::path(from) / BackupManifest::kFileName, error)) {
    return absl::NotFoundError(fmt::format("{} holds no backup that was finished", from));
  }
  return RestoreRun(context, from).Run();
}

void AddRestore(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<RestoreOptions>();
  CLI::App* command =
      app.add_subcommand("restore", "Make an empty data folder of a backup, verified on the way");
  command->add_option("DIR", options->folder, "where the backup lies")->required();
  RunsAlone(*command, runner, options, Restore);
}

}  // namespace flywheel
