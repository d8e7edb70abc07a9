#include "events/embedded/segment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace flywheel {
namespace {

constexpr uint64_t kIndexEveryBytes = uint64_t{16} << 10;

std::string PreparedPath(const std::string& folder) { return absl::StrCat(folder, "/next.tmp"); }

absl::Status FillPrepared(WritableFile& file, uint64_t bytes) {
  RETURN_IF_ERROR(file.Reserve(bytes));
  RETURN_IF_ERROR(WriteZeros(file, 0, bytes));
  return file.Sync();
}

}  // namespace

absl::StatusOr<std::unique_ptr<WritableFile>> PrepareSegmentFile(FileSystem& files,
                                                                 const std::string& folder,
                                                                 uint64_t bytes) {
  const std::string path = PreparedPath(folder);
  if (absl::Status removed = files.Remove(path); !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file,
                   files.OpenForWrite(path, FileSystem::OpenMode::kNew));
  if (absl::Status filled = FillPrepared(*file, bytes); !filled.ok()) {
    file.reset();
    files.Remove(path).IgnoreError();  // what counts is why it could not be filled
    return filled;
  }
  return file;
}

absl::Status NameSegmentFile(FileSystem& files, const std::string& folder, WritableFile& file,
                             const SegmentIdentity& identity, uint64_t salt) {
  const std::string path = PreparedPath(folder);
  absl::Status headed = WriteAll(file, 0, EncodeSegmentHeader(identity, salt));
  if (headed.ok()) headed = file.Sync();
  if (!headed.ok()) {
    files.Remove(path).IgnoreError();
    return headed;
  }
  RETURN_IF_ERROR(files.Rename(path, absl::StrCat(folder, "/", SegmentName(identity.base))));
  absl::Status listed = files.SyncFolder(folder);
  // The name is there, whatever the reason: this is not "nothing has changed".
  if (absl::IsResourceExhausted(listed)) return absl::UnavailableError(listed.message());
  return listed;
}

Segment::Segment(FileSystem* files, std::string path, const SegmentIdentity& identity,
                 uint64_t salt, size_t window_bytes)
    : files_(files),
      path_(std::move(path)),
      identity_(identity),
      seed_(FrameSeed(salt, identity.partition, identity.base)),
      window_bytes_(window_bytes),
      index_{{0, static_cast<uint32_t>(kSegmentHeaderBytes)}} {}

absl::StatusOr<uint64_t> Segment::Find(Offset offset) {
  const uint32_t wanted = RelativeOffset(offset);
  MutexLock lock(&mutex_);
  const auto after =
      std::upper_bound(index_.begin(), index_.end(), wanted,
                       [](uint32_t key, const IndexEntry& e) { return key < e.relative_offset; });
  IndexEntry at = *std::prev(after);
  // An unowned pointer to this segment: the cursor does not outlive the call.
  SegmentCursor cursor(std::shared_ptr<Segment>(std::shared_ptr<Segment>(), this), at.position);
  while (at.relative_offset < wanted) {
    if (!cursor.HasWholeFrame()) RETURN_IF_ERROR(cursor.Remap());
    const std::string_view mapped = cursor.Mapped();
    const uint64_t bytes =
        mapped.size() < kFrameHeaderBytes ? 0 : SkipFrame(mapped, at.relative_offset);
    if (bytes == 0) {
      return Damage(cursor.position(), base().Plus(at.relative_offset), "no record stands there");
    }
    cursor.Advance(bytes);
    at = {at.relative_offset + 1, static_cast<uint32_t>(cursor.position())};
    if (at.position >= index_.back().position + kIndexEveryBytes) index_.push_back(at);
  }
  return at.position;
}

absl::StatusOr<std::shared_ptr<const FileWindow>> Segment::Map(uint64_t position) const {
  return files_->Map(path_, position, window_bytes_);
}

absl::Status Segment::Damage(uint64_t position, Offset offset, std::string_view what) const {
  return absl::DataLossError(absl::StrCat(
      path_, " is damaged at byte ", position, ", at the record with offset ", offset.number(),
      " of partition ", identity_.partition.number(), ": ", std::string(what),
      ". Restore this file from a backup of the log; nothing was changed in it. The records before "
      "this offset are intact."));
}

void SegmentCursor::MoveTo(std::shared_ptr<Segment> segment, uint64_t position) {
  if (segment != segment_) window_.reset();
  segment_ = std::move(segment);
  position_ = position;
}

std::string_view SegmentCursor::Mapped() const {
  if (window_ == nullptr || position_ < window_position_) return {};
  const std::string_view bytes = window_->bytes();
  const uint64_t skipped = position_ - window_position_;
  return skipped >= bytes.size() ? std::string_view() : bytes.substr(skipped);
}

bool SegmentCursor::HasWholeFrame() const {
  const std::string_view mapped = Mapped();
  return mapped.size() >= kFrameHeaderBytes && mapped.size() >= ClaimedFrameBytes(mapped);
}

absl::Status SegmentCursor::Remap() {
  absl::StatusOr<std::shared_ptr<const FileWindow>> window = segment_->Map(position_);
  if (absl::IsOutOfRange(window.status()) || absl::IsNotFound(window.status())) {
    window_.reset();  // nothing is mapped: the caller finds no frame, and says where
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(window.status());
  window_ = *std::move(window);
  window_position_ = position_;
  return absl::OkStatus();
}

}  // namespace flywheel
