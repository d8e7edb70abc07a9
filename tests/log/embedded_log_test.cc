#include "events/embedded/embedded_log.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "events/embedded/fault_file_system.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kFirst{0};

EmbeddedLogOptions SmallSegments(int32_t partitions) {
  EmbeddedLogOptions options;
  options.partitions = partitions;
  options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
  return options;
}

std::unique_ptr<EmbeddedLog> MustOpen(const std::string& folder, const EmbeddedLogOptions& options,
                                      FileSystem* files = PosixFileSystem()) {
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(folder, options, files);
  INFO(log.status());
  REQUIRE(log.ok());
  return *std::move(log);
}

bool Mentions(const absl::Status& status, std::string_view text) {
  return status.message().find(std::string(text)) != std::string::npos;
}

TEST_CASE("records survive closing and opening, over many segments, and offsets go on") {
  TemporaryFolder folder;
  const EmbeddedLogOptions options = SmallSegments(2);
  std::vector<std::string> expected;
  for (int round = 0; round < 5; ++round) {
    const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
    CHECK(log->recovery().empty());
    for (int i = 0; i < 60; ++i) {
      const auto number = static_cast<int64_t>(expected.size());
      CHECK(*AppendOne(*log, Partition(1), NumberedRecord(number)) == Offset(number));
      expected.push_back(NumberedRecord(number));
    }
    CHECK(TextsOf(*ReadFrom(*log, Partition(1), Offset(0))) == expected);
    CHECK(*log->EndOffset(kFirst) == Offset(0));
  }
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
  const std::vector<PartitionReader::Extent> extents = log->Extents();
  REQUIRE(extents.size() == 2);
  CHECK(extents[1].end == Offset(300));
  CHECK(extents[1].segments > 5);
  CHECK(extents[1].file_bytes == static_cast<uint64_t>(extents[1].segments) * kMinSegmentBytes);
  CHECK(extents[1].used_bytes <= extents[1].file_bytes);
  CHECK(extents[0].segments == 1);
  CHECK(extents[0].used_bytes == kSegmentHeaderBytes);
  const auto verified = log->Check();
  REQUIRE(verified.ok());
  CHECK((*verified)[1].records == 300);
  CHECK((*verified)[1].first_damage.ok());
  size_t bytes = 0;
  for (const std::string& text : expected) bytes += text.size();
  CHECK((*verified)[1].bytes == bytes);
}

TEST_CASE("segments double up to their size, and a large append gets one that holds it") {
  TemporaryFolder folder;
  EmbeddedLogOptions options;
  options.partitions = 1;
  options.first_segment_bytes = kMinSegmentBytes;
  options.segment_bytes = 4 * kMinSegmentBytes;
  options.prepare_ahead = GENERATE(false, true);
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
  const std::string large(100000, 'L');
  REQUIRE(AppendOne(*log, kFirst, large).ok());  // takes the place of the empty first segment
  CHECK(log->Extents()[0].segments == 1);
  for (int i = 0; i < 600; ++i) REQUIRE(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
  REQUIRE(AppendAll(*log, kFirst, {large, large, large}).ok());
  CHECK(ReadFrom(*log, kFirst, Offset(0))->size() == 604);
  CHECK(log->Extents()[0].segments < 12);
}

TEST_CASE("a log is opened with the number of partitions that it was made with") {
  TemporaryFolder folder;
  MustOpen(folder / "log", SmallSegments(3));
  const absl::Status other = EmbeddedLog::Open(folder / "log", SmallSegments(4)).status();
  CHECK(absl::IsFailedPrecondition(other));
  CHECK(Mentions(other, "3 partitions, not 4"));
  CHECK(MustOpen(folder / "log", SmallSegments(0))->partitions() == 3);
}

TEST_CASE("no log is made where none is asked for") {
  TemporaryFolder folder;
  CHECK(absl::IsNotFound(EmbeddedLog::Open(folder / "log", SmallSegments(0)).status()));
  CHECK(absl::IsNotFound(EmbeddedLog::Open(folder.path(), SmallSegments(0)).status()));
  EmbeddedLogOptions read_only = SmallSegments(1);
  read_only.read_only = true;
  CHECK(absl::IsNotFound(EmbeddedLog::Open(folder / "log", read_only).status()));
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(absl::IsNotFound(EmbeddedLog::Open(folder / "a/b/log", SmallSegments(1)).status()));
}

TEST_CASE("options out of bounds are refused by name") {
  TemporaryFolder folder;
  const auto refused = [&](const char* name, auto change) {
    EmbeddedLogOptions options = SmallSegments(1);
    change(options);
    const absl::Status status = EmbeddedLog::Open(folder / "log", options).status();
    INFO(name << ": " << status);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(Mentions(status, name));
  };
  refused("partitions", [](auto& o) { o.partitions = -1; });
  refused("partitions", [](auto& o) { o.partitions = 1025; });
  refused("segment_bytes", [](auto& o) { o.segment_bytes = 100; });
  refused("first_segment_bytes", [](auto& o) { o.first_segment_bytes = uint64_t{2} << 30; });
  refused("max_bytes_in_flight", [](auto& o) { o.max_bytes_in_flight = 0; });
  refused("read_window_bytes", [](auto& o) { o.read_window_bytes = 4096; });
  refused("poll_interval", [](auto& o) { o.poll_interval = absl::ZeroDuration(); });
}

TEST_CASE("a folder that holds something else is left alone") {
  TemporaryFolder folder;
  std::ofstream(folder / "photos.zip") << "x";
  const absl::Status status = EmbeddedLog::Open(folder.path(), SmallSegments(1)).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "photos.zip"));
  CHECK_FALSE(std::filesystem::exists(folder / "lock"));
  std::ofstream(folder / "file") << "x";
  CHECK_FALSE(EmbeddedLog::Open(folder / "file", SmallSegments(1)).ok());
}

