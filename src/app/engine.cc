#include "app/engine.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "app/cell_folder.h"
#include "app/make_folder.h"
#include "base/status.h"
#include "projections/cell/cell_opening.h"
#include "projections/store/read_policies.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
Engine::Engine(const EngineOptions& options) : options_(options), memory_(options.rocks) {}

Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  if (options.log.partitions < 1 || options.log.partitions > 1024) {
    return absl::InvalidArgumentError(
        fmt::format("a log has 1 to 1024 partitions, not {}", options.log.partitions));
  }
  std::unique_ptr<Engine> engine(new Engine(options));
  RETURN_IF_ERROR(MakeFolder(options.log.folder));
  ASSIGN_OR_RETURN(engine->lock_, FolderLock::Take(options.log.folder));
  ASSIGN_OR_RETURN(engine->log_, OpenLog(options.log));
  RETURN_IF_ERROR(engine->OpenCells());
  return engine;
}

absl::Status Engine::OpenCells() {
  cells_.clear();
  cells_.reserve(static_cast<size_t>(log_->partitions()));
  for (Partition partition(0); partition < Partition(log_->partitions());
       partition = partition.Plus(1)) {
    ASSIGN_OR_RETURN(std::unique_ptr<Cell> cell, OpenOne(partition));
    cells_.push_back(std::move(cell));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Cell>> Engine::OpenOne(Partition partition) {
  const std::string& folder = options_.log.folder;
  CellHome home;
  home.folder = CellFolder(folder, partition).string();
  home.heal = options_.heal;
  if (options_.heal) {
    if (options_.log.embedded()) home.checkpoints = OwnCheckpoints(folder);
    home.beside = OwnRowsBeside(folder);
  }
  RETURN_IF_ERROR(MakeFolder(std::filesystem::path(home.folder).parent_path()));
  CellOptions options;
  options.cache_bytes = options_.cache_bytes / static_cast<size_t>(log_->partitions());
  ASSIGN_OR_RETURN(OpenedCell opened, OpenCell(log_.get(), partition, home, memory_, options));
  if (options_.log.say) {
    for (const std::string& message : opened.messages) options_.log.say(message);
  }
  return std::move(opened.cell);
}

absl::Status Engine::CatchUp(absl::FunctionRef<void(const FoldProgress&)> progress) {
  std::vector<absl::Status> outcomes = FoldAll(progress);
  bool damaged = false;
  for (size_t index = 0; index < outcomes.size() && options_.heal; ++index) {
    if (!IsRowsDamage(outcomes[index])) continue;
    const Partition partition(static_cast<int32_t>(index));
    cells_[index].reset();
    RETURN_IF_ERROR(MarkDamaged(CellFolder(options_.log.folder, partition).string(),
                                MessageOf(outcomes[index])));
    ASSIGN_OR_RETURN(cells_[index], OpenOne(partition));
    damaged = true;
  }
  if (damaged) outcomes = FoldAll(progress);
  for (const absl::Status& outcome : outcomes) RETURN_IF_ERROR(outcome);
  for (size_t index = 0; index < cells_.size() && options_.heal; ++index) {
    RETURN_IF_ERROR(DropSetAside(
        CellFolder(options_.log.folder, Partition(static_cast<int32_t>(index))).string()));
  }
  return absl::OkStatus();
}

std::vector<absl::Status> Engine::FoldAll(absl::FunctionRef<void(const FoldProgress&)> progress) {
  std::vector<absl::Status> outcomes(cells_.size());
  FoldProgress sum;
  std::vector<Offset> ends(cells_.size());
  std::vector<Offset> starts(cells_.size());
  for (size_t index = 0; index < cells_.size(); ++index) {
    const absl::StatusOr<Offset> end = log_->EndOffset(cells_[index]->partition());
    outcomes[index] = end.status();
    starts[index] = ends[index] = cells_[index]->position().next;
    if (!end.ok()) continue;
    ends[index] = *end;
    sum.to_fold += static_cast<uint64_t>(end->number() - starts[index].number());
  }
  absl::Mutex mutex;
  std::vector<uint64_t> folded(cells_.size(), 0);
  const auto fold = [&](size_t index) {
    outcomes[index] = cells_[index]->CatchUp(ends[index], [&](const CellRow& position) {
      absl::MutexLock lock(&mutex);
      const auto now = static_cast<uint64_t>(position.next.number() - starts[index].number());
      sum.folded += now - folded[index];
      folded[index] = now;
      progress(sum);
    });
  };
  std::vector<std::thread> threads;
  for (size_t index = 0; index < cells_.size(); ++index) {
    if (starts[index] < ends[index]) threads.emplace_back(fold, index);
  }
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

absl::StatusOr<CellViews> Engine::Views() const {
  CellViews views;
  views.reserve(cells_.size());
  for (const std::unique_ptr<Cell>& cell : cells_) {
    ASSIGN_OR_RETURN(PolicyBook policies, ReadPolicies(cell->store(), kLatestInstant));
    auto view = std::make_shared<CellView>();
    view->position = cell->position();
    view->rows = cell->store().Snapshot();
    view->policies = std::make_shared<const PolicyBook>(std::move(policies));
    views.push_back(std::move(view));
  }
  return views;
}

absl::Status Engine::DropRows() {
  cells_.clear();
  RETURN_IF_ERROR(DropCells(options_.log.folder));
  return OpenCells();
}

}  // namespace flywheel
