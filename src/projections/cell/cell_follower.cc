#include "projections/cell/cell_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/status.h"
#include "projections/store/rocks_store.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
namespace {

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

CellFollower::CellFollower(EventLog* log, Partition partition, OpenRows open_rows, Clocks clocks,
                           CellFollowerOptions options,
                           std::function<void(const CellStanding&)> show)
    : log_(log),
      partition_(partition),
      open_rows_(std::move(open_rows)),
      clocks_(std::move(clocks)),
      options_(std::move(options)),
      show_(std::move(show)),
      next_pause_(options_.first_pause) {
  if (!options_.ticks) return;
  ticker_.emplace(log_, partition_, clocks_.wall,
                  options_.monotonic_clock ? options_.monotonic_clock : clocks_.monotonic,
                  options_.ticker);
}

void CellFollower::Step() {
  if (stopped()) return;
  pause_ = absl::ZeroDuration();
  if (cell_ == nullptr) return Judge(Open());
  Judge(caught_up_ ? Follow() : CatchUp());
}

// ---------------------------------------------------------------- steps

absl::Status CellFollower::Open() {
  if (store_ == nullptr) {
    ASSIGN_OR_RETURN(cell_, open_rows_());
    store_ = cell_->shared_store();
  } else {
    // The database stays open: views may still be read.
    ASSIGN_OR_RETURN(cell_, Cell::Open(log_, partition_, store_, options_.cell));
  }
  policies_ = std::make_shared<const PolicyBook>(cell_->policies());
  flushed_ = checkpointed_ = clocks_.monotonic();
  RETURN_IF_ERROR(LearnEnd());
  opened_ = clocks_.monotonic();
  return absl::OkStatus();
}

absl::Status CellFollower::LearnEnd() {
  ASSIGN_OR_RETURN(const Offset end, log_->EndOffset(partition_));
  end_asked_ = clocks_.monotonic();
  CellProgress& progress = standing_.progress;
  progress.end = std::max(end, cell_->next_read());
  if (standing_.viewed >= progress.end) progress.fresh_at = clocks_.wall();
  progress.trouble.clear();
  Show();
  return absl::OkStatus();
}

// Folds what was in the log, without a view for each read; then there is one.
absl::Status CellFollower::CatchUp() {
  CellProgress& progress = standing_.progress;
  if (cell_->next_read() < progress.end) {
    RETURN_IF_ERROR(cell_->Step(options_.read_wait).status());
    progress.last_recorded_at = cell_->position().last_recorded_at;
    progress.next = cell_->next_read();
    Show();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(cell_->Write(/*durable=*/false));
  Publish();
  RETURN_IF_ERROR(LearnEnd());
  if (options_.caught_up) RETURN_IF_ERROR(options_.caught_up());
  caught_up_ = true;
  return absl::OkStatus();
}

absl::Status CellFollower::Follow() {
  ASSIGN_OR_RETURN(const size_t records, cell_->Step(options_.read_wait));
  RETURN_IF_ERROR(OfRows(DamageOf(*store_)));
  if (records > 0) {
    RETURN_IF_ERROR(cell_->Write(/*durable=*/false));
    Publish();
  } else {
    NoteViewed();
  }
  return KeepUp();
}

// What is due by the clock. A checkpoint that fails stops nothing.
absl::Status CellFollower::KeepUp() {
  if (ticker_ && owner_ && cell_->next_read() >= standing_.progress.end) ticker_->KeepUp(*cell_);
  const absl::Time now = clocks_.monotonic();
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

absl::Status CellFollower::Checkpoint() {
  if (!options_.checkpoint || cell_->position().next == checkpoint_next_) return absl::OkStatus();
  if (cell_->position().last < Offset(0)) return absl::OkStatus();  // nothing is folded yet
  RETURN_IF_ERROR(cell_->Write(/*durable=*/true));
  durable_next_ = cell_->position().next;
  const absl::Status status = options_.checkpoint(*store_, cell_->position());
  if (status.ok()) {
    checkpoint_next_ = cell_->position().next;
    ++standing_.progress.checkpoints;
  }
  standing_.progress.checkpoint_trouble = std::string(MessageOf(status));
  Show();
  return absl::OkStatus();
}

void CellFollower::Publish() {
  if (policies_->size() != cell_->policies().size()) {
    policies_ = std::make_shared<const PolicyBook>(cell_->policies());
  }
  auto view = std::make_shared<CellView>();
  view->position = cell_->position();
  view->rows = store_->Snapshot();
  view->policies = policies_;
  view->changes = cell_->NoteChanges();
  standing_.view = std::move(view);
  CellProgress& progress = standing_.progress;
  progress.state = CellProgress::State::kServing;
  progress.last_recorded_at = cell_->position().last_recorded_at;
  standing_.viewed = progress.next = cell_->next_read();
  progress.end = std::max(progress.end, standing_.viewed);
  Show();
}

// A gap in the log moves the end of what is read without a record.
void CellFollower::NoteViewed() {
  if (standing_.viewed == cell_->next_read()) return;
  standing_.viewed = standing_.progress.next = cell_->next_read();
  standing_.progress.end = std::max(standing_.progress.end, standing_.viewed);
  Show();
}

// ---------------------------------------------------------------- between steps

absl::Status CellFollower::Do(const Work& work) {
  absl::Status written = cell_->Write(/*durable=*/true);
  if (!written.ok()) {
    Judge(written);
    return written;
  }
  durable_next_ = cell_->position().next;
  return work(*store_, cell_->position());
}

void CellFollower::Reopen() {
  const absl::Status written = cell_->Write(/*durable=*/true);
  if (!written.ok()) return Judge(written);
  CloseRows();
}

void CellFollower::End() {
  if (cell_ == nullptr) return;
  absl::Status last = cell_->Write(/*durable=*/true);
  if (last.ok()) last = Checkpoint();
  if (!last.ok()) NoteTrouble(standing_.progress.state, last);
}

// ---------------------------------------------------------------- errors

void CellFollower::Judge(absl::Status status) {
  if (status.ok()) return;
  // What is not written yet is folded again, from the last written rows.
  CloseCell();
  if (IsRowsDamage(status) && Heal(&status)) return;
  if (!MayPass(status)) return NoteTrouble(CellProgress::State::kStopped, status);
  NoteTrouble(
      standing_.view != nullptr ? CellProgress::State::kServing : CellProgress::State::kRestoring,
      status);
  pause_ = next_pause_;
  next_pause_ = std::min(next_pause_ * 2, options_.last_pause);
}

bool CellFollower::Heal(absl::Status* status) {
  if (!options_.rows_damaged) return false;
  const absl::Time now = clocks_.monotonic();
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
  ++standing_.progress.heals;
  Show();
  return true;
}

void CellFollower::CloseCell() {
  if (opened_ && clocks_.monotonic() - *opened_ > options_.last_pause) {
    next_pause_ = options_.first_pause;
  }
  opened_.reset();
  cell_.reset();
  caught_up_ = false;
}

// Gives up the rows: who still reads them keeps them open a little longer, and what opens them anew
// waits for that.
void CellFollower::CloseRows() {
  CloseCell();
  store_.reset();
  durable_next_ = checkpoint_next_ = Offset(-1);
  standing_.view = nullptr;
  standing_.viewed = Offset(-1);
  standing_.progress.state = CellProgress::State::kRestoring;
  Show();
}

void CellFollower::NoteTrouble(CellProgress::State state, const absl::Status& trouble) {
  standing_.progress.state = state;
  standing_.progress.trouble = std::string(MessageOf(trouble));
  Show();
}

}  // namespace flywheel
