// The bytes of the embedded log: what a segment looks like, and what may be concluded from one that
// was found after a crash. Pure: no files, no clock, no threads.
//
// A log is a folder:
//   log.meta                          how many partitions; the salt
//   lock                              held by the process that appends
//   0000/00000000000000000000.log     segments of partition 0, named by their first offset
//   0000/next.tmp                     the segment after the newest, being prepared
//
// All numbers are little-endian. A segment starts with a header of kSegmentHeaderBytes; then frames
// follow one another, each at a multiple of 8; the rest is zeros. A frame is a record or the tail
// mark:
//
//   0  checksum        u64   XXH3-64 of all that follows in the frame, xor the segment's seed
//   8  length          u32   of the record's bytes; 0 in the tail mark
//   12 flags           u32   bit 0: the next frame belongs to the same Append
//   16 relative offset u32   offset of the record less the segment's first
//   20 group start     u32   byte position of the first frame of the group
//   24 bytes, then zeros to a multiple of 8
//
// A group is what was written and synced together. A group is synced before the next one is
// written, and lies in one segment. So a frame proves that everything before its group start was on
// the disk; that is what tells damage (a bad frame before a group start of a later good one) from a
// torn tail (the bad frame lies in the last group, whose parts may have reached the disk in any
// order). A tail mark is written after a group was synced and is overwritten by the next group: it
// says that all before it is on the disk.
#ifndef FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_FORMAT_H_
#define FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/strong.h"

namespace flywheel {

inline constexpr uint32_t kLogFormatVersion = 1;
inline constexpr uint64_t kSegmentHeaderBytes = 64;
inline constexpr uint64_t kFrameHeaderBytes = 24;
inline constexpr uint64_t kLogMetadataBytes = 64;
inline constexpr int32_t kMaxLogPartitions = 1024;
inline constexpr uint64_t kMinSegmentBytes = uint64_t{4} << 10;
inline constexpr uint64_t kMaxSegmentBytes = uint64_t{1} << 30;

// The file log.meta.
struct LogMetadata {
  int32_t partitions = 0;
  // Made once, at random. It goes into every checksum, so that a segment of another log is noticed
  // and that nobody who publishes can compose bytes that pass for a frame.
  uint64_t salt = 0;
};
std::string EncodeLogMetadata(const LogMetadata& metadata);
// DataLoss: incomplete or damaged. FailedPrecondition: another format or format version.
absl::StatusOr<LogMetadata> DecodeLogMetadata(std::string_view bytes);

// "00000000000000000042.log", and back.
std::string SegmentName(Offset base);
std::optional<Offset> SegmentBase(std::string_view name);
// "0007".
std::string PartitionFolderName(Partition partition);

// What the header of a segment says.
struct SegmentIdentity {
  Partition partition;
  Offset base;               // offset of its first record
  Offset previous_base{-1};  // of the segment before it; -1: it is the first
  uint64_t bytes = 0;        // length of the file
};
std::string EncodeSegmentHeader(const SegmentIdentity& identity, uint64_t salt);
// DataLoss: incomplete, damaged, or of another log.
absl::StatusOr<SegmentIdentity> DecodeSegmentHeader(std::string_view bytes, uint64_t salt);

// What the checksums of a segment's frames are combined with.
uint64_t FrameSeed(uint64_t salt, Partition partition, Offset base);

// The bytes that a record of this length takes.
constexpr uint64_t FrameBytes(uint64_t length) {
  return (kFrameHeaderBytes + length + 7) & ~uint64_t{7};
}

// Appends the frame of a record to `out`, all but what StampFrame fills in.
void AppendFrame(std::string_view record, bool continues, std::string* out);
// Fills in the frame's relative offset, group start and checksum; gives the frame's size.
uint64_t StampFrame(char* frame, uint32_t relative_offset, uint32_t group_start, uint64_t seed);
std::string EncodeTailMark(uint32_t relative_offset, uint32_t position, uint64_t seed);

// A frame as it is read.
struct Frame {
  enum class Kind : uint8_t { kNone, kRecord, kTailMark };
  Kind kind = Kind::kNone;  // kNone: zeros, or not a whole frame with a good checksum
  bool continues = false;
  uint32_t relative_offset = 0;
  uint32_t group_start = 0;
  std::string_view bytes;
};
// The frame that starts where `bytes` starts, its checksum verified.
Frame ReadFrame(std::string_view bytes, uint64_t seed);

// The size of the frame that starts where `bytes` starts (at least a frame header), without looking
// at its checksum; 0 where no record of this relative offset can stand there.
uint64_t SkipFrame(std::string_view bytes, uint32_t relative_offset);
// The size that the frame's header claims, unverified; 0 where it is impossible.
uint64_t ClaimedFrameBytes(std::string_view frame_header);

// What is in the newest segment.
struct TailScan {
  uint32_t records = 0;           // in whole Appends, from the segment's start on
  uint64_t end = 0;               // byte position after the last of them
  uint64_t last_group_start = 0;  // of the group of the last of them; `end` where there is none
  bool marked = false;            // a tail mark stands at the end: all before it is on the disk
  uint64_t torn_bytes = 0;        // from `end` to the last that are not zero; 0 for a mark alone
  // Something at `end` was on the disk and is no longer readable; position of the frame that
  // proves it.
  std::optional<uint64_t> proof_of_damage;
};
// `segment` is the whole segment. One Append is taken whole or not at all.
TailScan ScanTail(std::string_view segment, uint64_t seed);

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_EMBEDDED_SEGMENT_FORMAT_H_
