// Real files, damaged at every byte that matters.
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "events/embedded/embedded_log.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr Partition kFirst{0};
constexpr const char* kFirstSegment = "/0000/00000000000000000000.log";

EmbeddedLogOptions OneSmallSegment() {
  EmbeddedLogOptions options;
  options.partitions = 1;
  options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
  options.prepare_ahead = false;
  return options;
}

EmbeddedLogOptions ReadOnly() {
  EmbeddedLogOptions options = OneSmallSegment();
  options.read_only = true;
  return options;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(file.flush().good());
}

std::unique_ptr<EmbeddedLog> MustOpen(const std::string& folder,
                                      const EmbeddedLogOptions& options) {
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(folder, options);
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

bool Mentions(const absl::Status& status, std::string_view text) {
  return status.message().find(std::string(text)) != std::string::npos;
}

// A log of appends "a0".."a9" of varying size, closed; gives the byte position after each.
std::vector<uint64_t> MakeLog(const std::string& folder, int appends) {
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder, OneSmallSegment());
  std::vector<uint64_t> ends{kSegmentHeaderBytes};
  for (int i = 0; i < appends; ++i) {
    const std::string record = "a" + std::to_string(i) + std::string(static_cast<size_t>(i), '.');
    REQUIRE(AppendOne(*log, kFirst, record).ok());
    ends.push_back(ends.back() + FrameBytes(record.size()));
  }
  return ends;
}

size_t WholeAppendsBefore(const std::vector<uint64_t>& ends, uint64_t position) {
  size_t whole = 0;
  while (whole + 1 < ends.size() && ends[whole + 1] <= position) ++whole;
  return whole;
}

TEST_CASE("a file cut off at any byte of its last records loses only what is not whole") {
  TemporaryFolder folder;
  const std::vector<uint64_t> ends = MakeLog(folder / "log", 6);
  const std::string file = folder / "log" + kFirstSegment;
  const std::string whole = ReadFile(file);
  REQUIRE(whole.size() == kMinSegmentBytes);
  for (uint64_t length = ends[3]; length <= ends[6] + kFrameHeaderBytes; ++length) {
    INFO(length);
    WriteFile(file, std::string_view(whole).substr(0, length));
    const size_t left = WholeAppendsBefore(ends, length);
    {
      const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
      CHECK(ReadFrom(*log, kFirst, Offset(0))->size() == left);
      CHECK(*AppendOne(*log, kFirst, "after") == Offset(static_cast<int64_t>(left)));
    }
    const std::unique_ptr<EmbeddedLog> again = MustOpen(folder / "log", OneSmallSegment());
    CHECK(again->recovery().empty());
    const auto records = ReadFrom(*again, kFirst, Offset(0));
    REQUIRE(records.ok());
    CHECK(records->size() == left + 1);
    CHECK(records->back().bytes == "after");
    CHECK(ReadFile(file).size() == kMinSegmentBytes);
  }
}

TEST_CASE("zeros or rubbish from any byte of the last record on are cut, and said") {
  const bool rubbish = GENERATE(false, true);
  TemporaryFolder folder;
  const std::vector<uint64_t> ends = MakeLog(folder / "log", 4);
  const std::string file = folder / "log" + kFirstSegment;
  const std::string whole = ReadFile(file);
  for (uint64_t from = ends[3]; from < ends[4]; ++from) {
    if (whole[from] == 0 && !rubbish) continue;
    INFO(from);
    std::string torn = whole.substr(0, from) + std::string(kMinSegmentBytes - from, '\0');
    if (rubbish) torn.replace(from, 50, 50, '\x5a');
    WriteFile(file, torn);
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
    // A last record whose padding alone is hurt is whole.
    const size_t left = ReadFrom(*log, kFirst, Offset(0))->size();
    CHECK(left == (from + 7 >= ends[4] && from >= ends[3] + kFrameHeaderBytes + 5 ? 4 : 3));
    // What is left of a header can be zeros alone, as a checksum may begin with some: nothing to
    // cut.
    if (torn.find_first_not_of('\0', ends[left]) == std::string::npos) {
      CHECK(log->recovery().empty());
      continue;
    }
    REQUIRE(log->recovery().size() == 1);
    const CutTail& cut = log->recovery().front();
    CHECK(cut.partition == kFirst);
    CHECK(cut.file == file);
    CHECK(cut.position == ends[left]);
    CHECK(cut.bytes > 0);
    CHECK(cut.bytes < 120);
  }
}