TEST_CASE("a stranger among the segments is named") {
  TemporaryFolder folder;
  MustOpen(folder / "log", SmallSegments(1));
  std::ofstream(folder / "log/0000/notes.txt") << "x";
  const absl::Status status = EmbeddedLog::Open(folder / "log", SmallSegments(1)).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "notes.txt"));
}

TEST_CASE("a second process is refused, with the folder and who holds it") {
  TemporaryFolder folder;
  const std::string path = folder / "log";
  std::unique_ptr<EmbeddedLog> log = MustOpen(path, SmallSegments(1));
  const pid_t child = ::fork();
  if (child == 0) {
    const absl::Status status = EmbeddedLog::Open(path, SmallSegments(1)).status();
    const bool right = absl::IsFailedPrecondition(status) && Mentions(status, path) &&
                       Mentions(status, "process " + std::to_string(::getppid()));
    ::_exit(right ? 0 : 1);
  }
  int outcome = 0;
  REQUIRE(::waitpid(child, &outcome, 0) == child);
  CHECK(WIFEXITED(outcome));
  CHECK(WEXITSTATUS(outcome) == 0);

  CHECK(absl::IsFailedPrecondition(EmbeddedLog::Open(path, SmallSegments(1)).status()));
  log->Close();
  CHECK(EmbeddedLog::Open(path, SmallSegments(1)).ok());
}

