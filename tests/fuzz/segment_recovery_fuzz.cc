// A partition of the embedded log as a crash, a bad disk or a stranger may leave it: recovery gives
// what was appended and nothing else, or says that something is damaged and changes nothing.
//
// The input is taken as any of the log's bytes first. Then it is a program: bytes that append
// groups of records, and others that change, clear or cut what was written.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/embedded/fault_file_system.h"
#include "events/embedded/partition_recovery.h"
#include "events/embedded/segment_format.h"
#include "fuzz/demand.h"

namespace flywheel {
namespace {

constexpr Partition kPartition{3};
constexpr uint64_t kSalt = 4711;
constexpr size_t kMaxSegments = 3;
constexpr char kFolder[] = "0003";

// ---------------------------------------------------------------- any bytes

void CheckScan(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return;
  const uint64_t seed = FrameSeed(kSalt, kPartition, Offset(0));
  const TailScan scan = ScanTail(bytes, seed);
  Demand(scan.last_group_start <= scan.end, "the last group starts before the end");
  Demand(scan.end <= bytes.size(), "the end is within");
  Demand(scan.torn_bytes == 0 || scan.end + scan.torn_bytes <= bytes.size(),
         "what is torn is within");
  for (size_t at = 0; at + kFrameHeaderBytes <= bytes.size(); at += 8) {
    const std::string_view rest = bytes.substr(at);
    const Frame frame = ReadFrame(rest, seed);
    Demand(frame.bytes.size() <= rest.size(), "a frame is within");
    Demand(SkipFrame(rest, frame.relative_offset) % 8 == 0, "frames are aligned");
    Demand(ClaimedFrameBytes(rest.substr(0, kFrameHeaderBytes)) % 8 == 0, "frames are aligned");
  }
}

void CheckHeaders(std::string_view bytes) {
  if (const auto metadata = DecodeLogMetadata(bytes); metadata.ok()) {
    Demand(EncodeLogMetadata(*metadata) == bytes.substr(0, kLogMetadataBytes),
           "metadata have one form");
  }
  if (const auto identity = DecodeSegmentHeader(bytes, kSalt); identity.ok()) {
    Demand(EncodeSegmentHeader(*identity, kSalt) == bytes.substr(0, kSegmentHeaderBytes),
           "a header has one form");
  }
  if (const auto base = SegmentBase(bytes)) {
    Demand(SegmentName(*base) == bytes, "a segment has one name");
  }
}

// ---------------------------------------------------------------- a partition

// Segments as a writer makes them, then damaged.
class Writer {
 public:
  Writer() { BeginSegment(); }

  void Run(std::string_view program) {
    program_ = program;
    while (!program_.empty()) {
      const uint8_t operation = Byte();
      switch (operation & 7) {
        case 0:
          Overwrite(operation >> 3 & 3);
          break;
        case 1:
          Clear();
          break;
        case 2:
          Cut();
          break;
        case 3:
          Forge();
          break;
        default:
          Append(operation);
      }
    }
  }

  struct Segment {
    std::string name;
    Offset base;
    std::string bytes;
    size_t end = kSegmentHeaderBytes;  // after the last frame
  };
  // Where an Append ended, and the records up to it.
  struct Mark {
    size_t segment;
    size_t end;
    size_t records;
  };

  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<std::string>& records() const { return records_; }
  bool forged() const { return forged_; }

  // How many records stand in whole Appends before the first byte that was changed in the newest
  // segment.
  size_t RecordsBeforeDamage() const {
    size_t records = 0;
    for (const Mark& mark : marks_) {
      if (mark.segment + 1 < segments_.size() || mark.end <= first_damage_) records = mark.records;
    }
    return records;
  }

