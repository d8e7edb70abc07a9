#include "app/serve/cell_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <utility>

#include "absl/time/clock.h"
#include "app/cell_folder.h"
#include "app/make_folder.h"
#include "base/deadline.h"
#include "base/status.h"
#include "projections/cell/cell_opening.h"

namespace flywheel {
namespace {

size_t Index(Partition partition) { return static_cast<size_t>(partition.number()); }

}  // namespace

CellHost::CellHost(EventLog* log, std::function<Instant()> wall_clock, CellHostOptions options)
    : log_(log),
      wall_clock_(std::move(wall_clock)),
      options_(std::move(options)),
      memory_(options_.rocks),
      slots_(static_cast<size_t>(log->partitions())) {
  if (!options_.checkpoints.shared.empty()) {
    checkpoints_ = std::make_unique<CheckpointWriter>(options_.checkpoints, options_.say);
  }
}

CellHost::~CellHost() { Stop(); }

std::string CellHost::FolderOf(Partition partition) const {
  return CellFolder(options_.folder, partition).string();
}

absl::StatusOr<std::unique_ptr<Cell>> CellHost::Open(Partition partition,
                                                     const CellOptions& options) {
  CellHome home;
  home.folder = FolderOf(partition);
  home.checkpoints = options_.checkpoints.shared;
  home.beside = OwnRowsBeside(options_.folder);
  {
    MutexLock lock(&mutex_);
    home.take_over = TakeOverFlag(partition);
  }
  RETURN_IF_ERROR(MakeFolder(std::filesystem::path(home.folder).parent_path()));
  ASSIGN_OR_RETURN(OpenedCell opened, OpenCell(log_, partition, home, memory_, options));
  if (home.take_over) {
    MutexLock lock(&mutex_);
    TakeOverFlag(partition) = false;
  }
  if (options_.say) {
    for (const std::string& message : opened.messages) options_.say(message);
    if (opened.restored_from) {
      options_.say(fmt::format("partition {} goes on from the checkpoint at offset {}",
                               partition.number(), opened.restored_from->position.number()));
    }
  }
  return std::move(opened.cell);
}

bool& CellHost::TakeOverFlag(Partition partition) { return slots_[Index(partition)].take_over; }

absl::Status CellHost::Checkpoint(Partition partition, const RowStore& rows,
                                  CheckpointWriter::Done done) {
  if (checkpoints_->Busy(partition)) {
    return absl::UnavailableError("the one before is still being written");
  }
  ASSIGN_OR_RETURN(CutRows cut, CutCheckpoint(rows, FolderOf(partition) + ".cut"));
  checkpoints_->Write(std::move(cut), partition, std::move(done));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<LiveCell>> CellHost::NeedHeld(Partition partition) const {
  std::shared_ptr<LiveCell> cell = Held(partition);
  if (cell != nullptr) return cell;
  return absl::FailedPreconditionError(fmt::format(
      "this node does not hold partition {}; `flywheel nodes` says who does", partition.number()));
}

absl::StatusOr<CheckpointPlace> CellHost::MakeCheckpoint(Partition partition,
                                                         absl::Duration timeout) {
  if (checkpoints_ == nullptr) {
    return absl::FailedPreconditionError(
        "this server makes no checkpoints; start it with --checkpoints DIR");
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<LiveCell> cell, NeedHeld(partition));
  const Deadline deadline = Deadline::In(timeout);
  const auto made = std::make_shared<std::promise<absl::StatusOr<CheckpointPlace>>>();
  while (true) {
    absl::Status cut = cell->BetweenBatches(
        [&](const RowStore& rows, const CellRow&) {
          return Checkpoint(partition, rows, [made](const absl::StatusOr<CheckpointPlace>& place) {
            made->set_value(place);
          });
        },
        deadline.left());
    if (cut.ok()) return made->get_future().get();
    // The one of the interval may be on its way.
    if (!absl::IsUnavailable(cut) || deadline.passed()) return cut;
    absl::SleepFor(absl::Milliseconds(20));
  }
}

absl::StatusOr<CutRows> CellHost::CutRowsOf(Partition partition, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::shared_ptr<LiveCell> cell, NeedHeld(partition));
  absl::StatusOr<CutRows> cut = absl::UnavailableError("not cut");
  RETURN_IF_ERROR(cell->BetweenBatches(
      [&](const RowStore& rows, const CellRow&) {
        cut = CutCheckpoint(rows, FolderOf(partition) + ".backup");
        return cut.status();
      },
      timeout));
  return cut;
}

absl::Status CellHost::TakeOverRows(Partition partition, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::shared_ptr<LiveCell> cell, NeedHeld(partition));
  {
    MutexLock lock(&mutex_);
    TakeOverFlag(partition) = true;
  }
  return cell->Reopen(timeout);
}

