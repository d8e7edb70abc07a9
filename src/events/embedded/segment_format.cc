#define XXH_INLINE_ALL
#include "events/embedded/segment_format.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "events/event_log.h"

namespace flywheel {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMetadataMagic = "FLYWLOG\n";
constexpr std::string_view kSegmentMagic = "FLYWSEG\n";
constexpr uint32_t kContinues = 1;
constexpr size_t kHeaderChecksumAt = 56;

template <class Number>
Number Load(std::string_view bytes, size_t at) {
  Number number;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

template <class Number>
void Store(Number number, char* at) {
  std::memcpy(at, &number, sizeof(number));
}

uint64_t Hash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// The checksum of a frame: its header and the record's bytes, without padding.
uint64_t FrameChecksum(std::string_view frame, uint64_t seed) {
  return Hash(frame.substr(sizeof(uint64_t))) ^ seed;
}

// True where the frame at `position` was written after everything before `before` was on the disk.
bool ProvesDurable(const Frame& frame, uint64_t position, uint64_t before) {
  if (frame.kind == Frame::Kind::kTailMark) return position > before;
  return frame.kind == Frame::Kind::kRecord && frame.group_start > before &&
         frame.group_start <= position;
}

// The number of bytes up to the last one that is not zero, rounded up to a word.
uint64_t UsedBytes(std::string_view segment) {
  uint64_t used = segment.size() & ~uint64_t{7};
  for (uint64_t at = used; at < segment.size(); ++at) {
    if (segment[at] != 0) return segment.size();
  }
  while (used > 0 && Load<uint64_t>(segment, used - 8) == 0) used -= 8;
  return used;
}

// The position of a frame after `end` that proves that what stood at `end` was on the disk.
std::optional<uint64_t> FindProof(std::string_view used, uint64_t end, uint32_t records,
                                  uint64_t seed) {
  for (uint64_t at = end + 8; at + kFrameHeaderBytes <= used.size(); at += 8) {
    if (Load<uint32_t>(used, at + 16) < records) continue;
    if (ProvesDurable(ReadFrame(used.substr(at), seed), at, end)) return at;
  }
  return std::nullopt;
}

}  // namespace

std::string EncodeLogMetadata(const LogMetadata& metadata) {
  std::string bytes(kLogMetadataBytes, '\0');
  kMetadataMagic.copy(bytes.data(), kMetadataMagic.size());
  Store(kLogFormatVersion, bytes.data() + 8);
  Store(metadata.partitions, bytes.data() + 12);
  Store(metadata.salt, bytes.data() + 16);
  Store(Hash(std::string_view(bytes).substr(0, kHeaderChecksumAt)),
        bytes.data() + kHeaderChecksumAt);
  return bytes;
}

absl::StatusOr<LogMetadata> DecodeLogMetadata(std::string_view bytes) {
  if (bytes.size() < kLogMetadataBytes) {
    return absl::DataLossError(
        absl::StrCat("it has ", bytes.size(), " bytes instead of ", kLogMetadataBytes));
  }
  if (bytes.substr(0, 8) != kMetadataMagic) {
    return absl::FailedPreconditionError("it is not the metadata of a Flywheel log");
  }
  if (Hash(bytes.substr(0, kHeaderChecksumAt)) != Load<uint64_t>(bytes, kHeaderChecksumAt)) {
    return absl::DataLossError("its checksum is wrong");
  }
  if (const auto version = Load<uint32_t>(bytes, 8); version != kLogFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "it has format version ", version, "; this program reads version ", kLogFormatVersion));
  }
  return LogMetadata{Load<int32_t>(bytes, 12), Load<uint64_t>(bytes, 16)};
}

std::string SegmentName(Offset base) { return absl::StrFormat("%020d.log", base.number()); }

std::optional<Offset> SegmentBase(std::string_view name) {
  constexpr size_t kDigits = 20;
  if (name.size() != kDigits + 4 || name.substr(kDigits) != ".log") return std::nullopt;
  int64_t base = 0;
  for (const char c : name.substr(0, kDigits)) {
    if (c < '0' || c > '9' || base > (INT64_MAX - 9) / 10) return std::nullopt;
    base = base * 10 + (c - '0');
  }
  return Offset(base);
}

std::string PartitionFolderName(Partition partition) {
  return absl::StrFormat("%04d", partition.number());
}

std::string EncodeSegmentHeader(const SegmentIdentity& identity, uint64_t salt) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  kSegmentMagic.copy(bytes.data(), kSegmentMagic.size());
  Store(kLogFormatVersion, bytes.data() + 8);
  Store(identity.partition.number(), bytes.data() + 12);
  Store(identity.base.number(), bytes.data() + 16);
  Store(identity.previous_base.number(), bytes.data() + 24);
  Store(identity.bytes, bytes.data() + 32);
  Store(Hash(std::string_view(bytes).substr(0, kHeaderChecksumAt)) ^ salt,
        bytes.data() + kHeaderChecksumAt);
  return bytes;
}

