#include "events/embedded/partition_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr size_t kBookmarks = 4;
constexpr size_t kRecordsReserved = 4096;
// Longer waits would overflow the clock.
constexpr absl::Duration kLongestWait = absl::Hours(24 * 365);

std::chrono::steady_clock::time_point After(absl::Duration wait) {
  const absl::Duration bounded = std::clamp(wait, absl::ZeroDuration(), kLongestWait);
  return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(bounded);
}

// Reads the records from the cursor on, which stands at `next`, up to `end`; moves both.
absl::Status Walk(SegmentCursor& cursor, Offset& next, Offset end, const ReadLimits& limits,
                  RecordBatch* batch) {
  const Segment& segment = *cursor.segment();
  const uint64_t seed = segment.seed();
  const size_t max_records = std::max<size_t>(limits.max_records, 1);
  size_t bytes = 0;
  while (next < end && batch->records.size() < max_records) {
    if (!cursor.HasWholeFrame()) {
      if (!batch->records.empty()) break;  // one batch, one window
      RETURN_IF_ERROR(cursor.Remap());
    }
    const Frame frame = ReadFrame(cursor.Mapped(), seed);
    if (frame.kind != Frame::Kind::kRecord || frame.relative_offset != segment.RelativeOffset(next))
        [[unlikely]] {
      if (!batch->records.empty()) break;  // what is before the damage is given first
      return segment.Damage(cursor.position(), next, "its checksum or its offset is wrong");
    }
    bytes += frame.bytes.size();
    if (bytes > limits.max_bytes && !batch->records.empty()) break;
    batch->records.push_back({next, frame.bytes});
    cursor.Advance(FrameBytes(frame.bytes.size()));
    next = next.Plus(1);
  }
  batch->owner = cursor.window();
  return absl::OkStatus();
}

}  // namespace

PartitionReader::PartitionReader(const LogContext* context, std::string folder, Partition partition,
                                 FoundPartition found)
    : context_(context),
      folder_(std::move(folder)),
      partition_(partition),
      segments_(std::move(found.segments)),
      end_(found.end),
      end_position_(found.end_position),
      damage_(std::move(found.damage)) {
  if (segments_.empty()) return;
  follower_ = SegmentCursor(segments_.back(), end_position_);
  bookmarks_.push_back({end_, follower_});  // most readers start at the end
}

absl::StatusOr<RecordBatch> PartitionReader::Read(Offset from, const ReadLimits& limits) {
  RecordBatch batch;
  batch.next = from;
  if (from < Offset(0)) {
    return absl::OutOfRangeError(absl::StrCat("offset ", from.number(), " of partition ",
                                              partition_.number(), " is before the first, 0"));
  }
  Stretch stretch;
  {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(AwaitRecords(from, After(limits.wait)));
    if (from >= end_) return batch;
    stretch = StretchAt(from);
  }
  if (!stretch.cursor.has_value()) {
    ASSIGN_OR_RETURN(const uint64_t position, stretch.segment->Find(from));
    stretch.cursor.emplace(stretch.segment, position);
  }
  batch.records.reserve(std::min({limits.max_records, kRecordsReserved,
                                  static_cast<size_t>(stretch.end.number() - from.number())}));
  RETURN_IF_ERROR(Walk(*stretch.cursor, batch.next, stretch.end, limits, &batch));
  Remember(batch.next, *std::move(stretch.cursor));
  return batch;
}

PartitionReader::Stretch PartitionReader::StretchAt(Offset from) {
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), from,
      [](Offset key, const std::shared_ptr<Segment>& s) { return key < s->base(); });
  Stretch stretch;
  stretch.segment = *std::prev(after);
  stretch.end = after == segments_.end() ? end_ : std::min(end_, (*after)->base());
  const auto bookmark = std::find_if(bookmarks_.begin(), bookmarks_.end(),
                                     [&](const Bookmark& b) { return b.next == from; });
  if (bookmark != bookmarks_.end()) {
    stretch.cursor = std::move(bookmark->cursor);
    bookmarks_.erase(bookmark);
    if (stretch.cursor->segment() != stretch.segment) {
      stretch.cursor->MoveTo(stretch.segment, kSegmentHeaderBytes);
    }
  }
  return stretch;
}

void PartitionReader::Remember(Offset next, SegmentCursor cursor) {
  MutexLock lock(&mutex_);
  if (bookmarks_.size() >= kBookmarks) bookmarks_.erase(bookmarks_.begin());
  bookmarks_.push_back({next, std::move(cursor)});
}

absl::Status PartitionReader::AwaitRecords(Offset from, Deadline deadline) {
  for (;;) {
    if (closed_) return absl::FailedPreconditionError("the log is closed");
    if (from < end_) return absl::OkStatus();
    if (!damage_.ok()) return damage_;
    Deadline wake = deadline;
    if (context_->options.read_only) {
      RETURN_IF_ERROR(Follow());
      if (from < end_) return absl::OkStatus();
      wake = std::min(wake, After(context_->options.poll_interval));
    }
    if (deadline <= std::chrono::steady_clock::now()) return absl::OkStatus();
    changed_.WaitUntil(&mutex_, wake);
  }
}

