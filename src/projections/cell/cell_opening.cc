#include "projections/cell/cell_opening.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/status.h"
#include "projections/cell/rows_beside.h"
#include "projections/facts/cell_row.h"
#include "projections/store/durable_files.h"
#include "projections/store/read_cell_row.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxMarkBytes = size_t{64} << 10;

std::string MarkIn(const std::string& folder) { return (fs::path(folder) / kDamagedMark).string(); }
std::string SetAsideOf(const std::string& folder) { return folder + ".damaged"; }

bool HasRows(const std::string& folder) {
  std::error_code error;
  return fs::exists(folder, error) && !fs::is_empty(folder, error);
}

// Own rows: they open, they are damaged, or they are of another fold version.
struct OwnRows {
  std::unique_ptr<Cell> cell;
  absl::Status unfit;  // where there is no cell, but rows
  std::optional<uint64_t> other_version;
};

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

  std::string ready() const {
    if (home.beside.empty()) return {};
    std::string folder = RowsBeside(home.beside, options.fold_version(), partition);
    return IsReady(folder) ? folder : std::string();
  }
};

absl::StatusOr<OwnRows> OpenOwn(const Opening& opening) {
  OwnRows own;
  const std::string& folder = opening.home.folder;
  if (!HasRows(folder)) return own;
  const absl::StatusOr<std::string> mark = ReadFile(MarkIn(folder), kMaxMarkBytes);
  if (mark.ok()) {
    own.unfit = OfRows(absl::DataLossError(*mark));
    return own;
  }
  absl::StatusOr<std::unique_ptr<RowStore>> store = OpenRocksStore(folder, opening.memory);
  if (!store.ok()) {
    own.unfit = store.status();
    return own;
  }
  const absl::StatusOr<std::optional<CellRow>> row = ReadCellRow(**store);
  if (row.ok() && row->has_value() && (*row)->fold_version != opening.options.fold_version()) {
    own.other_version = (*row)->fold_version;
  }
  absl::StatusOr<std::unique_ptr<Cell>> cell =
      Cell::Open(opening.log, opening.partition, *std::move(store), opening.options);
  if (cell.ok()) {
    own.cell = *std::move(cell);
  } else {
    own.unfit = cell.status();
  }
  return own;
}

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
    if (place.fold_version != opening.options.fold_version() || place.position < least) continue;
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

// Moves damaged rows out of the way. Where some stand there already, those are kept: they are what
// the log has not given again yet, and the rows of today are no older than the try to do so.
absl::Status SetAside(const std::string& folder) {
  RETURN_IF_ERROR(CheckNotOpen(folder));
  const std::string aside = SetAsideOf(folder);
  if (HasRows(aside)) return RemoveFolder(folder);
  RETURN_IF_ERROR(RemoveFolder(aside));
  return MoveFolder(folder, aside);
}

// Puts the ready rows into the cell's folder; those of another version are kept where ready ones
// lie. A crash between the moves leaves no own rows, and so the ready ones to be taken over.
absl::Status TakeOver(const Opening& opening, const std::string& ready,
                      std::optional<uint64_t> other_version) {
  const CellHome& home = opening.home;
  RETURN_IF_ERROR(opening.OpenIn(ready).status());
  RETURN_IF_ERROR(CheckNotOpen(home.folder));
  const std::string replaced = home.folder + ".replaced";
  RETURN_IF_ERROR(RemoveFolder(replaced));
  if (HasRows(home.folder)) {
    if (other_version) {
      const std::string kept = RowsBeside(home.beside, *other_version, opening.partition);
      RETURN_IF_ERROR(MakeFolder(fs::path(kept).parent_path().string()));
      RETURN_IF_ERROR(RemoveFolder(kept));
      RETURN_IF_ERROR(MarkReady(home.folder));
      RETURN_IF_ERROR(MoveFolder(home.folder, kept));
    } else {
      RETURN_IF_ERROR(MoveFolder(home.folder, replaced));
    }
  }
  RETURN_IF_ERROR(MakeFolder(fs::path(home.folder).parent_path().string()));
  RETURN_IF_ERROR(MoveFolder(ready, home.folder));
  return RemoveFolder(replaced);
}

}  // namespace

absl::StatusOr<OpenedCell> OpenCell(EventLog* log, Partition partition, const CellHome& home,
                                    const RocksMemory& memory, const CellOptions& options) {
  const Opening opening{log, partition, home, memory, options};
  OpenedCell opened;
  const auto say = [&](std::string text) { opened.messages.push_back(std::move(text)); };
  ASSIGN_OR_RETURN(OwnRows own, OpenOwn(opening));
  if (IsRowsDamage(own.unfit) && home.heal) {
    say(fmt::format("the rows of partition {} are damaged and made anew: {}", partition.number(),
                    MessageOf(own.unfit)));
    RETURN_IF_ERROR(SetAside(home.folder));
    own = OwnRows();
  }
  const std::string ready = opening.ready();
  const bool wanted = own.cell == nullptr ? own.unfit.ok() || own.other_version : home.take_over;
  if (!ready.empty() && wanted) {
    own.cell.reset();  // a database is open in one place only
    absl::Status taken = TakeOver(opening, ready, own.other_version);
    if (taken.ok()) {
      say(fmt::format("partition {} takes over the rows that were made beside",
                      partition.number()));
      own.unfit = absl::OkStatus();
    } else if (IsOfThisCheckpoint(taken)) {
      say(fmt::format("the rows that were made beside for partition {} are not taken over: {}",
                      partition.number(), MessageOf(taken)));
    } else {
      return taken;
    }
    if (own.unfit.ok() && HasRows(home.folder)) {
      ASSIGN_OR_RETURN(own.cell, opening.OpenIn(home.folder));
    }
  }
  RETURN_IF_ERROR(own.unfit);
  opened.cell = std::move(own.cell);
  const Offset least =
      opened.cell != nullptr ? opened.cell->position().next.Plus(home.worth_restoring) : Offset(0);
  if (!home.checkpoints.empty()) {
    ASSIGN_OR_RETURN(const std::optional<CheckpointPlace> newest,
                     NewestCheckpoint(home.checkpoints, partition, options.fold_version()));
    if (newest && newest->position >= least) {
      opened.cell.reset();
      ASSIGN_OR_RETURN(opened.restored_from, Restore(opening, least, opened.messages));
    }
  }
  if (opened.cell == nullptr) {
    RETURN_IF_ERROR(MakeFolder(home.folder));
    ASSIGN_OR_RETURN(opened.cell, opening.OpenIn(home.folder));
  }
  return opened;
}

absl::Status MarkDamaged(const std::string& cell_folder, std::string_view why) {
  const absl::Status written = WriteFile(MarkIn(cell_folder), why.substr(0, kMaxMarkBytes));
  if (absl::IsAlreadyExists(written)) return absl::OkStatus();
  RETURN_IF_ERROR(written);
  return SyncFolder(cell_folder);
}

absl::Status DropSetAside(const std::string& cell_folder) {
  return RemoveFolder(SetAsideOf(cell_folder));
}

}  // namespace flywheel