 private:
  uint8_t Byte() {
    if (program_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(program_.front());
    program_.remove_prefix(1);
    return byte;
  }
  // A place in a segment, the newest as a rule.
  std::pair<Segment*, size_t> Place() {
    const size_t number = Byte() | Byte() << 8;
    Segment& segment = segments_[number >> 14 == 0 ? 0 : segments_.size() - 1];
    return {&segment, segment.bytes.empty() ? 0 : number % segment.bytes.size()};
  }
  void NoteDamage(const Segment* segment, size_t at) {
    if (segment == &segments_.back()) first_damage_ = std::min(first_damage_, at);
  }

  void BeginSegment() {
    SegmentIdentity identity;
    identity.partition = kPartition;
    identity.base = Offset(static_cast<int64_t>(records_.size()));
    if (!segments_.empty()) identity.previous_base = segments_.back().base;
    identity.bytes = kMinSegmentBytes;
    Segment segment{SegmentName(identity.base), identity.base,
                    EncodeSegmentHeader(identity, kSalt)};
    segment.bytes.resize(kMinSegmentBytes);
    segments_.push_back(std::move(segment));
  }

  // A group of Appends, each of one or two records, and a tail mark perhaps.
  void Append(uint8_t dice) {
    std::string frames;
    std::vector<std::pair<std::string, bool>> group;
    for (int appends = 1 + (dice >> 3 & 3); appends > 0; --appends) {
      const uint8_t record = Byte();
      if (record % 5 == 0) group.emplace_back(std::string(1 + record / 2, 'c'), true);
      group.emplace_back(std::string(1 + record, static_cast<char>('a' + records_.size() % 26)),
                         false);
    }
    for (const auto& [bytes, continues] : group) AppendFrame(bytes, continues, &frames);
    if (damaged_) return;  // nobody appends to what is damaged
    if (segments_.back().end + frames.size() > kMinSegmentBytes) {
      if (segments_.size() == kMaxSegments) return;
      BeginSegment();
    }
    Segment& segment = segments_.back();
    const auto first = static_cast<size_t>(segment.base.number());
    const size_t start = segment.end;
    const uint64_t seed = FrameSeed(kSalt, kPartition, segment.base);
    size_t at = 0;
    for (const auto& [bytes, continues] : group) {
      at += StampFrame(frames.data() + at, static_cast<uint32_t>(records_.size() - first),
                       static_cast<uint32_t>(start), seed);
      records_.push_back(bytes);
      if (!continues) marks_.push_back({segments_.size() - 1, start + at, records_.size()});
    }
    segment.bytes.replace(start, frames.size(), frames);
    segment.end = start + frames.size();
    if ((dice & 32) != 0 && segment.end + kFrameHeaderBytes <= kMinSegmentBytes) {
      const std::string mark = EncodeTailMark(static_cast<uint32_t>(records_.size() - first),
                                              static_cast<uint32_t>(segment.end), seed);
      segment.bytes.replace(segment.end, mark.size(), mark);
    }
  }

  void Overwrite(size_t longer) {
    const auto [segment, at] = Place();
    damaged_ = true;
    NoteDamage(segment, at);
    for (size_t i = at; i <= at + longer && i < segment->bytes.size(); ++i) {
      segment->bytes[i] = static_cast<char>(Byte());
    }
  }
  void Clear() {
    const auto [segment, at] = Place();
    const size_t length = std::min<size_t>(4 * Byte(), segment->bytes.size() - at);
    damaged_ = true;
    NoteDamage(segment, at);
    segment->bytes.replace(at, length, std::string(length, '\0'));
  }
  void Cut() {
    const auto [segment, at] = Place();
    damaged_ = true;
    NoteDamage(segment, at);
    segment->bytes.resize(at);
  }
  // A frame with a good checksum that no writer would put there.
  void Forge() {
    const auto [segment, at] = Place();
    const uint32_t relative = Byte();
    const uint32_t group = Byte() | Byte() << 8;
    std::string frame;
    AppendFrame(std::string(1 + Byte() % 40, 'f'), (Byte() & 1) != 0, &frame);
    StampFrame(frame.data(), relative, group, FrameSeed(kSalt, kPartition, segment->base));
    damaged_ = forged_ = true;
    const size_t aligned = at & ~size_t{7};
    if (aligned + frame.size() > segment->bytes.size()) return;
    segment->bytes.replace(aligned, frame.size(), frame);
  }

  std::string_view program_;
  std::vector<Segment> segments_;
  std::vector<std::string> records_;
  std::vector<Mark> marks_;
  bool damaged_ = false;
  bool forged_ = false;
  size_t first_damage_ = kMinSegmentBytes;
};

// The files of the partition.
std::map<std::string, std::string> FilesOf(FaultFileSystem& files) {
  std::map<std::string, std::string> contents;
  const auto names = files.List(kFolder);
  Demand(names.ok(), "the folder can be listed");
  for (const std::string& name : *names) {
    contents[name] = files.Contents(std::string(kFolder) + "/" + name);
  }
  return contents;
}

void Put(FaultFileSystem& files, const Writer::Segment& segment) {
  const auto file =
      files.OpenForWrite(std::string(kFolder) + "/" + segment.name, FileSystem::OpenMode::kNew);
  Demand(file.ok() && WriteAll(**file, 0, segment.bytes).ok(), "a file is written");
}

// The records of the newest segment, as many as recovery says.
std::vector<std::string> RecordsOf(const Segment& segment, std::string_view bytes, Offset end) {
  std::vector<std::string> records;
  size_t at = kSegmentHeaderBytes;
  while (segment.base().Plus(static_cast<int64_t>(records.size())) < end) {
    Demand(at < bytes.size(), "the records that are found lie in the file");
    const Frame frame = ReadFrame(bytes.substr(at), segment.seed());
    Demand(frame.kind == Frame::Kind::kRecord, "what is found is a record");
    records.emplace_back(frame.bytes);
    at += FrameBytes(frame.bytes.size());
  }
  return records;
}

void CheckFound(const Writer& writer, const FoundPartition& found,
                const std::map<std::string, std::string>& files) {
  const Segment& newest = *found.segments.back();
  const std::string& bytes = files.at(SegmentName(newest.base()));
  const std::vector<std::string> records = RecordsOf(newest, bytes, found.end);
  if (writer.forged()) return;
  const auto end = static_cast<size_t>(found.end.number());
  Demand(end <= writer.records().size(), "nothing is found that was not appended");
  Demand(end >= writer.RecordsBeforeDamage(), "what was not damaged is there");
  const auto first = static_cast<size_t>(newest.base().number());
  for (size_t i = 0; i < records.size(); ++i) {
    Demand(records[i] == writer.records()[first + i], "a record is as it was appended");
  }
}

void CheckRecovery(std::string_view program) {
  Writer writer;
  writer.Run(program);
  FaultFileSystem files;
  Demand(files.CreateFolder(kFolder).ok(), "a folder is made");
  for (const Writer::Segment& segment : writer.segments()) Put(files, segment);
  LogContext context{&files, {}, kSalt};
  context.options.segment_bytes = context.options.first_segment_bytes = kMinSegmentBytes;
  const auto before = FilesOf(files);
  const absl::StatusOr<FoundPartition> found = FindPartition(context, kFolder, kPartition);
  const auto after = FilesOf(files);
  if (!found.ok()) {
    Demand(absl::IsDataLoss(found.status()), "what cannot be opened is damaged");
    Demand(before == after, "what is damaged is not touched");
    return;
  }
  CheckFound(writer, *found, after);
  const absl::StatusOr<FoundPartition> again = FindPartition(context, kFolder, kPartition);
  Demand(again.ok() && again->damage.ok(), "what was recovered opens");
  Demand(again->end == found->end && again->cut.empty(), "recovery finds all at once");
  Demand(FilesOf(files) == after, "what was recovered needs no mending");
  context.options.read_only = true;
  const absl::StatusOr<FoundPartition> read = FindPartition(context, kFolder, kPartition);
  Demand(read.ok() && read->damage.ok() && read->end == found->end, "readers find the same");
}

}  // namespace
}  // namespace flywheel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  flywheel::CheckHeaders(bytes);
  flywheel::CheckScan(bytes);
  flywheel::CheckRecovery(bytes);
  return 0;
}
