#include "projections/cell/cell_opening.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/status.h"
#include "projections/cell/fold.h"
#include "projections/store/durable_files.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

bool HasRows(const std::string& folder) {
  std::error_code error;
  return fs::exists(folder, error) && !fs::is_empty(folder, error);
}

// What the opening of one cell works with.
struct Opening {
  EventLog* log;
  Partition partition;
  const CellHome& home;
  const RocksMemory& memory;
  const CellOptions& options;

  absl::StatusOr<std::unique_ptr<Cell>> OpenIn(const std::string& folder) const {
    ASSIGN_OR_RETURN(std::unique_ptr<RowStore> store, OpenRocksStore(folder, memory));
    return Cell::Open(log, partition, std::move(store), options);
  }

  // Restores beside the cell's folder and opens there, so that what does not fit has replaced
  // nothing.
  absl::Status TryIn(const std::string& folder, const CheckpointPlace& place) const {
    RETURN_IF_ERROR(RemoveFolder(folder));
    RETURN_IF_ERROR(RestoreCheckpoint(place, folder));
    return OpenIn(folder).status();
  }
};

// Whether the next older checkpoint may do better. A log that is away, a full disk or a missing
// permission are in the way of every one of them.
bool IsOfThisCheckpoint(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status) || absl::IsOutOfRange(status);
}

// Puts the newest fitting checkpoint from `least` on into the cell's folder.
absl::StatusOr<std::optional<CheckpointPlace>> Restore(const Opening& opening, Offset least,
                                                       std::vector<std::string>& messages) {
  const CellHome& home = opening.home;
  const std::string candidate = home.folder + ".candidate";
  ASSIGN_OR_RETURN(const std::vector<CheckpointPlace> places,
                   ListCheckpoints(home.checkpoints, opening.partition));
  for (const CheckpointPlace& place : places) {
    if (place.fold_version != FoldVersion() || place.position < least) continue;
    absl::Status tried = opening.TryIn(candidate, place);
    if (tried.ok()) {
      RETURN_IF_ERROR(RemoveFolder(home.folder));
      RETURN_IF_ERROR(MoveFolder(candidate, home.folder));
      return place;
    }
    RETURN_IF_ERROR(RemoveFolder(candidate));
    if (!IsOfThisCheckpoint(tried)) return tried;
    messages.push_back(fmt::format("skipped {}: {}", place.folder, MessageOf(tried)));
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<OpenedCell> OpenCell(EventLog* log, Partition partition, const CellHome& home,
                                    const RocksMemory& memory, const CellOptions& options) {
  const Opening opening{log, partition, home, memory, options};
  OpenedCell opened;
  Offset least(0);
  if (HasRows(home.folder)) {
    ASSIGN_OR_RETURN(opened.cell, opening.OpenIn(home.folder));
    least = opened.cell->position().next.Plus(home.worth_restoring);
  }
  if (!home.checkpoints.empty()) {
    ASSIGN_OR_RETURN(const std::optional<CheckpointPlace> newest,
                     NewestCheckpoint(home.checkpoints, partition, FoldVersion()));
    if (newest && newest->position >= least) {
      opened.cell.reset();  // a database is open in one place only
      ASSIGN_OR_RETURN(opened.restored_from, Restore(opening, least, opened.messages));
    }
  }
  if (opened.cell == nullptr) {
    RETURN_IF_ERROR(MakeFolder(home.folder));
    ASSIGN_OR_RETURN(opened.cell, opening.OpenIn(home.folder));
  }
  return opened;
}

}  // namespace flywheel
