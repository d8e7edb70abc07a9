#include "events/embedded/segment_format.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr uint64_t kSeed = 77;

// A segment that is written group by group, as the writer does it.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(size_t bytes) : bytes_(bytes, '\0') {}

  // One group of appends; each is a list of records.
  void AddGroup(const std::vector<std::vector<std::string>>& appends) {
    std::string frames;
    for (const auto& records : appends) {
      for (size_t i = 0; i < records.size(); ++i) {
        AppendFrame(records[i], i + 1 < records.size(), &frames);
      }
    }
    for (size_t at = 0; at < frames.size();) {
      at += StampFrame(&frames[at], next_++, static_cast<uint32_t>(end_), kSeed);
    }
    bytes_.replace(end_, frames.size(), frames);
    group_starts_.push_back(end_);
    end_ += frames.size();
  }
  void AddTailMark() {
    const std::string mark = EncodeTailMark(next_, static_cast<uint32_t>(end_), kSeed);
    bytes_.replace(end_, mark.size(), mark);
  }

  std::string& bytes() { return bytes_; }
  uint64_t end() const { return end_; }
  uint64_t group_start(size_t group) const { return group_starts_[group]; }
  TailScan Scan() const { return ScanTail(bytes_, kSeed); }

 private:
  std::string bytes_;
  uint64_t end_ = kSegmentHeaderBytes;
  uint32_t next_ = 0;
  std::vector<uint64_t> group_starts_;
};

TEST_CASE("names of segments sort by offset and read back") {
  CHECK(SegmentName(Offset(42)) == "00000000000000000042.log");
  CHECK(SegmentBase("00000000000000000042.log") == Offset(42));
  CHECK(SegmentBase(SegmentName(Offset(INT64_MAX / 11))) == Offset(INT64_MAX / 11));
  for (const char* wrong : {"", "42.log", "0000000000000000004x.log", "00000000000000000042.tmp",
                            "99999999999999999999.log", "-0000000000000000042.log"}) {
    INFO(wrong);
    CHECK_FALSE(SegmentBase(wrong).has_value());
  }
}

TEST_CASE("the log's metadata reads back, and no changed bit passes") {
  const std::string bytes = EncodeLogMetadata({7, 99});
  const absl::StatusOr<LogMetadata> metadata = DecodeLogMetadata(bytes);
  REQUIRE(metadata.ok());
  CHECK(metadata->partitions == 7);
  CHECK(metadata->salt == 99);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(DecodeLogMetadata(changed).ok());
  }
  for (size_t length = 0; length < bytes.size(); ++length) {
    CHECK(absl::IsDataLoss(DecodeLogMetadata(bytes.substr(0, length)).status()));
  }
}

TEST_CASE("a segment's header reads back, and neither a changed bit nor another log's passes") {
  const SegmentIdentity identity{Partition(3), Offset(500), Offset(100), 8192};
  const std::string bytes = EncodeSegmentHeader(identity, 5);
  const absl::StatusOr<SegmentIdentity> decoded = DecodeSegmentHeader(bytes, 5);
  REQUIRE(decoded.ok());
  CHECK(decoded->partition == Partition(3));
  CHECK(decoded->base == Offset(500));
  CHECK(decoded->previous_base == Offset(100));
  CHECK(decoded->bytes == 8192);
  CHECK(absl::IsDataLoss(DecodeSegmentHeader(bytes, 6).status()));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK(absl::IsDataLoss(DecodeSegmentHeader(changed, 5).status()));
  }
}

TEST_CASE("every changed bit of a frame is noticed") {
  std::string frame;
  AppendFrame("some bytes", true, &frame);
  CHECK(frame.size() == FrameBytes(10));
  StampFrame(frame.data(), 12, 640, kSeed);
  const Frame read = ReadFrame(frame, kSeed);
  CHECK(read.kind == Frame::Kind::kRecord);
  CHECK(read.bytes == "some bytes");
  CHECK(read.continues);
  CHECK(read.relative_offset == 12);
  CHECK(read.group_start == 640);
  CHECK(ReadFrame(frame, kSeed + 1).kind == Frame::Kind::kNone);
  for (size_t bit = 0; bit < (kFrameHeaderBytes + 10) * 8; ++bit) {
    std::string changed = frame;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK(ReadFrame(changed, kSeed).kind == Frame::Kind::kNone);
  }
}

