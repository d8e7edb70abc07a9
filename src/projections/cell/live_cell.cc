#include "projections/cell/live_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

// Intervals go by the monotonic clock, so that a wall clock that is set does not stop them.
absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(Clock::now().time_since_epoch());
}

// Errors that pass without anybody changing the rows or the log's past.
bool MayPass(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kNotFound:
      return true;
    default:
      return false;
  }
}

}  // namespace

LiveCell::LiveCell(EventLog* log, Partition partition, OpenRows open_rows,
                   std::function<Instant()> wall_clock, LiveCellOptions options)
    : log_(log),
      partition_(partition),
      open_rows_(std::move(open_rows)),
      wall_clock_(std::move(wall_clock)),
      options_(std::move(options)) {
  if (!options_.ticks) return;
  ticker_.emplace(log_, partition_, wall_clock_,
                  options_.monotonic_clock ? options_.monotonic_clock : MonotonicNow,
                  options_.ticker);
}

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
  return view_;
}

std::shared_ptr<const CellView> LiveCell::ServingView() const {
  MutexLock lock(&mutex_);
  return progress_.state == CellProgress::State::kServing ? view_ : nullptr;
}

CellProgress LiveCell::Progress() const {
  MutexLock lock(&mutex_);
  return progress_;
}

bool LiveCell::WaitFor(Offset end, absl::Duration timeout) const {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(timeout);
  MutexLock lock(&mutex_);
  for (;;) {
    if (viewed_ >= end) return true;
    if (stop_ || progress_.state == CellProgress::State::kStopped) return false;
    if (changed_.WaitUntil(&mutex_, deadline)) return viewed_ >= end;
  }
}

bool LiveCell::stopping() const {
  MutexLock lock(&mutex_);
  return stop_;
}

bool LiveCell::Pause(absl::Duration pause) {
  const auto deadline = Clock::now() + absl::ToChronoMilliseconds(pause);
  MutexLock lock(&mutex_);
  while (!stop_) {
    if (changed_.WaitUntil(&mutex_, deadline)) break;
  }
  return !stop_;
}

void LiveCell::NoteTrouble(CellProgress::State state, const absl::Status& trouble) {
  MutexLock lock(&mutex_);
  progress_.state = state;
  progress_.trouble = std::string(MessageOf(trouble));
  changed_.NotifyAll();
}

void LiveCell::Run() {
  absl::Duration pause = options_.first_pause;
  while (!stopping()) {
    absl::Status status = OpenCell();
    if (status.ok()) {
      const absl::Time opened = MonotonicNow();
      status = Follow();
      if (MonotonicNow() - opened > options_.last_pause) pause = options_.first_pause;
    }
    if (status.ok()) break;
    // What is not written yet is folded again, from the last written rows.
    cell_.reset();
    if (!MayPass(status)) {
      NoteTrouble(CellProgress::State::kStopped, status);
      return;
    }
    NoteTrouble(View() != nullptr ? CellProgress::State::kServing : CellProgress::State::kRestoring,
                status);
    if (!Pause(pause)) break;
    pause = std::min(pause * 2, options_.last_pause);
  }
  if (cell_ == nullptr) return;
  absl::Status last = cell_->Write(/*durable=*/true);
  if (last.ok()) last = Checkpoint();
  if (!last.ok()) NoteTrouble(Progress().state, last);
}

absl::Status LiveCell::OpenCell() {
  if (store_ == nullptr) {
    ASSIGN_OR_RETURN(cell_, open_rows_());
    store_ = cell_->shared_store();
  } else {
    // The database stays open: views may still be read.
    ASSIGN_OR_RETURN(cell_, Cell::Open(log_, partition_, store_, options_.cell));
  }
  policies_ = std::make_shared<const PolicyBook>(cell_->policies());
  flushed_ = checkpointed_ = MonotonicNow();
  return LearnEnd();
}