TEST_CASE("what is called after closing is refused, and who waits is woken") {
  TemporaryFolder folder;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", SmallSegments(1));
  absl::Status woken;
  std::thread reader([&] {
    ReadLimits limits;
    limits.wait = absl::InfiniteDuration();
    woken = log->Read(kFirst, Offset(0), limits).status();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  log->Close();
  reader.join();
  CHECK(absl::IsFailedPrecondition(woken));
  CHECK(absl::IsFailedPrecondition(AppendOne(*log, kFirst, "a").status()));
  CHECK(absl::IsFailedPrecondition(log->EndOffset(kFirst).status()));
  CHECK(absl::IsFailedPrecondition(log->Check().status()));
}

TEST_CASE("closing reports everything that was queued") {
  TemporaryFolder folder;
  std::atomic<int> reported{0};
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", SmallSegments(1));
  for (int i = 0; i < 500; ++i) {
    log->AppendAsync(kFirst, {"record"}, [&](const auto& offsets) { reported += offsets.ok(); });
  }
  log->Close();
  CHECK(reported == 500);
  CHECK(*MustOpen(folder / "log", SmallSegments(1))->EndOffset(kFirst) == Offset(500));
}

TEST_CASE("an appender waits while too many bytes are in flight, and one too large is refused") {
  TemporaryFolder folder;
  EmbeddedLogOptions options = SmallSegments(1);
  options.max_bytes_in_flight = 8192;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
  std::atomic<int> unreported{0};
  std::atomic<int> most{0};
  for (int i = 0; i < 300; ++i) {
    log->AppendAsync(kFirst, {std::string(976, 'x')}, [&](const auto&) { --unreported; });
    most = std::max<int>(most, ++unreported);
  }
  log->Close();
  CHECK(unreported == 0);
  // Eight records of 1000 bytes fit; a batch gives its bytes back just before it reports.
  CHECK(most <= 2 * 8 + 1);
  const std::unique_ptr<EmbeddedLog> again = MustOpen(folder / "log", options);
  CHECK(absl::IsInvalidArgument(AppendOne(*again, kFirst, std::string(9000, 'x')).status()));
  CHECK(AppendOne(*again, kFirst, std::string(8000, 'x')).ok());
}

TEST_CASE("many readers at places of their own read what is there") {
  TemporaryFolder folder;
  EmbeddedLogOptions options;
  options.partitions = 1;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
  std::vector<std::string> records;
  for (int64_t i = 0; i < 20000; ++i) records.push_back(NumberedRecord(i));
  for (size_t i = 0; i < records.size(); i += 100) {
    REQUIRE(AppendAll(*log, kFirst,
                      {records.begin() + static_cast<ptrdiff_t>(i),
                       records.begin() + static_cast<ptrdiff_t>(i) + 100})
                .ok());
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int64_t r = 0; r < 8; ++r) {
    readers.emplace_back([&, r] {
      for (int64_t i = 0; i < 300; ++i) {
        const int64_t from = (r * 7919 + i * 104729) % 20000;
        ReadLimits limits;
        limits.max_records = 3;
        const absl::StatusOr<RecordBatch> batch = log->Read(kFirst, Offset(from), limits);
        if (!batch.ok() || batch->records.empty() ||
            batch->records.front().bytes != records[static_cast<size_t>(from)]) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("a read-only log follows the one that appends, through many segments") {
  TemporaryFolder folder;
  EmbeddedLogOptions options = SmallSegments(1);
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder / "log", options);
  options.read_only = true;
  const std::unique_ptr<EmbeddedLog> follower = MustOpen(folder / "log", options);
  CHECK(absl::IsFailedPrecondition(AppendOne(*follower, kFirst, "a").status()));
  std::vector<StoredText> seen;
  std::atomic<bool> failed{false};
  std::thread reader([&] {
    ReadLimits limits;
    limits.wait = absl::Seconds(10);
    Offset next{0};
    while (seen.size() < 505) {
      const absl::StatusOr<RecordBatch> batch = follower->Read(kFirst, next, limits);
      failed = !batch.ok() || batch->records.empty();
      if (failed) return;
      for (const LogRecord& r : batch->records) seen.push_back({r.offset, std::string(r.bytes)});
      next = batch->next;
    }
  });
  CHECK(AppendOne(*log, kFirst, std::string(9000, 'L')).ok());
  for (int64_t i = 1; i < 500; ++i) CHECK(AppendOne(*log, kFirst, NumberedRecord(i)).ok());
  CHECK(AppendAll(*log, kFirst, {"a", "b", "c", "d", "e"}).ok());
  reader.join();
  CHECK_FALSE(failed);
  CHECK(seen == *ReadFrom(*log, kFirst, Offset(0)));
  CHECK(*follower->EndOffset(kFirst) == Offset(505));
  CHECK((*follower->Check())[0].records == 505);
}

TEST_CASE("a read-only file system cannot be appended to, but read") {
  FaultFileSystem files;
  MustOpen("log", SmallSegments(1), &files);
  {
    const std::unique_ptr<EmbeddedLog> log = MustOpen("log", SmallSegments(1), &files);
    REQUIRE(AppendOne(*log, kFirst, "a").ok());
  }
  files.SetReadOnly(true);
  CHECK(absl::IsFailedPrecondition(EmbeddedLog::Open("other", SmallSegments(1), &files).status()));
  EmbeddedLogOptions options = SmallSegments(1);
  options.read_only = true;
  const std::unique_ptr<EmbeddedLog> log = MustOpen("log", options, &files);
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == std::vector<std::string>{"a"});
}

TEST_CASE("a folder without the permission to write is refused by name") {
  if (::geteuid() == 0) {
    WARN("skipped: root may write everywhere");
    return;
  }
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "shut");
  std::filesystem::permissions(
      folder / "shut", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const absl::Status status = EmbeddedLog::Open(folder / "shut/log", SmallSegments(1)).status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(Mentions(status, "shut/log"));
}

}  // namespace
}  // namespace flywheel
