#include "events/embedded/partition_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace flywheel {

void StopSign::Stop(const absl::Status& cause) {
  MutexLock lock(&mutex_);
  if (stopped()) return;
  cause_ = std::string(cause.message());
  stopped_.store(true, std::memory_order_release);
}

absl::Status StopSign::error() {
  MutexLock lock(&mutex_);
  return absl::FailedPreconditionError(absl::StrCat(
      "the log takes no more records until it is opened again, since the disk failed: ", cause_));
}

PartitionWriter::PartitionWriter(const LogContext* context, std::string folder,
                                 PartitionReader* reader, BackgroundThread* preparer,
                                 StopSign* stop, std::shared_ptr<Segment> newest,
                                 std::unique_ptr<WritableFile> file, Offset next, uint64_t position)
    : context_(context),
      folder_(std::move(folder)),
      reader_(reader),
      preparer_(preparer),
      stop_(stop),
      newest_(std::move(newest)),
      file_(std::move(file)),
      next_(next),
      position_(position),
      thread_([this] { Loop(); }) {}

PartitionWriter::~PartitionWriter() { Close(); }

void PartitionWriter::Append(absl::Span<const std::string_view> records,
                             EventLog::AppendDone done) {
  size_t bytes = 0;
  for (const std::string_view record : records) bytes += FrameBytes(record.size());
  absl::Status queued = bytes > context_->options.max_bytes_in_flight
                            ? absl::InvalidArgumentError(
                                  absl::StrCat("one append of ", bytes, " bytes; at most ",
                                               context_->options.max_bytes_in_flight, " are taken"))
                            : Enqueue(records, bytes, &done);
  if (!queued.ok()) done(std::move(queued));
}

absl::Status PartitionWriter::Enqueue(absl::Span<const std::string_view> records, size_t bytes,
                                      EventLog::AppendDone* done) {
  bool first = false;
  {
    MutexLock lock(&mutex_);
    while (!closing_ && bytes_in_flight_ + bytes > context_->options.max_bytes_in_flight) {
      released_.Wait(&mutex_);
    }
    if (closing_) return absl::FailedPreconditionError("the log is closed");
    if (stop_->stopped()) return stop_->error();
    first = queue_.appends.empty();
    for (size_t i = 0; i < records.size(); ++i) {
      AppendFrame(records[i], i + 1 < records.size(), &queue_.frames);
    }
    bytes_in_flight_ += bytes;
    queue_.appends.push_back(
        {queue_.frames.size(), static_cast<uint32_t>(records.size()), std::move(*done)});
  }
  if (first) queued_.NotifyOne();
  return absl::OkStatus();
}

void PartitionWriter::Close() {
  {
    MutexLock lock(&mutex_);
    closing_ = true;
  }
  queued_.NotifyAll();
  released_.NotifyAll();
  if (thread_.joinable()) thread_.join();
  MutexLock lock(&mutex_);
  while (preparing_) prepared_changed_.Wait(&mutex_);
}

void PartitionWriter::Loop() {
  Batch batch;
  while (Take(&batch)) WriteBatch(batch);
  // A later damage at the end can then be told from a torn write.
  WriteTailMark();
  if (!stop_->stopped()) file_->Sync().IgnoreError();
}

bool PartitionWriter::Take(Batch* batch) {
  batch->frames.clear();
  batch->appends.clear();
  MutexLock lock(&mutex_);
  while (queue_.appends.empty() && !closing_) queued_.Wait(&mutex_);
  std::swap(*batch, queue_);
  return !batch->appends.empty();
}

bool PartitionWriter::NothingQueued() {
  MutexLock lock(&mutex_);
  return queue_.appends.empty();
}

void PartitionWriter::WriteBatch(Batch& batch) {
  size_t first = 0;
  size_t begin = 0;
  while (first < batch.appends.size()) {
    Group group = NextGroup(batch, first, begin);
    absl::Status outcome;
    if (stop_->stopped()) {
      outcome = stop_->error();
    } else if (group.first < group.last) {
      outcome = WriteGroup(batch, group);
    } else if (outcome = Roll(batch.appends[first].end - begin); outcome.ok()) {
      continue;
    }
    if (group.first == group.last) {  // there is no place for it; what follows may yet fit
      group.last = group.first + 1;
      group.end = batch.appends[first].end;
    }
    Report(batch, group, outcome);
    first = group.last;
    begin = group.end;
  }
  if (!stop_->stopped()) {
    if (NothingQueued()) WriteTailMark();
    PrepareAhead();
  }
}

// As many appends as fit in the newest segment.
PartitionWriter::Group PartitionWriter::NextGroup(const Batch& batch, size_t first,
                                                  size_t begin) const {
  const uint64_t room = newest_->bytes() - position_;
  const auto last = std::partition_point(
      batch.appends.begin() + static_cast<ptrdiff_t>(first), batch.appends.end(),
      [&](const QueuedAppend& append) { return append.end - begin <= room; });
  const auto count = static_cast<size_t>(last - batch.appends.begin());
  return {first, count, begin, count > first ? batch.appends[count - 1].end : begin};
}

absl::Status PartitionWriter::WriteGroup(Batch& batch, const Group& group) {
  const uint32_t records = Stamp(batch, group);
  const std::string_view bytes =
      std::string_view(batch.frames).substr(group.begin, group.end - group.begin);
  if (absl::Status written = WriteAll(*file_, position_, bytes); !written.ok()) {
    return Undo(bytes.size(), written);
  }
  marked_ = false;
  if (absl::Status synced = file_->Sync(); !synced.ok()) return StopLog(synced);
  next_ = next_.Plus(records);
  position_ += bytes.size();
  reader_->Publish(next_, position_);
  return absl::OkStatus();
}

