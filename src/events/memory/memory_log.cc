#include "events/memory/memory_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr absl::Duration kLongestWait = absl::Hours(24 * 365);

template <class Value>
Value TakeFirst(std::vector<Value>& values) {
  Value first = std::move(values.front());
  values.erase(values.begin());
  return first;
}

}  // namespace

MemoryLog::MemoryLog(const MemoryLogOptions& options)
    : options_(options),
      partitions_(static_cast<size_t>(options.partitions), StoredPartition{{}, options.begin}),
      random_(options.seed) {
  FLYWHEEL_CHECK(options.partitions >= 1, "a log has partitions");
  FLYWHEEL_CHECK(options.partitions <= 1024, "a log has at most 1024 partitions");
  FLYWHEEL_CHECK(options.max_gap >= 1, "a gap has a size");
}

MemoryLog::~MemoryLog() { CompletePending(); }

absl::Status MemoryLog::CheckPartition(Partition partition) const {
  if (partition.number() >= 0 && partition.number() < options_.partitions) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there is no partition ", partition.number(),
                                                 "; the log has ", options_.partitions));
}

absl::Status MemoryLog::CheckRecords(absl::Span<const std::string_view> records) const {
  for (const std::string_view record : records) {
    if (record.empty()) return absl::InvalidArgumentError("a record is empty");
    if (record.size() > kMaxRecordBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a record has ", record.size(), " bytes; at most ", kMaxRecordBytes, " are taken"));
    }
  }
  return absl::OkStatus();
}

void MemoryLog::MaybeGap(StoredPartition& stored) {
  if (static_cast<int32_t>(random_() % 1000) >= options_.gaps_per_thousand) return;
  const auto largest = static_cast<uint64_t>(options_.max_gap);
  stored.end = stored.end.Plus(static_cast<int64_t>(random_() % largest) + 1);
}

std::vector<Offset> MemoryLog::Store(Partition partition,
                                     absl::Span<const std::string_view> records) {
  StoredPartition& stored = partitions_[static_cast<size_t>(partition.number())];
  std::vector<Offset> offsets;
  for (const std::string_view record : records) {
    MaybeGap(stored);
    offsets.push_back(stored.end);
    stored.records.push_back({stored.end, std::make_shared<const std::string>(record)});
    stored.end = stored.end.Plus(1);
  }
  MaybeGap(stored);
  appended_.NotifyAll();
  return offsets;
}

absl::StatusOr<std::vector<Offset>> MemoryLog::AppendNow(
    Partition partition, absl::Span<const std::string_view> records) {
  if (closed_) return absl::FailedPreconditionError("the log is closed");
  if (records.empty()) return std::vector<Offset>();
  if (append_faults_.empty()) return Store(partition, records);
  const InjectedAppend fault = TakeFirst(append_faults_);
  if (fault.records_are_there) Store(partition, records);
  return fault.status;
}

void MemoryLog::AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                            AppendDone done) {
  if (absl::Status known = CheckPartition(partition); !known.ok()) return done(std::move(known));
  if (absl::Status valid = CheckRecords(records); !valid.ok()) return done(std::move(valid));
  absl::StatusOr<std::vector<Offset>> outcome = std::vector<Offset>();
  {
    MutexLock lock(&mutex_);
    outcome = AppendNow(partition, records);
    if (options_.complete_late) {
      pending_.emplace_back(
          [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
      return;
    }
  }
  done(std::move(outcome));
}

size_t MemoryLog::CompletePending() {
  std::vector<std::function<void()>> pending;
  {
    MutexLock lock(&mutex_);
    pending.swap(pending_);
  }
  for (const std::function<void()>& report : pending) report();
  return pending.size();
}

absl::StatusOr<std::vector<Offset>> MemoryLog::AppendForeign(
    Partition partition, absl::Span<const std::string_view> records) {
  RETURN_IF_ERROR(CheckPartition(partition));
  RETURN_IF_ERROR(CheckRecords(records));
  MutexLock lock(&mutex_);
  return Store(partition, records);
}

absl::StatusOr<RecordBatch> MemoryLog::Read(Partition partition, Offset from,
                                            const ReadLimits& limits) {
  RETURN_IF_ERROR(CheckPartition(partition));
  const absl::Duration wait = std::clamp(limits.wait, absl::ZeroDuration(), kLongestWait);
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait);
  MutexLock lock(&mutex_);
  if (closed_) return absl::FailedPreconditionError("the log is closed");
  if (!read_faults_.empty()) return TakeFirst(read_faults_);
  if (from < options_.begin) {
    return absl::OutOfRangeError(absl::StrCat("offset ", from.number(), " of partition ",
                                              partition.number(), " is before the first, ",
                                              options_.begin.number()));
  }
  const StoredPartition& stored = partitions_[static_cast<size_t>(partition.number())];
  // A gap at the end is passed without waiting.
  const auto nothing_there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return from >= stored.end;
  };
  while (nothing_there() && !closed_ && deadline > std::chrono::steady_clock::now()) {
    appended_.WaitUntil(&mutex_, deadline);
  }
  if (closed_) return absl::FailedPreconditionError("the log is closed");
  return Collect(stored, from, limits);
}

RecordBatch MemoryLog::Collect(const StoredPartition& stored, Offset from,
                               const ReadLimits& limits) const {
  size_t max_records = std::max<size_t>(limits.max_records, 1);
  if (shortened_ > 0) max_records = std::min(max_records, shortened_);
  RecordBatch batch;
  auto owned = std::make_shared<std::vector<std::shared_ptr<const std::string>>>();
  size_t bytes = 0;
  auto at = std::lower_bound(stored.records.begin(), stored.records.end(), from,
                             [](const StoredRecord& r, Offset key) { return r.offset < key; });
  for (; at != stored.records.end() && batch.records.size() < max_records; ++at) {
    bytes += at->bytes->size();
    if (bytes > limits.max_bytes && !batch.records.empty()) break;
    owned->push_back(at->bytes);
    batch.records.push_back({at->offset, *at->bytes});
  }
  if (at == stored.records.end()) {
    batch.next = std::max(from, stored.end);  // past a gap at the end
  } else {
    batch.next = batch.records.back().offset.Plus(1);
  }
  batch.owner = std::move(owned);
  return batch;
}

absl::StatusOr<Offset> MemoryLog::BeginOffset(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return options_.begin;
}

absl::StatusOr<Offset> MemoryLog::EndOffset(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  MutexLock lock(&mutex_);
  if (closed_) return absl::FailedPreconditionError("the log is closed");
  return partitions_[static_cast<size_t>(partition.number())].end;
}

void MemoryLog::FailNextAppend(absl::Status status, bool records_are_there) {
  MutexLock lock(&mutex_);
  append_faults_.push_back({std::move(status), records_are_there});
}

void MemoryLog::FailNextRead(absl::Status status) {
  MutexLock lock(&mutex_);
  read_faults_.push_back(std::move(status));
}

size_t MemoryLog::read_faults() {
  MutexLock lock(&mutex_);
  return read_faults_.size();
}

void MemoryLog::ShortenReads(size_t max_records) {
  MutexLock lock(&mutex_);
  shortened_ = max_records;
}

void MemoryLog::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  appended_.NotifyAll();
}

}  // namespace flywheel