absl::Status LiveCell::LearnEnd() {
  ASSIGN_OR_RETURN(const Offset end, log_->EndOffset(partition_));
  end_asked_ = MonotonicNow();
  MutexLock lock(&mutex_);
  progress_.end = std::max(end, cell_->next_read());
  if (viewed_ >= progress_.end) progress_.fresh_at = wall_clock_();
  progress_.trouble.clear();
  return absl::OkStatus();
}

// Folds what was in the log, without a view for each read.
absl::Status LiveCell::CatchUpOnce() {
  Offset end = Progress().end;
  while (cell_->next_read() < end && !stopping()) {
    RETURN_IF_ERROR(cell_->Step(options_.read_wait).status());
    MutexLock lock(&mutex_);
    progress_.last_recorded_at = cell_->position().last_recorded_at;
    progress_.next = cell_->next_read();
  }
  return absl::OkStatus();
}

absl::Status LiveCell::Follow() {
  RETURN_IF_ERROR(CatchUpOnce());
  if (stopping()) return absl::OkStatus();
  RETURN_IF_ERROR(cell_->Write(/*durable=*/false));
  Publish();
  RETURN_IF_ERROR(LearnEnd());
  while (!stopping()) {
    ASSIGN_OR_RETURN(const size_t records, cell_->Step(options_.read_wait));
    if (records > 0) {
      RETURN_IF_ERROR(cell_->Write(/*durable=*/false));
      Publish();
    } else {
      NoteViewed();
    }
    RETURN_IF_ERROR(KeepUp());
  }
  return absl::OkStatus();
}

// What is due by the clock. A checkpoint that fails stops nothing.
absl::Status LiveCell::KeepUp() {
  if (ticker_ && owner_ && cell_->next_read() >= Progress().end) ticker_->KeepUp(*cell_);
  const absl::Time now = MonotonicNow();
  if (now - end_asked_ >= options_.end_interval) RETURN_IF_ERROR(LearnEnd());
  if (now - flushed_ >= options_.flush_interval) {
    if (cell_->position().next != durable_next_) {
      RETURN_IF_ERROR(cell_->Write(/*durable=*/true));
      durable_next_ = cell_->position().next;
    }
    flushed_ = now;
  }
  if (now - checkpointed_ >= options_.checkpoint_interval) {
    checkpointed_ = now;
    RETURN_IF_ERROR(Checkpoint());
  }
  return absl::OkStatus();
}

absl::Status LiveCell::Checkpoint() {
  if (!options_.checkpoint || cell_->position().next == checkpoint_next_) return absl::OkStatus();
  if (cell_->position().last < Offset(0)) return absl::OkStatus();  // nothing is folded yet
  RETURN_IF_ERROR(cell_->Write(/*durable=*/true));
  durable_next_ = cell_->position().next;
  const absl::Status status = options_.checkpoint(*store_, cell_->position());
  if (status.ok()) checkpoint_next_ = cell_->position().next;
  MutexLock lock(&mutex_);
  progress_.checkpoint_trouble = std::string(MessageOf(status));
  if (status.ok()) ++progress_.checkpoints;
  return absl::OkStatus();
}

void LiveCell::Publish() {
  if (policies_->size() != cell_->policies().size()) {
    policies_ = std::make_shared<const PolicyBook>(cell_->policies());
  }
  auto view = std::make_shared<CellView>();
  view->position = cell_->position();
  view->rows = store_->Snapshot();
  view->policies = policies_;
  MutexLock lock(&mutex_);
  view_ = std::move(view);
  progress_.state = CellProgress::State::kServing;
  progress_.last_recorded_at = cell_->position().last_recorded_at;
  viewed_ = progress_.next = cell_->next_read();
  progress_.end = std::max(progress_.end, viewed_);
  changed_.NotifyAll();
}

// A gap in the log moves the end of what is read without a record.
void LiveCell::NoteViewed() {
  MutexLock lock(&mutex_);
  if (viewed_ == cell_->next_read()) return;
  viewed_ = progress_.next = cell_->next_read();
  progress_.end = std::max(progress_.end, viewed_);
  changed_.NotifyAll();
}

}  // namespace flywheel
