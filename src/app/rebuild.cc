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
#include "app/table.h"
#include "base/json_writer.h"
#include "base/status.h"

namespace flywheel {
namespace {

// The rows of a folder at the log's end; none where they could not be read.
using Digests = std::vector<RowsDigest>;

absl::StatusOr<Digests> DigestAll(const Engine& engine) {
  Digests digests;
  ASSIGN_OR_RETURN(const CellViews views, engine.Views());
  for (const std::shared_ptr<const CellView>& view : views) {
    ASSIGN_OR_RETURN(RowsDigest digest, DigestRows(*view->rows));
    digests.push_back(std::move(digest));
  }
  return digests;
}

absl::StatusOr<Digests> DigestOldRows(const Context& context, Engine& engine) {
  RETURN_IF_ERROR(CatchUp(context, engine));
  return DigestAll(engine);
}

// Rows are not dropped for a log that cannot give them again.
absl::Status CheckLogOf(const Context& context) {
  ASSIGN_OR_RETURN(const std::vector<CheckedPartition> checked, CheckLog(LogOptionsOf(context)));
  for (const CheckedPartition& partition : checked) RETURN_IF_ERROR(partition.damage);
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

struct Comparison {
  Digests before;
  Digests after;

  bool equal(size_t partition) const {
    return before.empty() || before[partition].hex == after[partition].hex;
  }
  bool equal() const {
    for (size_t partition = 0; partition < after.size(); ++partition) {
      if (!equal(partition)) return false;
    }
    return true;
  }
};

std::string ToJson(const Comparison& digests) {
  JsonWriter json;
  json.BeginObject().Key("partitions").BeginArray();
  for (size_t partition = 0; partition < digests.after.size(); ++partition) {
    json.BeginObject().Field("partition", partition);
    if (!digests.before.empty()) json.Field("before", digests.before[partition].hex);
    json.Field("after", digests.after[partition].hex);
    json.Field("rows", digests.after[partition].rows);
    json.Field("bytes", digests.after[partition].bytes).EndObject();
  }
  json.EndArray().Flag("equal", digests.equal());
  return json.EndObject().TakeLine();
}

std::string ToTable(const Comparison& digests) {
  Table table({"partition", "rows", "digest before", "digest after", ""});
  for (size_t partition = 0; partition < digests.after.size(); ++partition) {
    table.Add({std::to_string(partition), GroupedNumber(digests.after[partition].rows),
               digests.before.empty() ? "not known" : digests.before[partition].hex,
               digests.after[partition].hex, digests.equal(partition) ? "equal" : "DIFFERENT"});
  }
  return table.ToText();
}

}  // namespace

absl::StatusOr<ExitCode> Rebuild(const Context& context, const RebuildOptions&) {
  if (context.served != nullptr) {
    return absl::FailedPreconditionError(
        "a server holds the data folder; stop it first, then rebuild");
  }
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(context, /*heal=*/false);
  Comparison digests;
  if (engine.ok()) {
    absl::StatusOr<Digests> before = DigestOldRows(context, **engine);
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
  RETURN_IF_ERROR(context.Print(context.json ? ToJson(digests) : ToTable(digests)));
  if (digests.equal()) return ExitCode::kOk;
  context.Say("the rows that the log gives differ from those that stood here");
  return ExitCode::kDifferences;
}

void AddRebuild(CLI::App& app, CommandRunner& runner) {
  RunsWith(*app.add_subcommand("rebuild", "Make all rows anew from the log"), runner,
           std::make_shared<RebuildOptions>(), Rebuild);
}

}  // namespace flywheel
