#include "projections/cell/live_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "projections/store/rocks_store.h"
#include "projections/store/rows_damage.h"

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
  if (stop_ || progress_.state == CellProgress::State::kStopped) return false;
  return !changed_.WaitUntil(&mutex_, deadline);
}

absl::Status LiveCell::Late() const {
  return absl::UnavailableError(
      fmt::format("partition {} does not get to it{}{}", partition_.number(),
                  progress_.trouble.empty() ? "" : ": ", progress_.trouble));
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
    if (status.ok()) {
      if (stopping()) break;
      CloseRows();  // somebody has asked for that
      continue;
    }
    // What is not written yet is folded again, from the last written rows.
    cell_.reset();
    if (IsRowsDamage(status) && Heal(&status)) continue;
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

// Gives up the rows: who still reads them keeps them open a little longer, and what opens them anew
// waits for that.
void LiveCell::CloseRows() {
  cell_.reset();
  store_.reset();
  durable_next_ = checkpoint_next_ = Offset(-1);
  MutexLock lock(&mutex_);
  view_ = nullptr;
  viewed_ = Offset(-1);
  progress_.state = CellProgress::State::kRestoring;
  changed_.NotifyAll();
}

bool LiveCell::Heal(absl::Status* status) {
  if (!options_.rows_damaged) return false;
  const absl::Time now = MonotonicNow();
  while (!healed_.empty() && now - healed_.front() > options_.heal_window) healed_.pop_front();
  if (healed_.size() >= static_cast<size_t>(options_.max_heals)) {
    *status = absl::DataLossError(
        fmt::format("the rows were made anew {} times and are damaged again; look after the disk: "
                    "{}",
                    healed_.size(), MessageOf(*status)));
    return false;
  }
  healed_.push_back(now);
  CloseRows();
  NoteTrouble(CellProgress::State::kRestoring, *status);
  const absl::Status noted = options_.rows_damaged(*status);
  if (!noted.ok()) {
    *status = noted;
    return false;
  }
  MutexLock lock(&mutex_);
  ++progress_.heals;
  return true;
}

absl::Status LiveCell::OpenCell() {
  if (store_ == nullptr) {
    const std::shared_ptr<Asked> reopen = ReopenAsked();
    absl::StatusOr<std::unique_ptr<Cell>> opened = open_rows_();
    // Readers that go on for a moment are waited for.
    if (reopen != nullptr && !absl::IsUnavailable(opened.status())) {
      AnswerReopen(*reopen, opened.status());
    }
    RETURN_IF_ERROR(opened.status());
    cell_ = *std::move(opened);
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
  if (options_.caught_up) RETURN_IF_ERROR(options_.caught_up());
  while (!stopping()) {
    ASSIGN_OR_RETURN(const size_t records, cell_->Step(options_.read_wait));
    RETURN_IF_ERROR(OfRows(DamageOf(*store_)));
    if (records > 0) {
      RETURN_IF_ERROR(cell_->Write(/*durable=*/false));
      Publish();
    } else {
      NoteViewed();
    }
    RETURN_IF_ERROR(KeepUp());
    RETURN_IF_ERROR(DoAskedWork());
    if (ReopenAsked() != nullptr) return cell_->Write(/*durable=*/true);
  }
  return absl::OkStatus();
}

std::shared_ptr<LiveCell::Asked> LiveCell::ReopenAsked() const {
  MutexLock lock(&mutex_);
  return reopen_;
}

void LiveCell::AnswerReopen(Asked& reopen, const absl::Status& outcome) {
  MutexLock lock(&mutex_);
  reopen.outcome = outcome;
  if (reopen_.get() == &reopen) reopen_ = nullptr;
  changed_.NotifyAll();
}

// An error of the work is its own; one of the rows is the cell's.
absl::Status LiveCell::DoAskedWork() {
  std::shared_ptr<Asked> asked;
  {
    MutexLock lock(&mutex_);
    asked = asked_;
    if (asked == nullptr) return absl::OkStatus();
    asked->begun = true;
  }
  absl::Status outcome = cell_->Write(/*durable=*/true);
  const absl::Status written = outcome;
  if (outcome.ok()) {
    durable_next_ = cell_->position().next;
    outcome = asked->work(*store_, cell_->position());
  }
  MutexLock lock(&mutex_);
  asked->outcome = outcome;
  if (asked_ == asked) asked_ = nullptr;
  changed_.NotifyAll();
  return written;
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
  view->changes = cell_->NoteChanges();
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
