#include "app/rebuild.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/cell_folder.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/folder_lock.h"
#include "app/log_inspection.h"
#include "app/rebuild_beside.h"
#include "app/rows_comparison.h"
#include "base/status.h"
#include "projections/cell/checkpoint.h"
#include "projections/cell/fold.h"

namespace flywheel {
namespace {

absl::StatusOr<RowsDigests> DigestOldRows(const Context& context, Engine& engine) {
  RETURN_IF_ERROR(CatchUp(context, engine));
  return DigestAll(engine);
}

// Rows are not dropped for a log that cannot give them again.
absl::Status CheckLogOf(const Context& context) {
  ASSIGN_OR_RETURN(const std::vector<CheckedPartition> checked, CheckLog(LogOptionsOf(context)));
  for (const CheckedPartition& partition : checked) RETURN_IF_ERROR(partition.damage);
  return absl::OkStatus();
}

// Those that are made of rows which the log does not give would bring them back.
absl::Status DropOwnCheckpoints(const Context& context) {
  if (!context.log.empty()) return absl::OkStatus();
  CheckpointOptions options;
  options.shared = OwnCheckpoints(context.folder);
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places, ListAllCheckpoints(options.shared));
  size_t dropped = 0;
  for (const CheckpointPlace& place : places) {
    if (place.fold_version != FoldVersion()) continue;
    RETURN_IF_ERROR(DropCheckpoint(place, options));
    ++dropped;
  }
  if (dropped > 0) context.Say(fmt::format("{} checkpoints of other rows were dropped", dropped));
  return absl::OkStatus();
}

// Drops rows that keep the engine from opening. The folder's lock is held meanwhile, so nobody has
// them open; where the log itself does not open or is damaged, nothing is dropped.
absl::Status DropUnreadableRows(const Context& context) {
  const absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(context.folder);
  RETURN_IF_ERROR(InFolder(context, lock.status()));
  // Opening mends what a crash has left; reading alone would take it for damage.
  RETURN_IF_ERROR(OpenLog(LogOptionsOf(context)).status());
  RETURN_IF_ERROR(CheckLogOf(context));
  return DropCells(context.folder);
}

}  // namespace

absl::StatusOr<ExitCode> Rebuild(const Context& context, const RebuildOptions& options) {
  if (options.beside) return RebuildBeside(context, options);
  if (options.swap) return SwapRows(context, options);
  if (context.served != nullptr) {
    return absl::FailedPreconditionError(
        "a server holds the data folder; stop it first, then rebuild, or rebuild --beside");
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(context, /*heal=*/false);
  RowsComparison digests;
  if (engine.ok()) {
    absl::StatusOr<RowsDigests> before = DigestOldRows(context, **engine);
    if (before.ok()) {
      digests.before = *std::move(before);
    } else {
      context.Say(fmt::format("the old rows cannot be read: {}", MessageOf(before.status())));
    }
    RETURN_IF_ERROR(CheckLogOf(context));
    RETURN_IF_ERROR((*engine)->DropRows());
  } else if (absl::IsNotFound(engine.status()) || absl::IsInvalidArgument(engine.status())) {
    return engine.status();
  } else {
    RETURN_IF_ERROR(DropUnreadableRows(context));
    context.Say(fmt::format("the old rows were dropped: {}", MessageOf(engine.status())));
    engine = OpenEngine(context, /*heal=*/false);
    RETURN_IF_ERROR(engine.status());
  }
  RETURN_IF_ERROR(CatchUp(context, **engine));
  ASSIGN_OR_RETURN(digests.after, DigestAll(**engine));
  if (!digests.equal()) RETURN_IF_ERROR(DropOwnCheckpoints(context));
  return Report(context, digests);
}

void AddRebuild(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<RebuildOptions>();
  CLI::App* command = app.add_subcommand("rebuild", "Make all rows anew from the log");
  CLI::Option* beside = command->add_flag(
      "--beside", options->beside,
      "in a process of its own while others serve; goes on where it was ended; then compares and "
      "puts the new rows in place");
  CLI::Option* swap =
      command->add_flag("--swap", options->swap, "only put in place what --beside has made ready");
  swap->excludes(beside);
  command->add_option("--of", options->of_version, "with --swap: rows of this fold version alone")
      ->type_name("VERSION")
      ->needs(swap);
  command->add_flag("--dry-run", options->dry_run, "with --swap: only say whether it can be done")
      ->needs(swap);
  command->add_option("--cache", options->cache_mib, "with --beside: MiB of decoded rows in memory")
      ->check(CLI::Range(16, 1 << 20))
      ->capture_default_str();
  RunsWith<RebuildOptions>(*command, runner, options, Rebuild,
                           [](const RebuildOptions& given) { return !given.beside; });
}

}  // namespace flywheel
