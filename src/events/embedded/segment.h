// A segment file: made, found and walked.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_H_
#define FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/embedded/file_system.h"
#include "events/embedded/segment_format.h"

namespace flywheel {

// Makes the file next.tmp in the partition's folder, prezeroed to `bytes`, on the disk; a leftover
// is replaced. On an error no file is left.
absl::StatusOr<std::unique_ptr<WritableFile>> PrepareSegmentFile(FileSystem& files,
                                                                 const std::string& folder,
                                                                 uint64_t bytes);
// Writes the header and gives the prepared file its name. On ResourceExhausted nothing has changed
// but that next.tmp is gone; after another error the segment may or may not be there.
absl::Status NameSegmentFile(FileSystem& files, const std::string& folder, WritableFile& file,
                             const SegmentIdentity& identity, uint64_t salt);

// A segment that has its name. Holds no open file.
//
// Concurrency: any thread.
class Segment {
 public:
  Segment(FileSystem* files, std::string path, const SegmentIdentity& identity, uint64_t salt,
          size_t window_bytes);

  const std::string& path() const { return path_; }
  Offset base() const { return identity_.base; }
  uint64_t bytes() const { return identity_.bytes; }
  const SegmentIdentity& identity() const { return identity_; }
  uint64_t seed() const { return seed_; }

  uint32_t RelativeOffset(Offset offset) const {
    return static_cast<uint32_t>(offset.number() - base().number());
  }

  // Byte position of the record. REQUIRES: the segment holds it. The way there is remembered by a
  // sparse index (8 bytes for every 16 KiB) that grows as far as was ever asked for.
  absl::StatusOr<uint64_t> Find(Offset offset) ABSL_LOCKS_EXCLUDED(mutex_);

  // The file from the position on, at most window_bytes, at least a whole frame where there is one.
  absl::StatusOr<std::shared_ptr<const FileWindow>> Map(uint64_t position) const;

  // DataLoss with the place and what to do.
  absl::Status Damage(uint64_t position, Offset offset, std::string_view what) const;

 private:
  struct IndexEntry {
    uint32_t relative_offset;
    uint32_t position;
  };

  FileSystem* const files_;
  const std::string path_;
  const SegmentIdentity identity_;
  const uint64_t seed_;
  const size_t window_bytes_;
  Mutex mutex_;
  std::vector<IndexEntry> index_ ABSL_GUARDED_BY(mutex_);
};

// A place in a segment, with the window that it is read through.
class SegmentCursor {
 public:
  SegmentCursor() = default;
  SegmentCursor(std::shared_ptr<Segment> segment, uint64_t position)
      : segment_(std::move(segment)), position_(position) {}

  const std::shared_ptr<Segment>& segment() const { return segment_; }
  uint64_t position() const { return position_; }
  const std::shared_ptr<const FileWindow>& window() const { return window_; }

  void Advance(uint64_t bytes) { position_ += bytes; }
  void MoveTo(std::shared_ptr<Segment> segment, uint64_t position);

  // What of the window lies at and after the position.
  std::string_view Mapped() const;
  // True when the frame at the position lies in the window as a whole, as far as its header tells.
  bool HasWholeFrame() const;
  // Moves the window so that it starts at the position.
  absl::Status Remap();

 private:
  std::shared_ptr<Segment> segment_;
  uint64_t position_ = 0;
  std::shared_ptr<const FileWindow> window_;
  uint64_t window_position_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_H_
