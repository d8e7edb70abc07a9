#include "app/data_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "app/progress.h"
#include "base/status.h"

namespace flywheel {
namespace {

std::filesystem::path LogFolder(const Context& context) {
  return std::filesystem::path(context.folder) / "log";
}

bool HoldsALog(const Context& context) {
  if (context.served != nullptr) return true;
  if (!context.log.empty()) return true;  // a topic that is missing says so itself
  std::error_code error;
  return std::filesystem::is_directory(LogFolder(context), error) &&
         !std::filesystem::is_empty(LogFolder(context), error) && !error;
}

absl::Status NoLog(const Context& context) {
  std::error_code error;
  if (std::filesystem::exists(context.folder, error) &&
      !std::filesystem::is_directory(context.folder, error)) {
    return absl::InvalidArgumentError(fmt::format("the data folder {} is a file", context.folder));
  }
  return absl::NotFoundError(
      fmt::format("the data folder {} holds no log yet: publish, import or simulate into it, or "
                  "name another with --data",
                  context.folder));
}

absl::StatusOr<std::unique_ptr<Engine>> Open(const Context& context, int32_t partitions,
                                             bool heal = true) {
  EngineOptions options;
  options.log = LogOptionsOf(context);
  options.log.partitions = partitions;
  options.heal = heal;
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(options);
  if (!engine.ok()) return InFolder(context, engine.status());
  return engine;
}

}  // namespace

absl::Status CheckLogIsThere(const Context& context) {
  return HoldsALog(context) ? absl::OkStatus() : NoLog(context);
}

absl::Status InFolder(const Context& context, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      fmt::format("the data folder {}: {}", context.folder, MessageOf(status)));
}

LogOptions LogOptionsOf(const Context& context) {
  if (context.served != nullptr) return context.served->log_options();
  LogOptions options;
  options.folder = context.folder;
  options.address = context.log;
  options.kafka = context.kafka;
  options.say = [err = context.err](std::string_view line) { *err << line << std::endl; };
  options.partitions = kDefaultPartitions;
  return options;
}

std::vector<const RowReader*> Folded::rows() const {
  std::vector<const RowReader*> rows;
  rows.reserve(views_.size());
  for (const std::shared_ptr<const CellView>& view : views_) rows.push_back(view->rows.get());
  return rows;
}

absl::Status Folded::Refresh(const Context& context) {
  if (engine_ == nullptr) {
    ASSIGN_OR_RETURN(views_, context.served->FoldedViews());
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CatchUp(context, *engine_));
  ASSIGN_OR_RETURN(views_, engine_->Views());
  return absl::OkStatus();
}

absl::StatusOr<Folded> OpenFolded(const Context& context) {
  if (context.served != nullptr) {
    ASSIGN_OR_RETURN(CellViews views, context.served->FoldedViews());
    return Folded(&context.served->log(), std::move(views), nullptr);
  }
  ASSIGN_OR_RETURN(std::shared_ptr<Engine> engine, OpenEngine(context));
  RETURN_IF_ERROR(CatchUp(context, *engine));
  ASSIGN_OR_RETURN(CellViews views, engine->Views());
  EventLog* const log = &engine->log();
  return Folded(log, std::move(views), std::move(engine));
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const Context& context, bool heal) {
  RETURN_IF_ERROR(CheckLogIsThere(context));
  return Open(context, kDefaultPartitions, heal);
}

absl::StatusOr<std::unique_ptr<Engine>> OpenOrMakeEngine(const Context& context,
                                                         int32_t partitions) {
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine,
                   Open(context, partitions != 0 ? partitions : kDefaultPartitions));
  if (partitions != 0 && partitions != engine->partitions()) {
    return absl::InvalidArgumentError(
        fmt::format("the log has {} partitions, which never changes; --partitions {} does not fit",
                    engine->partitions(), partitions));
  }
  return engine;
}

absl::Status CatchUp(const Context& context, Engine& engine) {
  Progress progress(context, "folding");
  return InFolder(context, engine.CatchUp([&](const FoldProgress& fold) {
    progress.Show(fold.folded, fold.to_fold);
  }));
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenLogToRead(const Context& context) {
  RETURN_IF_ERROR(CheckLogIsThere(context));
  absl::StatusOr<std::unique_ptr<EventLog>> log = OpenLogToRead(LogOptionsOf(context));
  if (!log.ok()) return InFolder(context, log.status());
  return log;
}

RecordCounts SumOfCounts(const CellViews& views) {
  RecordCounts sum;
  for (const std::shared_ptr<const CellView>& view : views) {
    const RecordCounts& counts = view->position.counts;
    sum.records += counts.records;
    sum.accepted += counts.accepted;
    sum.duplicates += counts.duplicates;
    sum.repeats += counts.repeats;
    sum.waiting += counts.waiting;
    for (size_t code = 0; code < sum.refused.size(); ++code) {
      sum.refused[code] += counts.refused[code];
    }
    sum.stale += counts.stale;
    sum.control += counts.control;
  }
  return sum;
}

}  // namespace flywheel
