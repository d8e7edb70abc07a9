#include "property/folding.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/status.h"
#include "events/memory/memory_log.h"
#include "events/record_view.h"

namespace flywheel {
namespace {

// A log that ends earlier in each partition.
class LogPrefix : public EventLog {
 public:
  LogPrefix(EventLog* log, std::vector<Offset> ends) : log_(log), ends_(std::move(ends)) {}

  int32_t partitions() const override { return log_->partitions(); }
  void AppendAsync(Partition, absl::Span<const std::string_view>, AppendDone done) override {
    done(absl::FailedPreconditionError("a prefix does not grow"));
  }
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override {
    ASSIGN_OR_RETURN(RecordBatch batch, log_->Read(partition, from, limits));
    const Offset end = ends_[static_cast<size_t>(partition.number())];
    while (!batch.records.empty() && batch.records.back().offset >= end) batch.records.pop_back();
    batch.next = std::min(batch.next, std::max(from, end));
    return batch;
  }
  absl::StatusOr<Offset> BeginOffset(Partition partition) override {
    return log_->BeginOffset(partition);
  }
  absl::StatusOr<Offset> EndOffset(Partition partition) override {
    return ends_[static_cast<size_t>(partition.number())];
  }

 private:
  EventLog* log_;
  std::vector<Offset> ends_;
};

}  // namespace

CellOptions RandomCellOptions(std::mt19937_64& random) {
  static constexpr std::array<size_t, 6> kCaches = {0, 1, 3'000, 8'000, 30'000, 1 << 24};
  static constexpr std::array<uint64_t, 5> kFlushes = {1, 2, 7, 20, 1'000'000};
  static constexpr std::array<size_t, 5> kReads = {1, 2, 5, 13, 4096};
  CellOptions options;
  options.cache_bytes = kCaches[Below(random, kCaches.size())];
  options.records_per_flush = kFlushes[Below(random, kFlushes.size())];
  options.read.max_records = kReads[Below(random, kReads.size())];
  return options;
}

std::vector<const RowReader*> FoldedLog::stores() const {
  std::vector<const RowReader*> stores;
  for (const std::unique_ptr<Cell>& cell : cells) stores.push_back(&cell->store());
  return stores;
}

std::vector<std::string> FoldedLog::digests() const {
  std::vector<std::string> digests;
  for (const RowReader* store : stores()) digests.push_back(DigestRows(*store).value().hex);
  return digests;
}

FoldedLog FoldLog(EventLog* log, std::mt19937_64& random) {
  FoldedLog folded;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    const Partition partition(number);
    std::unique_ptr<Cell> cell =
        Cell::Open(log, partition, std::make_unique<MemoryStore>(), RandomCellOptions(random))
            .value();
    const absl::Status status =
        cell->CatchUp(log->EndOffset(partition).value(), [](const CellRow&) {});
    FLYWHEEL_CHECK(status.ok(), "a log that can be read folds");
    folded.cells.push_back(std::move(cell));
  }
  return folded;
}

std::unique_ptr<EventLog> KnownPrefix(EventLog* log, Instant known_at) {
  std::vector<Offset> ends;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    const RecordBatch batch = log->Read(Partition(number), Offset(0), ReadLimits{}).value();
    Offset end;
    Instant recorded_at;
    for (const LogRecord& record : batch.records) {
      RecordView view;
      const bool readable = ScanRecord(record.bytes, &view) == ScanResult::kOk;
      if (readable && view.recorded_at) recorded_at = std::max(recorded_at, *view.recorded_at);
      if (recorded_at > known_at) break;
      end = record.offset.Plus(1);
    }
    ends.push_back(end);
  }
  return std::make_unique<LogPrefix>(log, std::move(ends));
}

std::unique_ptr<EventLog> PrefixBefore(EventLog* log, const PlacesBefore& before) {
  std::vector<Offset> ends;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    ends.push_back(before.at(Partition(number)));
  }
  return std::make_unique<LogPrefix>(log, std::move(ends));
}

PlacesBefore AnyPlaces(EventLog* log, std::mt19937_64& random) {
  PlacesBefore places;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    const Offset end = log->EndOffset(Partition(number)).value();
    places[Partition(number)] =
        Offset(static_cast<int64_t>(Below(random, static_cast<uint64_t>(end.number()) + 1)));
  }
  return places;
}

// ---------------------------------------------------------------- crashes

class CrashingStore::View : public RowStore {
 public:
  explicit View(CrashingStore* owner) : owner_(owner) {}

  absl::StatusOr<bool> Get(std::string_view key, std::string* value) const override {
    RETURN_IF_ERROR(owner_->Arrive(&owner_->gets_left_));
    return owner_->rows_.Get(key, value);
  }
  absl::Status Scan(
      std::string_view first, std::string_view limit,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    return owner_->rows_.Scan(first, limit, visit);
  }
  std::shared_ptr<const RowReader> Snapshot() const override { return owner_->rows_.Snapshot(); }
  std::unique_ptr<RowBatch> NewBatch() const override { return owner_->rows_.NewBatch(); }
  absl::Status Write(RowBatch* batch) override {
    ++owner_->writes_;
    RETURN_IF_ERROR(owner_->Arrive(&owner_->writes_left_));
    RETURN_IF_ERROR(owner_->rows_.Write(batch));
    return Below(owner_->random_, 4) == 0 ? owner_->rows_.Flush() : absl::OkStatus();
  }
  absl::Status Flush() override {
    ++owner_->writes_;
    RETURN_IF_ERROR(owner_->Arrive(&owner_->writes_left_));
    return owner_->rows_.Flush();
  }

 private:
  CrashingStore* owner_;
};

std::unique_ptr<RowStore> CrashingStore::Open() { return std::make_unique<View>(this); }

void CrashingStore::Crash() {
  rows_.Crash();
  writes_left_ = 0;
  gets_left_ = 0;
}

absl::Status CrashingStore::Arrive(uint64_t* left) {
  if (*left == 0 || --*left > 0) return absl::OkStatus();
  return absl::UnavailableError("the store is out of order");
}

}  // namespace flywheel
