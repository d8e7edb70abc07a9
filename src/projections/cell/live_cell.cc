#include "projections/cell/live_cell.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// Intervals go by the monotonic clock, so that a wall clock that is set does not stop them.
absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(Clock::now().time_since_epoch());
}

}  // namespace

LiveCell::LiveCell(EventLog* log, Partition partition, OpenRows open_rows,
                   std::function<Instant()> wall_clock, LiveCellOptions options)
    : partition_(partition),
      open_rows_(std::move(open_rows)),
      follower_(
          log, partition, [this] { return OpenAndAnswer(); }, {std::move(wall_clock), MonotonicNow},
          std::move(options), [this](const CellStanding& standing) { Show(standing); }) {}

LiveCell::~LiveCell() { Stop(); }

void LiveCell::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LiveCell::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const CellView> LiveCell::View() const {
  MutexLock lock(&mutex_);
  return standing_.view;
}

std::shared_ptr<const CellView> LiveCell::ServingView() const {
  MutexLock lock(&mutex_);
  return standing_.progress.state == CellProgress::State::kServing ? standing_.view : nullptr;
}

CellProgress LiveCell::Progress() const {
  MutexLock lock(&mutex_);
  return standing_.progress;
}

bool LiveCell::WaitFor(Offset end, absl::Duration timeout) const {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(timeout);
  MutexLock lock(&mutex_);
  for (;;) {
    if (standing_.viewed >= end) return true;
    if (stop_ || standing_.progress.state == CellProgress::State::kStopped) return false;
    if (changed_.WaitUntil(&mutex_, deadline)) return standing_.viewed >= end;
  }
}

// Work that was begun is waited for however long it takes: it may use what the caller has.
absl::Status LiveCell::Await(std::shared_ptr<Asked>* slot, Work work, absl::Duration timeout) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(timeout);
  MutexLock lock(&mutex_);
  bool in_time = true;
  while (*slot != nullptr && in_time) in_time = WaitForTurn(deadline);
  if (*slot != nullptr) return Late();
  const auto asked = std::make_shared<Asked>();
  asked->work = std::move(work);
  *slot = asked;
  while (!asked->outcome && (in_time || asked->begun)) {
    if (asked->begun) {
      changed_.Wait(&mutex_);
    } else {
      in_time = WaitForTurn(deadline);
    }
  }
  if (asked->outcome) return *asked->outcome;
  if (*slot == asked) *slot = nullptr;
  return Late();
}

bool LiveCell::WaitForTurn(std::chrono::steady_clock::time_point deadline) {
  if (stop_ || standing_.progress.state == CellProgress::State::kStopped) return false;
  return !changed_.WaitUntil(&mutex_, deadline);
}

absl::Status LiveCell::Late() const {
  return absl::UnavailableError(
      fmt::format("partition {} does not get to it{}{}", partition_.number(),
                  standing_.progress.trouble.empty() ? "" : ": ", standing_.progress.trouble));
}

absl::Status LiveCell::BetweenBatches(Work work, absl::Duration timeout) {
  return Await(&asked_, std::move(work), timeout);
}

absl::Status LiveCell::Reopen(absl::Duration timeout) { return Await(&reopen_, nullptr, timeout); }

bool LiveCell::stopping() const {
  MutexLock lock(&mutex_);
  return stop_;
}

bool LiveCell::Pause(absl::Duration pause) {
  if (pause == absl::ZeroDuration()) return true;
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(pause);
  MutexLock lock(&mutex_);
  while (!stop_) {
    if (changed_.WaitUntil(&mutex_, deadline)) break;
  }
  return !stop_;
}

// ---------------------------------------------------------------- the cell's thread

void LiveCell::Run() {
  while (!stopping()) {
    follower_.Step();
    if (follower_.follows()) DoAskedWork();
    if (follower_.follows() && ReopenAsked() != nullptr) follower_.Reopen();
    if (follower_.stopped() || !Pause(follower_.pause())) break;
  }
  follower_.End();
}

void LiveCell::Show(const CellStanding& standing) {
  MutexLock lock(&mutex_);
  standing_ = standing;
  changed_.NotifyAll();
}

std::shared_ptr<LiveCell::Asked> LiveCell::ReopenAsked() const {
  MutexLock lock(&mutex_);
  return reopen_;
}

absl::StatusOr<std::unique_ptr<Cell>> LiveCell::OpenAndAnswer() {
  const std::shared_ptr<Asked> reopen = ReopenAsked();
  absl::StatusOr<std::unique_ptr<Cell>> opened = open_rows_();
  // Readers that go on for a moment are waited for.
  if (reopen == nullptr || absl::IsUnavailable(opened.status())) return opened;
  MutexLock lock(&mutex_);
  reopen->outcome = opened.status();
  if (reopen_ == reopen) reopen_ = nullptr;
  changed_.NotifyAll();
  return opened;
}

void LiveCell::DoAskedWork() {
  std::shared_ptr<Asked> asked;
  {
    MutexLock lock(&mutex_);
    asked = asked_;
    if (asked == nullptr) return;
    asked->begun = true;
  }
  absl::Status outcome = follower_.Do(asked->work);
  MutexLock lock(&mutex_);
  asked->outcome = std::move(outcome);
  if (asked_ == asked) asked_ = nullptr;
  changed_.NotifyAll();
}

}  // namespace flywheel