absl::Status PartitionReader::Follow() {
  for (;;) {
    RETURN_IF_ERROR(FollowNewest());
    ASSIGN_OR_RETURN(const bool rolled, FollowRoll());
    if (!rolled) return absl::OkStatus();
  }
}

absl::Status PartitionReader::FollowNewest() {
  const std::shared_ptr<Segment> newest = segments_.back();
  Offset next = end_;
  Offset whole = end_;
  uint64_t whole_position = end_position_;
  follower_.MoveTo(newest, end_position_);
  for (;;) {
    if (!follower_.HasWholeFrame()) RETURN_IF_ERROR(follower_.Remap());
    const Frame frame = ReadFrame(follower_.Mapped(), newest->seed());
    if (frame.kind != Frame::Kind::kRecord ||
        frame.relative_offset != newest->RelativeOffset(next)) {
      break;
    }
    follower_.Advance(FrameBytes(frame.bytes.size()));
    next = next.Plus(1);
    if (frame.continues) continue;
    whole = next;
    whole_position = follower_.position();
  }
  if (whole == end_) return absl::OkStatus();
  // What is seen is perhaps not on the disk yet, and only durable records may be given.
  RETURN_IF_ERROR(context_->files->SyncForReader(newest->path()));
  end_ = whole;
  end_position_ = whole_position;
  return absl::OkStatus();
}

absl::StatusOr<bool> PartitionReader::FollowRoll() {
  const std::string path = absl::StrCat(folder_, "/", SegmentName(end_));
  absl::StatusOr<std::shared_ptr<const FileWindow>> header =
      context_->files->Map(path, 0, kSegmentHeaderBytes);
  if (absl::IsNotFound(header.status())) return false;
  if (absl::IsOutOfRange(header.status())) return absl::DataLossError(path + " is empty");
  RETURN_IF_ERROR(header.status());
  ASSIGN_OR_RETURN(const SegmentIdentity identity,
                   DecodeSegmentHeader((*header)->bytes(), context_->salt));
  const Segment& newest = *segments_.back();
  if (newest.base() == end_ && newest.bytes() == identity.bytes) return false;
  ReplaceOrAdd(std::make_shared<Segment>(context_->files, path, identity, context_->salt,
                                         context_->options.read_window_bytes));
  return true;
}

void PartitionReader::ReplaceOrAdd(std::shared_ptr<Segment> segment) {
  if (segments_.back()->base() == segment->base()) segments_.pop_back();
  segments_.push_back(std::move(segment));
  end_position_ = kSegmentHeaderBytes;
}

absl::StatusOr<Offset> PartitionReader::End() {
  MutexLock lock(&mutex_);
  if (closed_) return absl::FailedPreconditionError("the log is closed");
  if (context_->options.read_only && damage_.ok()) RETURN_IF_ERROR(Follow());
  return end_;
}

void PartitionReader::Publish(Offset end, uint64_t end_position) {
  {
    MutexLock lock(&mutex_);
    end_ = end;
    end_position_ = end_position;
  }
  changed_.NotifyAll();
}

void PartitionReader::AddSegment(std::shared_ptr<Segment> segment) {
  MutexLock lock(&mutex_);
  ReplaceOrAdd(std::move(segment));
}

void PartitionReader::Close() {
  {
    MutexLock lock(&mutex_);
    closed_ = true;
  }
  changed_.NotifyAll();
}

absl::StatusOr<PartitionReader::Verified> PartitionReader::Check() {
  Verified verified;
  std::vector<std::shared_ptr<Segment>> segments;
  Offset end;
  {
    MutexLock lock(&mutex_);
    if (closed_) return absl::FailedPreconditionError("the log is closed");
    if (context_->options.read_only && damage_.ok()) RETURN_IF_ERROR(Follow());
    segments = segments_;
    end = end_;
    verified.first_damage = damage_;
  }
  verified.segments = static_cast<int32_t>(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    Offset next = segments[i]->base();
    const Offset segment_end = i + 1 < segments.size() ? segments[i + 1]->base() : end;
    SegmentCursor cursor(segments[i], kSegmentHeaderBytes);
    while (next < segment_end) {
      RecordBatch batch;
      const absl::Status walked = Walk(cursor, next, segment_end, ReadLimits{}, &batch);
      if (absl::IsDataLoss(walked)) {
        verified.first_damage = walked;
        return verified;
      }
      RETURN_IF_ERROR(walked);
      verified.records += static_cast<int64_t>(batch.records.size());
      for (const LogRecord& record : batch.records) verified.bytes += record.bytes.size();
    }
  }
  return verified;
}

PartitionReader::Extent PartitionReader::extent() {
  MutexLock lock(&mutex_);
  Extent extent;
  extent.end = end_;
  extent.segments = static_cast<int32_t>(segments_.size());
  for (const std::shared_ptr<Segment>& segment : segments_) extent.file_bytes += segment->bytes();
  if (segments_.empty()) return extent;
  extent.used_bytes = extent.file_bytes - segments_.back()->bytes() + end_position_;
  return extent;
}

}  // namespace flywheel
