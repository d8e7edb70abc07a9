#include "projections/cell/cell.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "projections/store/rows_damage.h"

namespace flywheel {
namespace {

// A log that says that it goes on gives the next record in this time, or in the next tries.
constexpr absl::Duration kReadWait = absl::Seconds(1);
constexpr int kMaxReadsWithoutProgress = 30;

// Passes on what is written, and notes whose rows they are.
class NotingBatch final : public RowBatch {
 public:
  NotingBatch(RowBatch* batch, SellerChanges* changes, Offset next)
      : batch_(batch), changes_(changes), next_(next) {}

  void Put(std::string_view key, std::string_view value) override {
    changes_->Note(key, next_);
    batch_->Put(key, value);
  }
  void Delete(std::string_view key) override {
    changes_->Note(key, next_);
    batch_->Delete(key);
  }
  void Clear() override { batch_->Clear(); }

 private:
  RowBatch* batch_;
  SellerChanges* changes_;
  Offset next_;
};

}  // namespace

Cell::Cell(EventLog* log, Partition partition, std::shared_ptr<RowStore> store,
           const CellOptions& options)
    : log_(log),
      partition_(partition),
      options_(options),
      store_(std::move(store)),
      batch_(store_->NewBatch()),
      fold_(std::make_unique<Fold>(store_.get(), options.models, options.fold_version())) {}

absl::StatusOr<std::unique_ptr<Cell>> Cell::Open(EventLog* log, Partition partition,
                                                 std::shared_ptr<RowStore> store,
                                                 const CellOptions& options) {
  std::unique_ptr<Cell> cell(new Cell(log, partition, std::move(store), options));
  RETURN_IF_ERROR(OfRows(cell->fold_->Open()));
  RETURN_IF_ERROR(cell->CheckAgainstLog());
  cell->next_read_ = cell->position().next;
  return cell;
}

absl::Status Cell::CheckAgainstLog() {
  const CellRow& position = fold_->position();
  if (position.last < Offset(0)) return absl::OkStatus();
  const auto refuse = [&](std::string_view why) {
    return absl::FailedPreconditionError(
        fmt::format("the rows of partition {} do not belong to this log: {}; if the log is right, "
                    "rebuild the rows "
                    "(flywheel rebuild)",
                    partition_.number(), why));
  };
  ASSIGN_OR_RETURN(const Offset end, log_->EndOffset(partition_));
  if (end <= position.last) {
    return refuse(fmt::format("they were folded up to offset {}, the log ends before {}",
                              position.last.number(), end.number()));
  }
  ASSIGN_OR_RETURN(const Offset begin, log_->BeginOffset(partition_));
  if (position.last < begin) return refuse("the last folded record is no longer there");
  ASSIGN_OR_RETURN(const RecordBatch read,
                   log_->ReadAt({partition_, position.last}, kReadWait * kMaxReadsWithoutProgress));
  if (read.records.empty()) return refuse("the last folded record is missing");
  const std::string_view bytes = read.records[0].bytes;
  if (XXH3_64bits(bytes.data(), bytes.size()) != position.last_hash)
    return refuse("the last folded record is another");
  return absl::OkStatus();
}

absl::StatusOr<size_t> Cell::Step(absl::Duration wait, Offset limit) {
  // LatestDue may have met a row that cannot be read, and no record may come for long.
  RETURN_IF_ERROR(OfRows(fold_->status()));
  ReadLimits limits = options_.read;
  limits.wait = wait;
  ASSIGN_OR_RETURN(RecordBatch read, log_->Read(partition_, next_read_, limits));
  next_read_ = std::min(read.next, limit);
  while (!read.records.empty() && read.records.back().offset >= limit) read.records.pop_back();
  if (read.records.empty()) return 0;
  fold_->Apply(read.records);
  RETURN_IF_ERROR(OfRows(fold_->status()));
  unflushed_records_ += read.records.size();
  // Clean rows go first; only where the dirty ones alone are too many must they be written early.
  if (fold_->cached_bytes() > options_.cache_bytes) fold_->Shrink(options_.cache_bytes / 4 * 3);
  const bool full = fold_->cached_bytes() > options_.cache_bytes;
  if (unflushed_records_ >= options_.records_per_flush || full) {
    RETURN_IF_ERROR(Write(/*durable=*/true));
  }
  return read.records.size();
}

absl::Status Cell::CatchUp(Offset end, absl::FunctionRef<void(const CellRow&)> progress) {
  return CatchUp(end, kNoLimit, progress);
}

absl::Status Cell::CatchUpExactly(Offset end, absl::FunctionRef<void(const CellRow&)> progress) {
  return CatchUp(end, end, progress);
}

absl::Status Cell::CatchUp(Offset end, Offset limit,
                           absl::FunctionRef<void(const CellRow&)> progress) {
  int reads_without_progress = 0;
  while (next_read_ < end) {
    const Offset before = next_read_;
    RETURN_IF_ERROR(Step(kReadWait, limit).status());
    progress(fold_->position());
    reads_without_progress = next_read_ > before ? 0 : reads_without_progress + 1;
    if (reads_without_progress == kMaxReadsWithoutProgress) {
      return absl::UnavailableError(
          fmt::format("partition {} ends at offset {}, but the log gives nothing from {} on",
                      partition_.number(), end.number(), next_read_.number()));
    }
  }
  return unflushed_records_ > 0 ? Write(/*durable=*/true) : absl::OkStatus();
}

void Cell::WriteRows(RowBatch* batch) {
  if (changes_ == nullptr) return fold_->WriteTo(batch);
  NotingBatch noting(batch, changes_.get(), position().next);
  fold_->WriteTo(&noting);
}

absl::Status Cell::Write(bool durable) {
  RETURN_IF_ERROR(OfRows(fold_->status()));
  if (durable) {
    RETURN_IF_ERROR(OfRows(store_->WriteDurably([this](RowBatch* batch) { WriteRows(batch); })));
    unflushed_records_ = 0;
  } else {
    batch_->Clear();
    WriteRows(batch_.get());
    RETURN_IF_ERROR(OfRows(store_->Write(batch_.get())));
    batch_->Clear();
  }
  if (fold_->cached_bytes() > options_.cache_bytes) fold_->Shrink(options_.cache_bytes / 4 * 3);
  return absl::OkStatus();
}

std::shared_ptr<const SellerChanges> Cell::NoteChanges() {
  if (changes_ == nullptr) changes_ = std::make_shared<SellerChanges>();
  return changes_;
}

}  // namespace flywheel