TEST_CASE("a flipped bit anywhere in a closed log is damage, with file, byte, offset and advice") {
  TemporaryFolder folder;
  const std::vector<uint64_t> ends = MakeLog(folder / "log", 4);
  const std::string file = folder / "log" + kFirstSegment;
  const std::string whole = ReadFile(file);
  for (uint64_t at = kSegmentHeaderBytes; at < ends[4]; ++at) {
    const size_t record = WholeAppendsBefore(ends, at);
    const uint64_t padding = ends[record] + kFrameHeaderBytes + 2 + record;
    if (at >= padding) continue;
    INFO(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    WriteFile(file, damaged);
    const absl::Status status = EmbeddedLog::Open(folder / "log", OneSmallSegment()).status();
    INFO(status);
    CHECK(absl::IsDataLoss(status));
    CHECK(Mentions(status, file));
    CHECK(Mentions(status, "byte " + std::to_string(ends[record])));
    CHECK(Mentions(status, "offset " + std::to_string(record)));
    CHECK(Mentions(status, "Restore"));
    CHECK(ReadFile(file) == damaged);
  }
}

TEST_CASE("a read-only log gives what is before the damage, then says where it is") {
  TemporaryFolder folder;
  const std::vector<uint64_t> ends = MakeLog(folder / "log", 4);
  const std::string file = folder / "log" + kFirstSegment;
  std::string damaged = ReadFile(file);
  damaged[ends[2] + 1] ^= 1;
  WriteFile(file, damaged);
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", ReadOnly());
  CHECK(log->Read(kFirst, Offset(0), {})->records.size() == 2);
  CHECK(absl::IsDataLoss(log->Read(kFirst, Offset(2), {}).status()));
  const auto verified = log->Check();
  REQUIRE(verified.ok());
  CHECK((*verified)[0].records == 2);
  CHECK(absl::IsDataLoss((*verified)[0].first_damage));
  CHECK(ReadFile(file) == damaged);
}

TEST_CASE("damage in an earlier segment is found by reading and by checking") {
  TemporaryFolder folder;
  {
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
    for (int64_t i = 0; i < 200; ++i) REQUIRE(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
  }
  const std::string file = folder / "log" + kFirstSegment;
  std::string damaged = ReadFile(file);
  const size_t at = damaged.find("record 7: ");
  REQUIRE(at != std::string::npos);
  damaged[at] = 'R';
  WriteFile(file, damaged);
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
  const absl::StatusOr<RecordBatch> before = log->Read(kFirst, Offset(0), {});
  REQUIRE(before.ok());
  CHECK(before->records.size() == 7);
  const absl::Status status = log->Read(kFirst, Offset(7), {}).status();
  CHECK(absl::IsDataLoss(status));
  CHECK(Mentions(status, file));
  CHECK(Mentions(status, "byte " + std::to_string(at - kFrameHeaderBytes)));
  CHECK(Mentions(status, "offset 7"));
  CHECK(log->Read(kFirst, Offset(8), {}).ok());
  const auto verified = log->Check();
  REQUIRE(verified.ok());
  CHECK((*verified)[0].records == 7);
  CHECK((*verified)[0].first_damage == status);

  damaged[at] = 'r';
  damaged.replace(at - kFrameHeaderBytes + 8, 4, "\xff\xff\xff\x7f");  // an impossible length
  WriteFile(file, damaged);
  CHECK(absl::IsDataLoss(log->Read(kFirst, Offset(7), {}).status()));
  CHECK(
      absl::IsDataLoss(MustOpen(folder / "log", ReadOnly())->Read(kFirst, Offset(9), {}).status()));
}

TEST_CASE("a missing, misplaced, empty or cut segment keeps the log from being opened") {
  TemporaryFolder folder;
  {
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
    for (int64_t i = 0; i < 200; ++i) REQUIRE(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
  }
  std::vector<std::string> segments;
  for (const auto& entry : fs::directory_iterator(folder / "log/0000")) {
    segments.push_back(entry.path().string());
  }
  std::sort(segments.begin(), segments.end());
  REQUIRE(segments.size() > 4);
  const std::string second = ReadFile(segments[1]);

  const auto refused = [&] {
    const absl::Status status = EmbeddedLog::Open(folder / "log", OneSmallSegment()).status();
    INFO(status);
    CHECK(absl::IsDataLoss(status));
    return status;
  };
  SECTION("the first is missing") {
    fs::remove(segments[0]);
    CHECK(Mentions(refused(), "00000000000000000000.log"));
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", ReadOnly());
    CHECK(absl::IsDataLoss(log->Read(kFirst, Offset(0), {}).status()));
  }
  SECTION("one in the middle is missing") {
    fs::remove(segments[1]);
    CHECK(Mentions(refused(), fs::path(segments[1]).filename().string()));
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", ReadOnly());
    CHECK(absl::IsDataLoss(ReadFrom(*log, kFirst, Offset(0)).status()));
    CHECK_FALSE(log->Read(kFirst, Offset(0), {})->records.empty());
  }
  SECTION("one is empty") {
    WriteFile(segments[1], "");
    CHECK(Mentions(refused(), segments[1]));
  }
  SECTION("the newest is empty") {
    WriteFile(segments.back(), "");
    CHECK(Mentions(refused(), segments.back()));
  }
  SECTION("one is cut") {
    WriteFile(segments[1], std::string_view(second).substr(0, 3000));
    CHECK(Mentions(refused(), "3000 bytes instead of 4096"));
  }
  SECTION("one stands under another's name") {
    fs::copy_file(segments[1], segments[2], fs::copy_options::overwrite_existing);
    CHECK(Mentions(refused(), segments[2]));
  }
  SECTION("one is of another log") {
    MakeLog(folder / "other", 3);
    fs::copy_file(folder / "other" + kFirstSegment, segments[0],
                  fs::copy_options::overwrite_existing);
    CHECK(Mentions(refused(), "another log"));
  }
  SECTION("all are missing") {
    for (const std::string& segment : segments) fs::remove(segment);
    CHECK(Mentions(refused(), "no segment"));
  }
}

TEST_CASE("metadata that is damaged, empty, missing or of a later version is said") {
  TemporaryFolder folder;
  MakeLog(folder / "log", 3);
  const std::string file = folder / "log/log.meta";
  const auto status = [&] { return EmbeddedLog::Open(folder / "log", OneSmallSegment()).status(); };
  SECTION("damaged") {
    std::string bytes = ReadFile(file);
    bytes[12] = 9;
    WriteFile(file, bytes);
    CHECK(absl::IsDataLoss(status()));
    CHECK(Mentions(status(), file));
  }
  SECTION("empty") {
    WriteFile(file, "");
    CHECK(absl::IsDataLoss(status()));
    CHECK(Mentions(status(), file));
  }
  SECTION("missing, while there are records") {
    fs::remove(file);
    CHECK(absl::IsFailedPrecondition(status()));
    CHECK(Mentions(status(), "log.meta"));
    CHECK(fs::exists(folder / "log" + kFirstSegment));
  }
}

TEST_CASE("what a crash leaves of a segment that was being prepared is swept away") {
  TemporaryFolder folder;
  MakeLog(folder / "log", 3);
  WriteFile(folder / "log/0000/next.tmp", "half a segment");
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
  for (int64_t i = 0; i < 100; ++i) REQUIRE(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
  CHECK_FALSE(fs::exists(folder / "log/0000/next.tmp"));
  CHECK(ReadFrom(*log, kFirst, Offset(0))->size() == 103);
}

TEST_CASE("an interrupted making of a log is begun again, but a log in use is left alone") {
  TemporaryFolder folder;
  fs::create_directories(folder / "log/0000");
  fs::create_directories(folder / "log/0001");
  WriteFile(folder / "log" + kFirstSegment, "half a header" + std::string(4000, '\0'));
  WriteFile(folder / "log/0001/next.tmp", "");
  WriteFile(folder / "log/log.tmp", "half");
  {
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", OneSmallSegment());
    CHECK(AppendOne(*log, kFirst, "a").ok());
  }
  fs::remove(folder / "log/log.meta");
  const std::string used = ReadFile(folder / "log" + kFirstSegment);
  CHECK(absl::IsFailedPrecondition(EmbeddedLog::Open(folder / "log", OneSmallSegment()).status()));
  CHECK(ReadFile(folder / "log" + kFirstSegment) == used);
}

// A file system of a few KiB, where this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    fs::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=128k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(path_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST_CASE("on a disk that is really full, appends fail cleanly and go on when there is room") {
  TemporaryFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) {
    WARN("skipped: this process may not mount a small file system");
    return;
  }
  WriteFile(folder / "disk/ballast", std::string(64 << 10, 'b'));
  EmbeddedLogOptions options = OneSmallSegment();
  options.prepare_ahead = GENERATE(false, true);
  std::vector<std::string> acknowledged;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "disk/log", options);
  absl::Status failure;
  for (int64_t i = 0; i < 5000 && failure.ok(); ++i) {
    failure = AppendOne(*log, kFirst, NumberedRecord(i)).status();
    if (failure.ok()) acknowledged.push_back(NumberedRecord(i));
  }
  CHECK(absl::IsResourceExhausted(failure));
  CHECK(acknowledged.size() > 50);
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == acknowledged);
  fs::remove(folder / "disk/ballast");
  for (int64_t i = 0; i < 20; ++i) {
    REQUIRE(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
    acknowledged.push_back(NumberedRecord(i));
  }
  log->Close();
  CHECK(TextsOf(*ReadFrom(*MustOpen(folder / "disk/log", options), kFirst, Offset(0))) ==
        acknowledged);
}

}  // namespace
}  // namespace flywheel