std::shared_ptr<LiveCell> CellHost::NewCell(Partition partition) {
  LiveCellOptions options = options_.cell;
  options.ticks = true;
  options.cell.cache_bytes = options_.cache_bytes / static_cast<size_t>(log_->partitions());
  if (checkpoints_ != nullptr) {
    options.checkpoint = [this, partition](const RowStore& rows, const CellRow&) {
      return Checkpoint(partition, rows, nullptr);
    };
  }
  options.rows_damaged = [folder = FolderOf(partition)](const absl::Status& damage) {
    return MarkDamaged(folder, MessageOf(damage));
  };
  options.caught_up = [folder = FolderOf(partition)] { return DropSetAside(folder); };
  const auto open = [this, partition, cell = options.cell] { return Open(partition, cell); };
  auto cell = std::make_shared<LiveCell>(log_, partition, open, wall_clock_, std::move(options));
  cell->Start();
  return cell;
}

void CellHost::Hold(const std::vector<Partition>& partitions) {
  MutexLock lock(&mutex_);
  for (size_t number = 0; number < slots_.size(); ++number) {
    const Partition partition(static_cast<int32_t>(number));
    Slot& slot = slots_[number];
    const bool wanted =
        std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
    if (slot.held && !wanted) slot.closes = Deadline::In(options_.keep_released);
    slot.held = wanted;
    if (slot.cell != nullptr) slot.cell->SetOwner(wanted);
    if (wanted && slot.cell == nullptr) slot.cell = NewCell(partition);
  }
}

void CellHost::HoldAll() {
  std::vector<Partition> all;
  all.reserve(static_cast<size_t>(log_->partitions()));
  for (int32_t number = 0; number < log_->partitions(); ++number) all.emplace_back(number);
  Hold(all);
}

void CellHost::CloseIdle() {
  std::vector<std::shared_ptr<LiveCell>> idle;
  {
    MutexLock lock(&mutex_);
    for (Slot& slot : slots_) {
      if (slot.held || slot.cell == nullptr) continue;
      if (slot.closes.passed()) {
        idle.push_back(std::move(slot.cell));
        slot.cell = nullptr;
      }
    }
  }
  for (const std::shared_ptr<LiveCell>& cell : idle) cell->Stop();
}

void CellHost::Stop() {
  std::vector<std::shared_ptr<LiveCell>> cells;
  {
    MutexLock lock(&mutex_);
    for (Slot& slot : slots_) {
      slot.held = false;
      if (slot.cell != nullptr) cells.push_back(std::move(slot.cell));
      slot.cell = nullptr;
    }
  }
  for (const std::shared_ptr<LiveCell>& cell : cells) cell->Stop();
}

std::shared_ptr<LiveCell> CellHost::Held(Partition partition) const {
  MutexLock lock(&mutex_);
  if (Index(partition) >= slots_.size() || !slots_[Index(partition)].held) return nullptr;
  return slots_[Index(partition)].cell;
}

bool CellHost::Holds(Partition partition) const { return Held(partition) != nullptr; }

std::shared_ptr<const CellView> CellHost::View(Partition partition) const {
  const std::shared_ptr<LiveCell> cell = Held(partition);
  return cell != nullptr ? cell->View() : nullptr;
}

std::shared_ptr<const CellView> CellHost::ServingView(Partition partition) const {
  const std::shared_ptr<LiveCell> cell = Held(partition);
  return cell != nullptr ? cell->ServingView() : nullptr;
}

std::optional<CellProgress> CellHost::Progress(Partition partition) const {
  const std::shared_ptr<LiveCell> cell = Held(partition);
  if (cell == nullptr) return std::nullopt;
  return cell->Progress();
}

CellViews CellHost::Views() const {
  CellViews views;
  for (int32_t number = 0; number < log_->partitions(); ++number) {
    views.push_back(View(Partition(number)));
  }
  return views;
}

absl::StatusOr<CellViews> CellHost::ViewsAtTheEnd(absl::Duration timeout) const {
  const Deadline deadline = Deadline::In(timeout);
  CellViews views;
  for (Partition partition(0); partition < Partition(log_->partitions());
       partition = partition.Plus(1)) {
    ASSIGN_OR_RETURN(const std::shared_ptr<LiveCell> cell, NeedHeld(partition));
    ASSIGN_OR_RETURN(const Offset end, log_->EndOffset(partition));
    if (!cell->WaitFor(end, deadline.left())) {
      const CellProgress progress = cell->Progress();
      return absl::UnavailableError(fmt::format("partition {} is folded up to offset {} of {}{}{}",
                                                partition.number(), progress.next.number(),
                                                end.number(), progress.trouble.empty() ? "" : ": ",
                                                progress.trouble));
    }
    views.push_back(cell->View());
  }
  return views;
}

}  // namespace flywheel