absl::StatusOr<SegmentIdentity> DecodeSegmentHeader(std::string_view bytes, uint64_t salt) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return absl::DataLossError("the header is incomplete");
  }
  if (bytes.substr(0, 8) != kSegmentMagic) {
    return absl::DataLossError("the header is not that of a segment");
  }
  if ((Hash(bytes.substr(0, kHeaderChecksumAt)) ^ salt) !=
      Load<uint64_t>(bytes, kHeaderChecksumAt)) {
    return absl::DataLossError("the header is damaged, or the segment is of another log");
  }
  if (const auto version = Load<uint32_t>(bytes, 8); version != kLogFormatVersion) {
    return absl::DataLossError(absl::StrCat("the header says format version ", version));
  }
  SegmentIdentity identity;
  identity.partition = Partition(Load<int32_t>(bytes, 12));
  identity.base = Offset(Load<int64_t>(bytes, 16));
  identity.previous_base = Offset(Load<int64_t>(bytes, 24));
  identity.bytes = Load<uint64_t>(bytes, 32);
  return identity;
}

uint64_t FrameSeed(uint64_t salt, Partition partition, Offset base) {
  const int64_t numbers[] = {base.number(), partition.number()};
  return XXH3_64bits_withSeed(numbers, sizeof(numbers), salt);
}

void AppendFrame(std::string_view record, bool continues, std::string* out) {
  char header[kFrameHeaderBytes] = {};
  Store(static_cast<uint32_t>(record.size()), header + 8);
  Store(continues ? kContinues : uint32_t{0}, header + 12);
  out->append(header, sizeof(header));
  out->append(record);
  out->append(FrameBytes(record.size()) - kFrameHeaderBytes - record.size(), '\0');
}

uint64_t StampFrame(char* frame, uint32_t relative_offset, uint32_t group_start, uint64_t seed) {
  const auto length = Load<uint32_t>(std::string_view(frame, kFrameHeaderBytes), 8);
  Store(relative_offset, frame + 16);
  Store(group_start, frame + 20);
  Store(FrameChecksum(std::string_view(frame, kFrameHeaderBytes + length), seed), frame);
  return FrameBytes(length);
}

std::string EncodeTailMark(uint32_t relative_offset, uint32_t position, uint64_t seed) {
  std::string mark(kFrameHeaderBytes, '\0');
  StampFrame(mark.data(), relative_offset, position, seed);
  return mark;
}

uint64_t ClaimedFrameBytes(std::string_view frame_header) {
  const auto length = Load<uint32_t>(frame_header, 8);
  if (length > EventLog::kMaxRecordBytes) return 0;
  return FrameBytes(length);
}

Frame ReadFrame(std::string_view bytes, uint64_t seed) {
  Frame frame;
  if (bytes.size() < kFrameHeaderBytes) return frame;
  const auto length = Load<uint32_t>(bytes, 8);
  const auto flags = Load<uint32_t>(bytes, 12);
  if (length > EventLog::kMaxRecordBytes || flags > kContinues ||
      FrameBytes(length) > bytes.size() ||
      Load<uint64_t>(bytes, 0) !=
          FrameChecksum(bytes.substr(0, kFrameHeaderBytes + length), seed)) {
    return frame;
  }
  frame.kind = length == 0 ? Frame::Kind::kTailMark : Frame::Kind::kRecord;
  frame.continues = (flags & kContinues) != 0;
  frame.relative_offset = Load<uint32_t>(bytes, 16);
  frame.group_start = Load<uint32_t>(bytes, 20);
  frame.bytes = bytes.substr(kFrameHeaderBytes, length);
  return frame;
}

uint64_t SkipFrame(std::string_view bytes, uint32_t relative_offset) {
  const auto length = Load<uint32_t>(bytes, 8);
  if (length == 0 || length > EventLog::kMaxRecordBytes ||
      Load<uint32_t>(bytes, 16) != relative_offset) {
    return 0;
  }
  return FrameBytes(length);
}

TailScan ScanTail(std::string_view segment, uint64_t seed) {
  TailScan scan;
  scan.end = kSegmentHeaderBytes;
  scan.last_group_start = scan.end;
  uint64_t at = scan.end;
  uint32_t next = 0;
  Frame frame;
  for (;;) {
    frame = ReadFrame(segment.substr(at), seed);
    if (frame.kind != Frame::Kind::kRecord || frame.relative_offset != next) break;
    if (frame.group_start < kSegmentHeaderBytes || frame.group_start > at) break;
    at += FrameBytes(frame.bytes.size());
    ++next;
    if (frame.continues) continue;
    scan.records = next;
    scan.end = at;
    scan.last_group_start = frame.group_start;
  }
  scan.marked = at == scan.end && frame.kind == Frame::Kind::kTailMark &&
                frame.relative_offset == next && frame.group_start == at;
  const uint64_t used = std::max(UsedBytes(segment), scan.end);
  if (frame.kind != Frame::Kind::kNone && !scan.marked) {
    scan.proof_of_damage = at;  // a good frame that stands in a wrong place
  } else {
    scan.proof_of_damage = FindProof(segment.substr(0, used), scan.end, scan.records, seed);
  }
  const uint64_t mark_end = scan.end + kFrameHeaderBytes;
  scan.torn_bytes = scan.marked && used <= mark_end ? 0 : used - scan.end;
  return scan;
}

}  // namespace flywheel
