#include "app/backup.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "app/backup_manifest.h"
#include "app/cell_folder.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/folder_lock.h"
#include "app/log_copy.h"
#include "app/progress.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/checkpoint_manifest.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWriter = "backup";

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
        return absl::Status(
            before.status().code(),
            fmt::format("{}: {}; back up into another folder", to_, MessageOf(before.status())));
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
          engine != nullptr ? CutCheckpoint(engine->rows(partition),
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
      const std::string file = (fs::path(place.folder) / CheckpointManifest::kFileName).string();
      ASSIGN_OR_RETURN(const FileDigest digest, DigestFile(file));
      manifest_.partitions[static_cast<size_t>(number)].checkpoints.push_back(
          {place.position, place.fold_version, digest.hex});
    }
    return absl::OkStatus();
  }

  absl::Status CopyLog() {
    Progress progress(context_, "copying");
    const std::string folder = (fs::path(data_) / "log").string();
    manifest_.meta = meta_;
    ASSIGN_OR_RETURN(copied_,
                     CopyLogTo(folder, to_, before_, manifest_, [&](uint64_t done, uint64_t total) {
                       progress.Show(done, total);
                       return CheckInterrupt();
                     }));
    return absl::OkStatus();
  }

  absl::Status PutManifest() {
    manifest_.made = FormatInstant(context_.wall_clock());
    const std::string written = In("BACKUP.tmp");
    std::error_code error;
    fs::remove(written, error);
    RETURN_IF_ERROR(WriteFile(written, manifest_.ToText()));
    fs::rename(written, In(BackupManifest::kFileName), error);
    if (error) {
      return absl::UnavailableError(
          fmt::format("cannot put {} in place: {}", written, error.message()));
    }
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
    context_.Say(fmt::format("log: {} bytes copied, {} there already", GroupedNumber(copied_.bytes),
                             GroupedNumber(copied_.kept_bytes)));
    return context_.Print(table.ToText());
  }

  const Context& context_;
  const std::string data_;
  const std::string to_;
  std::unique_ptr<FolderLock> lock_;
  FileDigest meta_;
  std::optional<BackupManifest> before_;
  BackupManifest manifest_;
  LogCopied copied_;
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