TEST_CASE("a whole segment is scanned to its end, marked or not") {
  SegmentBuilder segment(4096);
  CHECK(segment.Scan().records == 0);
  CHECK(segment.Scan().end == kSegmentHeaderBytes);
  segment.AddGroup({{"a"}, {"b", "c"}});
  segment.AddGroup({{"d"}});
  TailScan scan = segment.Scan();
  CHECK(scan.records == 4);
  CHECK(scan.end == segment.end());
  CHECK(scan.last_group_start == segment.group_start(1));
  CHECK(scan.torn_bytes == 0);
  CHECK_FALSE(scan.marked);
  CHECK_FALSE(scan.proof_of_damage.has_value());
  segment.AddTailMark();
  scan = segment.Scan();
  CHECK(scan.records == 4);
  CHECK(scan.torn_bytes == 0);
  CHECK(scan.marked);
  CHECK_FALSE(scan.proof_of_damage.has_value());
}

TEST_CASE("an append of which a part is missing is no part of the log") {
  SegmentBuilder segment(4096);
  segment.AddGroup({{"a"}, {"b", "c", "d"}});
  const uint64_t last_frame = segment.end() - FrameBytes(1);
  segment.bytes().replace(last_frame, FrameBytes(1), FrameBytes(1), '\0');
  const TailScan scan = segment.Scan();
  CHECK(scan.records == 1);
  CHECK(scan.end == kSegmentHeaderBytes + FrameBytes(1));
  CHECK(scan.torn_bytes == 2 * FrameBytes(1));
  CHECK_FALSE(scan.proof_of_damage.has_value());
}

TEST_CASE("parts of the last group may be missing anywhere: it was never synced") {
  SegmentBuilder segment(8192);
  segment.AddGroup({{"first"}});
  segment.AddGroup({{std::string(600, 'a')}, {std::string(600, 'b')}, {std::string(600, 'c')}});
  for (uint64_t sector = 512; sector < segment.end(); sector += 512) {
    std::string torn = segment.bytes();
    torn.replace(sector, 512, 512, '\0');
    const TailScan scan = ScanTail(torn, kSeed);
    INFO(sector);
    CHECK_FALSE(scan.proof_of_damage.has_value());
    CHECK(scan.records >= 1);
    CHECK(scan.records < 4);
  }
}

TEST_CASE("a bad frame before a later group or before the tail mark is damage") {
  const bool marked = GENERATE(false, true);
  SegmentBuilder segment(8192);
  segment.AddGroup({{"first"}, {"second"}});
  segment.AddGroup({{"third", "fourth"}});
  segment.AddGroup({{"fifth"}});
  if (marked) segment.AddTailMark();
  const uint64_t synced = marked ? segment.end() : segment.group_start(2);
  for (uint64_t at = kSegmentHeaderBytes; at < synced; ++at) {
    if (segment.bytes()[at] == 0) continue;  // the padding is not covered
    std::string damaged = segment.bytes();
    damaged[at] = static_cast<char>(~damaged[at]);
    const TailScan scan = ScanTail(damaged, kSeed);
    INFO(at);
    REQUIRE(scan.proof_of_damage.has_value());
    CHECK(*scan.proof_of_damage > at);
  }
}

TEST_CASE("a good frame with an offset that does not follow is damage") {
  SegmentBuilder segment(4096);
  segment.AddGroup({{"a"}});
  SegmentBuilder other(4096);
  other.AddGroup({{"a"}});
  other.AddGroup({{"b"}});
  other.AddGroup({{"c"}});
  // The third record right after the first.
  segment.bytes().replace(segment.end(), FrameBytes(1),
                          other.bytes().substr(other.group_start(2), FrameBytes(1)));
  CHECK(segment.Scan().proof_of_damage.has_value());
}

TEST_CASE("a good frame of a group that begins after it, or in the header, is damage") {
  const uint32_t start =
      GENERATE(uint32_t{0}, static_cast<uint32_t>(kSegmentHeaderBytes - 8),
               static_cast<uint32_t>(kSegmentHeaderBytes + 1000), uint32_t{0xFFF8FFFF});
  SegmentBuilder segment(4096);
  segment.AddGroup({{"a"}});
  std::string frame;
  AppendFrame("b", false, &frame);
  StampFrame(frame.data(), 1, start, kSeed);
  segment.bytes().replace(segment.end(), frame.size(), frame);
  const TailScan scan = segment.Scan();
  CHECK(scan.records == 1);
  CHECK(scan.last_group_start == segment.group_start(0));
  CHECK(scan.proof_of_damage == segment.end());
}

TEST_CASE("bytes of a record that look like a frame prove nothing") {
  SegmentBuilder segment(4096);
  std::string fake;
  AppendFrame("x", false, &fake);
  StampFrame(fake.data(), 1, 200, kSeed + 1);  // who publishes does not know the seed
  segment.AddGroup({{"a" + std::string(7, '.') + fake}});
  segment.bytes()[kSegmentHeaderBytes] ^= 1;
  const TailScan scan = segment.Scan();
  CHECK(scan.records == 0);
  CHECK_FALSE(scan.proof_of_damage.has_value());
}

}  // namespace
}  // namespace flywheel
