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
#include "projections/store/read_policies.h"

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
  CellOptions options;
  options.cache_bytes = options_.cache_bytes / static_cast<size_t>(log_->partitions());
  for (Partition partition(0); partition < Partition(log_->partitions());
       partition = partition.Plus(1)) {
    const std::filesystem::path folder = CellFolder(options_.log.folder, partition);
    RETURN_IF_ERROR(MakeFolder(folder));
    ASSIGN_OR_RETURN(std::unique_ptr<RowStore> store, OpenRocksStore(folder.string(), memory_));
    ASSIGN_OR_RETURN(std::unique_ptr<Cell> cell,
                     Cell::Open(log_.get(), partition, std::move(store), options));
    cells_.push_back(std::move(cell));
  }
  return absl::OkStatus();
}

absl::Status Engine::CatchUp(absl::FunctionRef<void(const FoldProgress&)> progress) {
  FoldProgress sum;
  std::vector<Offset> ends;
  std::vector<Offset> starts;
  ends.reserve(cells_.size());
  starts.reserve(cells_.size());
  for (const std::unique_ptr<Cell>& cell : cells_) {
    ASSIGN_OR_RETURN(const Offset end, log_->EndOffset(cell->partition()));
    ends.push_back(end);
    starts.push_back(cell->position().next);
    sum.to_fold += static_cast<uint64_t>(end.number() - starts.back().number());
  }
  absl::Mutex mutex;
  absl::Status status;
  std::vector<uint64_t> folded(cells_.size(), 0);
  const auto fold = [&](size_t index) {
    const absl::Status outcome = cells_[index]->CatchUp(ends[index], [&](const CellRow& position) {
      absl::MutexLock lock(&mutex);
      const auto now = static_cast<uint64_t>(position.next.number() - starts[index].number());
      sum.folded += now - folded[index];
      folded[index] = now;
      progress(sum);
    });
    absl::MutexLock lock(&mutex);
    status.Update(outcome);
  };
  std::vector<std::thread> threads;
  for (size_t index = 0; index < cells_.size(); ++index) {
    if (cells_[index]->position().next < ends[index]) threads.emplace_back(fold, index);
  }
  for (std::thread& thread : threads) thread.join();
  return status;
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