// Gives the records of the group their offsets and checksums; says how many they are.
uint32_t PartitionWriter::Stamp(Batch& batch, const Group& group) const {
  const uint32_t first = newest_->RelativeOffset(next_);
  uint32_t relative = first;
  for (size_t at = group.begin; at < group.end;) {
    at += StampFrame(&batch.frames[at], relative++, static_cast<uint32_t>(position_),
                     newest_->seed());
  }
  return relative - first;
}

// After a write that failed, a part of it may be in the file, and would be found after a crash
// although it was reported as failed.
absl::Status PartitionWriter::Undo(uint64_t bytes, const absl::Status& cause) {
  if (!absl::IsResourceExhausted(cause)) return StopLog(cause);
  absl::Status undone = WriteZeros(*file_, position_, position_ + bytes);
  if (undone.ok()) undone = file_->Sync();
  if (!undone.ok()) return StopLog(undone);
  marked_ = false;
  return cause;
}

// What was to be written may or may not be there.
absl::Status PartitionWriter::StopLog(const absl::Status& cause) {
  stop_->Stop(cause);
  return absl::UnavailableError(absl::StrCat("it is not known whether the records are in the log: ",
                                             std::string(cause.message())));
}

void PartitionWriter::Report(Batch& batch, const Group& group, const absl::Status& outcome) {
  {
    MutexLock lock(&mutex_);
    bytes_in_flight_ -= group.end - group.begin;
  }
  released_.NotifyAll();
  int64_t records = 0;
  for (size_t i = group.first; i < group.last; ++i) records += batch.appends[i].records;
  Offset offset = next_.Plus(-records);
  for (size_t i = group.first; i < group.last; ++i) {
    QueuedAppend& append = batch.appends[i];
    const EventLog::AppendDone done = std::move(append.done);
    if (!outcome.ok()) {
      // Each gets a status of its own: who shares one synchronizes by Abseil's count of references,
      // which ThreadSanitizer does not see in a library that was built without it.
      done(absl::Status(outcome.code(), outcome.message()));
      continue;
    }
    std::vector<Offset> offsets(append.records);
    for (Offset& each : offsets) {
      each = offset;
      offset = offset.Plus(1);
    }
    done(std::move(offsets));
  }
}

void PartitionWriter::WriteTailMark() {
  if (marked_ || stop_->stopped() || position_ + kFrameHeaderBytes > newest_->bytes()) return;
  marked_ = true;
  // The records before it are safe without it; a disk that fails is noticed by the next group.
  WriteAll(*file_, position_,
           EncodeTailMark(newest_->RelativeOffset(next_), static_cast<uint32_t>(position_),
                          newest_->seed()))
      .IgnoreError();
}

uint64_t PartitionWriter::NextSegmentBytes() const {
  return std::min(context_->options.segment_bytes, newest_->bytes() * 2);
}

absl::Status PartitionWriter::Roll(uint64_t bytes_needed) {
  SegmentIdentity identity = newest_->identity();
  const bool replaces = identity.base == next_;
  if (!replaces) identity.previous_base = identity.base;
  identity.base = next_;
  identity.bytes = std::max(NextSegmentBytes(), kSegmentHeaderBytes + bytes_needed);
  std::unique_ptr<WritableFile> file = TakePrepared(identity.bytes);
  if (file == nullptr) {
    ASSIGN_OR_RETURN(file, PrepareSegmentFile(*context_->files, folder_, identity.bytes));
  }
  if (absl::Status named =
          NameSegmentFile(*context_->files, folder_, *file, identity, context_->salt);
      !named.ok()) {
    if (absl::IsResourceExhausted(named)) return named;
    return StopLog(named);
  }
  newest_ = std::make_shared<Segment>(
      context_->files, absl::StrCat(folder_, "/", SegmentName(identity.base)), identity,
      context_->salt, context_->options.read_window_bytes);
  file_ = std::move(file);
  position_ = kSegmentHeaderBytes;
  marked_ = false;
  reader_->AddSegment(newest_);
  MutexLock lock(&mutex_);
  prepare_failed_ = false;
  return absl::OkStatus();
}

void PartitionWriter::PrepareAhead() {
  if (!context_->options.prepare_ahead || position_ < newest_->bytes() / 2) return;
  {
    MutexLock lock(&mutex_);
    // After a failure the append that needs the segment tries again, and has someone to tell.
    if (preparing_ || prepare_failed_ || prepared_ != nullptr) return;
    preparing_ = true;
  }
  preparer_->Run([this, bytes = NextSegmentBytes()] {
    absl::StatusOr<std::unique_ptr<WritableFile>> file =
        PrepareSegmentFile(*context_->files, folder_, bytes);
    MutexLock lock(&mutex_);
    preparing_ = false;
    prepare_failed_ = !file.ok();
    if (file.ok()) prepared_ = *std::move(file);
    prepared_bytes_ = bytes;
    prepared_changed_.NotifyAll();
  });
}

// The prepared file where there is one of this size, after waiting for one that is being made.
std::unique_ptr<WritableFile> PartitionWriter::TakePrepared(uint64_t bytes) {
  MutexLock lock(&mutex_);
  while (preparing_) prepared_changed_.Wait(&mutex_);
  std::unique_ptr<WritableFile> file = std::move(prepared_);
  prepared_ = nullptr;
  if (file != nullptr && prepared_bytes_ != bytes) file = nullptr;
  return file;
}

}  // namespace flywheel
