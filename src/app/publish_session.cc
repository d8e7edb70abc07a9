#include "app/publish_session.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "app/data_folder.h"
#include "base/status.h"

namespace flywheel {
namespace {

// Each fold makes its rows durable, which costs a file: not more often than this.
constexpr std::chrono::milliseconds kFoldInterval{500};

int64_t Difference(uint64_t before, uint64_t after) {
  return static_cast<int64_t>(after) - static_cast<int64_t>(before);
}

}  // namespace

FoldOutcome DifferenceOf(const RecordCounts& before, const RecordCounts& after) {
  FoldOutcome outcome;
  outcome.records = Difference(before.records, after.records);
  outcome.accepted = Difference(before.accepted, after.accepted);
  outcome.duplicates = Difference(before.duplicates, after.duplicates);
  outcome.repeats = Difference(before.repeats, after.repeats);
  outcome.waiting = Difference(before.waiting, after.waiting);
  for (size_t code = 0; code < outcome.refused.size(); ++code) {
    outcome.refused[code] = Difference(before.refused[code], after.refused[code]);
  }
  outcome.stale = Difference(before.stale, after.stale);
  outcome.control = Difference(before.control, after.control);
  return outcome;
}

std::string Describe(const FoldOutcome& outcome) {
  std::string text = fmt::format("accepted {}", outcome.accepted);
  const auto add = [&](std::string_view name, int64_t count) {
    if (count != 0) text += fmt::format(", {} {}", name, count);
  };
  add("duplicates", outcome.duplicates);
  add("repeats", outcome.repeats);
  add("waiting", outcome.waiting);
  for (size_t code = 0; code < outcome.refused.size(); ++code) {
    add(NameOf(static_cast<RefusalCode>(code)), outcome.refused[code]);
  }
  add("stale", outcome.stale);
  add("control", outcome.control);
  return text;
}

void WriteFoldOutcome(const FoldOutcome& outcome, JsonWriter& json) {
  json.BeginObject();
  json.Field("records", outcome.records).Field("accepted", outcome.accepted);
  json.Field("duplicates", outcome.duplicates).Field("repeats", outcome.repeats);
  json.Field("waiting", outcome.waiting).Key("refused").BeginObject();
  for (size_t code = 0; code < outcome.refused.size(); ++code) {
    if (outcome.refused[code] != 0) {
      json.Field(NameOf(static_cast<RefusalCode>(code)), outcome.refused[code]);
    }
  }
  json.EndObject().Field("stale", outcome.stale).Field("control", outcome.control);
  json.EndObject();
}

absl::StatusOr<std::unique_ptr<PublishSession>> PublishSession::Open(const Context& context,
                                                                     int32_t partitions) {
  if (context.served != nullptr) {
    ASSIGN_OR_RETURN(const CellViews views, context.served->FoldedViews());
    if (partitions != 0 && static_cast<size_t>(partitions) != views.size()) {
      return absl::InvalidArgumentError(fmt::format(
          "the log has {} partitions, which never changes; --partitions {} does not fit",
          views.size(), partitions));
    }
    return std::unique_ptr<PublishSession>(
        new PublishSession(context, nullptr, &context.served->log(), views));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, OpenOrMakeEngine(context, partitions));
  // Policies that stand in the log decide what is valid from here on.
  RETURN_IF_ERROR(CatchUp(context, *engine));
  ASSIGN_OR_RETURN(const CellViews views, engine->Views());
  EventLog* const log = &engine->log();
  return std::unique_ptr<PublishSession>(
      new PublishSession(context, std::move(engine), log, views));
}

PublishSession::PublishSession(const Context& context, std::unique_ptr<Engine> engine,
                               EventLog* log, const CellViews& before)
    : context_(context),
      engine_(std::move(engine)),
      before_(SumOfCounts(before)),
      publisher_(log, [policies = before[0]->policies] { return policies; }, context.wall_clock) {
  if (engine_ != nullptr) folder_ = std::thread([this] { FoldBehind(); });
}

PublishSession::~PublishSession() { StopFolding(); }

void PublishSession::FoldBehind() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopped_.wait_for(lock, kFoldInterval, [&] { return stop_; })) {
    lock.unlock();
    absl::Status status = engine_->CatchUp([](const FoldProgress&) {});
    lock.lock();
    if (!status.ok()) {
      fold_status_ = std::move(status);
      return;
    }
  }
}

void PublishSession::StopFolding() {
  if (!folder_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  folder_.join();
}

absl::StatusOr<RecordCounts> PublishSession::CountsAtTheEnd() {
  StopFolding();
  if (engine_ == nullptr) {
    ASSIGN_OR_RETURN(const CellViews views, context_.served->FoldedViews());
    return SumOfCounts(views);
  }
  RETURN_IF_ERROR(fold_status_);
  RETURN_IF_ERROR(CatchUp(context_, *engine_));
  ASSIGN_OR_RETURN(const CellViews views, engine_->Views());
  return SumOfCounts(views);
}

absl::StatusOr<FoldOutcome> PublishSession::Finish() {
  const absl::StatusOr<RecordCounts> after = CountsAtTheEnd();
  if (!after.ok()) {
    return absl::Status(
        after.status().code(),
        fmt::format(
            "what was accepted is in the log and will be folded later; now it cannot be: {}",
            MessageOf(after.status())));
  }
  return DifferenceOf(before_, *after);
}

}  // namespace flywheel
