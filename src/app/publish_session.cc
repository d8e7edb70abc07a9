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
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, OpenOrMakeEngine(context, partitions));
  // Policies that stand in the log decide what is valid from here on.
  RETURN_IF_ERROR(CatchUp(context, *engine));
  ASSIGN_OR_RETURN(PolicyBook policies, engine->Policies());
  return std::unique_ptr<PublishSession>(
      new PublishSession(context, std::move(engine), std::move(policies)));
}

PublishSession::PublishSession(const Context& context, std::unique_ptr<Engine> engine,
                               PolicyBook policies)
    : context_(context), engine_(std::move(engine)), before_(SumOfCounts(*engine_)) {
  publisher_.emplace(
      &engine_->log(),
      [book = std::make_shared<const PolicyBook>(std::move(policies))] { return book; },
      context.wall_clock);
  folder_ = std::thread([this] { FoldBehind(); });
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

absl::StatusOr<FoldOutcome> PublishSession::Finish() {
  StopFolding();
  if (fold_status_.ok()) fold_status_ = CatchUp(context_, *engine_);
  if (!fold_status_.ok()) {
    return absl::Status(
        fold_status_.code(),
        fmt::format(
            "what was accepted is in the log and will be folded later; now it cannot be: {}",
            MessageOf(fold_status_)));
  }
  return DifferenceOf(before_, SumOfCounts(*engine_));
}

}  // namespace flywheel
