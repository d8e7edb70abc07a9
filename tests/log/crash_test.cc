// Crashes between any two calls to the file system, and disks that fail.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "events/embedded/embedded_log.h"
#include "events/embedded/fault_file_system.h"
#include "events/embedded/segment_format.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kFirst{0};
constexpr const char* kFirstSegment = "log/0000/00000000000000000000.log";

EmbeddedLogOptions SmallSegments(bool prepare_ahead) {
  EmbeddedLogOptions options;
  options.partitions = 2;
  options.segment_bytes = options.first_segment_bytes = kMinSegmentBytes;
  options.prepare_ahead = prepare_ahead;
  options.salt = 4711;
  return options;
}

// The records of the append with this number: one to four, sometimes large.
std::vector<std::string> RecordsOf(int append) {
  std::vector<std::string> records;
  for (int i = 0; i <= append % 4; ++i) {
    records.push_back(std::to_string(append) + "." + std::to_string(i) + " " +
                      std::string(static_cast<size_t>(append * 37 % 400), 'r'));
  }
  return records;
}

struct History {
  int acknowledged = 0;  // appends 0 to before this were reported as durable
  bool opened = false;
};

// Opens or makes the log and appends, in two queued pieces at a time, until the file system fails.
History AppendUntilCrash(FaultFileSystem& files, const EmbeddedLogOptions& options, int appends) {
  History history;
  // Outlives the log: a log that stops refuses the second piece while the first is yet to be told.
  std::atomic<bool> first_is_durable{false};
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open("log", options, &files);
  if (!log.ok()) return history;
  history.opened = true;
  std::vector<bool> durable(static_cast<size_t>(appends), false);
  for (int append = 0; append < appends; append += 2) {
    std::vector<std::string> first = RecordsOf(append);
    std::vector<std::string> second = RecordsOf(append + 1);
    first_is_durable = false;
    (*log)->AppendAsync(kFirst, std::vector<std::string_view>(first.begin(), first.end()),
                        [&](const auto& offsets) { first_is_durable = offsets.ok(); });
    const bool second_is_durable = AppendAll(**log, kFirst, second).ok();
    if (!first_is_durable) break;
    ++history.acknowledged;
    if (!second_is_durable) break;
    ++history.acknowledged;
  }
  return history;
}

// The log holds whole appends in their order, at least the acknowledged ones, and takes more.
void CheckRecovered(FaultFileSystem& files, const EmbeddedLogOptions& options,
                    const History& history) {
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open("log", options, &files);
  INFO(log.status());
  REQUIRE(log.ok());
  const auto records = ReadFrom(**log, kFirst, Offset(0));
  INFO(records.status());
  REQUIRE(records.ok());
  const std::vector<std::string> texts = TextsOf(*records);
  size_t at = 0;
  int append = 0;
  for (; at < texts.size(); ++append) {
    for (const std::string& expected : RecordsOf(append)) {
      REQUIRE(at < texts.size());
      REQUIRE(texts[at++] == expected);
    }
  }
  CHECK(append >= history.acknowledged);
  REQUIRE(AppendOne(**log, kFirst, "after the crash").ok());
  const auto verified = (*log)->Check();
  REQUIRE(verified.ok());
  CHECK((*verified)[0].first_damage.ok());
  CHECK((*verified)[0].records == static_cast<int64_t>(texts.size()) + 1);
}

TEST_CASE("after a loss of power between any two calls all that was acknowledged is there") {
  const bool prepare_ahead = GENERATE(false, true);
  const EmbeddedLogOptions options = SmallSegments(prepare_ahead);
  constexpr int kAppends = 40;
  int64_t calls = 0;
  {
    FaultFileSystem files;
    CHECK(AppendUntilCrash(files, options, kAppends).acknowledged == kAppends);
    calls = files.calls();
  }
  REQUIRE(calls > 100);
  int lost_some = 0;
  for (int64_t crash_at = 0; crash_at < calls; ++crash_at) {
    FaultFileSystem files;
    files.CrashAfter(crash_at, static_cast<uint64_t>(crash_at));
    const History history = AppendUntilCrash(files, options, kAppends);
    for (uint64_t seed = 0; seed < 12; ++seed) {
      INFO("crash after call " << crash_at << ", power loss with seed " << seed);
      const std::unique_ptr<FaultFileSystem> left = files.AfterPowerLoss(seed);
      CheckRecovered(*left, options, history);
    }
    INFO("kill after call " << crash_at);
    CheckRecovered(*files.AfterKill(), options, history);
    lost_some += history.acknowledged < kAppends;
  }
  CHECK(lost_some > 100);
}

TEST_CASE("a crash during recovery is recovered from") {
  const EmbeddedLogOptions options = SmallSegments(false);
  constexpr int kAppends = 12;
  for (int64_t crash_at = 20; crash_at < 70; ++crash_at) {
    FaultFileSystem files;
    files.CrashAfter(crash_at, static_cast<uint64_t>(crash_at));
    const History history = AppendUntilCrash(files, options, kAppends);
    for (int64_t second_crash = 0; second_crash < 5; ++second_crash) {
      INFO("crashes after calls " << crash_at << " and " << second_crash);
      const std::unique_ptr<FaultFileSystem> once = files.AfterPowerLoss(7);
      once->CrashAfter(second_crash, 3);
      EmbeddedLog::Open("log", options, once.get()).IgnoreError();
      CheckRecovered(*once->AfterPowerLoss(9), options, history);
    }
  }
}

TEST_CASE("after a failed sync the log takes nothing until it is opened again") {
  const EmbeddedLogOptions options = SmallSegments(false);
  FaultFileSystem files;
  {
    const auto log = *EmbeddedLog::Open("log", options, &files);
    REQUIRE(AppendOne(*log, kFirst, "durable").ok());
    files.FailNextSync();
    const std::string unknown(3000, 'u');  // over several sectors
    CHECK(absl::IsUnavailable(AppendOne(*log, kFirst, unknown).status()));
    const absl::Status refused = AppendOne(*log, kFirst, "refused").status();
    CHECK(absl::IsFailedPrecondition(refused));
    CHECK(refused.message().find("Input/output error") != std::string::npos);
    CHECK(absl::IsFailedPrecondition(AppendOne(*log, Partition(1), "refused").status()));
    CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == std::vector<std::string>{"durable"});
  }
  // The page that was not synced counts as clean, but opening writes it again.
  std::vector<std::string> found;
  {
    const auto log = *EmbeddedLog::Open("log", options, &files);
    found = TextsOf(*ReadFrom(*log, kFirst, Offset(0)));
    CHECK(found.front() == "durable");
  }
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::unique_ptr<FaultFileSystem> left = files.AfterPowerLoss(seed);
    const auto log = *EmbeddedLog::Open("log", options, left.get());
    CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == found);
    CHECK(AppendOne(*log, kFirst, "goes on").ok());
  }
}

TEST_CASE("a write that fails for want of room leaves nothing, not even after a crash") {
  const EmbeddedLogOptions options = SmallSegments(false);
  FaultFileSystem files;
  const auto log = *EmbeddedLog::Open("log", options, &files);
  REQUIRE(AppendOne(*log, kFirst, "before").ok());
  for (const size_t written : {size_t{0}, size_t{10}, size_t{700}, SIZE_MAX}) {
    files.FailNextWrite(absl::ResourceExhaustedError("No space left on device"), written);
    // The process is killed as soon as it has reported.
    std::unique_ptr<FaultFileSystem> killed;
    absl::Status reported;
    Mutex mutex;
    CondVar done;
    const std::string record(1000, 'f');
    log->AppendAsync(kFirst, {record}, [&](const auto& offsets) {
      MutexLock lock(&mutex);
      reported = offsets.status();
      killed = files.AfterKill();
      done.NotifyOne();
    });
    {
      MutexLock lock(&mutex);
      while (killed == nullptr) done.Wait(&mutex);
    }
    CHECK(absl::IsResourceExhausted(reported));
    const auto found = *EmbeddedLog::Open("log", options, killed.get());
    CHECK(TextsOf(*ReadFrom(*found, kFirst, Offset(0))) == std::vector<std::string>{"before"});
  }
  CHECK(*AppendOne(*log, kFirst, "after") == Offset(1));
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == std::vector<std::string>{"before", "after"});
}

TEST_CASE("a write that fails for another reason stops the log") {
  FaultFileSystem files;
  const auto log = *EmbeddedLog::Open("log", SmallSegments(false), &files);
  files.FailNextWrite(absl::UnavailableError("Input/output error"), 30);
  CHECK(absl::IsUnavailable(AppendOne(*log, kFirst, "unknown").status()));
  CHECK(absl::IsFailedPrecondition(AppendOne(*log, kFirst, "refused").status()));
  CHECK(ReadFrom(*log, kFirst, Offset(0))->empty());
}

TEST_CASE("a full disk fails the append that needs a segment; smaller ones may still fit") {
  const bool prepare_ahead = GENERATE(false, true);
  const EmbeddedLogOptions options = SmallSegments(prepare_ahead);
  FaultFileSystem files;
  const auto log = *EmbeddedLog::Open("log", options, &files);
  files.SetCapacity(5 * kMinSegmentBytes);
  std::vector<std::string> acknowledged;
  const auto append = [&](const std::string& record) {
    const absl::Status status = AppendOne(*log, kFirst, record).status();
    if (status.ok()) acknowledged.push_back(record);
    return status;
  };
  const std::string large(1000, 'l');
  absl::Status status;
  while ((status = append(large)).ok()) {
  }
  CHECK(absl::IsResourceExhausted(status));
  CHECK(acknowledged.size() >= 9);
  CHECK(append("small").ok());
  CHECK(absl::IsResourceExhausted(append(large)));
  CHECK(AppendOne(*log, Partition(1), "another partition has room").ok());
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == acknowledged);
  files.SetCapacity(UINT64_MAX);
  CHECK(append(large).ok());
  CHECK(append("and more").ok());
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == acknowledged);
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const auto left = files.AfterPowerLoss(seed);
    CHECK(TextsOf(*ReadFrom(**EmbeddedLog::Open("log", options, left.get()), kFirst, Offset(0))) ==
          acknowledged);
  }
}

TEST_CASE("a disk too small for a new log says so, and the log is made once there is room") {
  FaultFileSystem files;
  files.SetCapacity(kMinSegmentBytes + 100);
  CHECK(absl::IsResourceExhausted(EmbeddedLog::Open("log", SmallSegments(false), &files).status()));
  files.SetCapacity(UINT64_MAX);
  CHECK(EmbeddedLog::Open("log", SmallSegments(false), &files).ok());
}

TEST_CASE("nothing is left of an unfinished write that could come back behind a later record") {
  const EmbeddedLogOptions options = SmallSegments(false);
  FaultFileSystem files;
  {
    CHECK(EmbeddedLog::Open("log", options, &files).ok());
  }
  const uint64_t seed = FrameSeed(*options.salt, kFirst, Offset(0));
  std::string group;
  AppendFrame("torn away", false, &group);
  AppendFrame("left over", false, &group);
  const uint64_t first = StampFrame(group.data(), 0, kSegmentHeaderBytes, seed);
  StampFrame(&group[first], 1, kSegmentHeaderBytes, seed);
  group[kFrameHeaderBytes] = 'T';
  files.Overwrite(kFirstSegment, kSegmentHeaderBytes, group);
  {
    const auto log = *EmbeddedLog::Open("log", options, &files);
    CHECK(log->recovery().size() == 1);
    CHECK(files.Contents(kFirstSegment).find("left over") == std::string::npos);
    CHECK(*AppendOne(*log, kFirst, "same size") == Offset(0));
  }
  const auto log = *EmbeddedLog::Open("log", options, &files);
  CHECK(TextsOf(*ReadFrom(*log, kFirst, Offset(0))) == std::vector<std::string>{"same size"});
}

TEST_CASE("an acknowledged group that the disk lost is damage as soon as a mark proves it") {
  const EmbeddedLogOptions options = SmallSegments(false);
  FaultFileSystem files;
  {
    const auto log = *EmbeddedLog::Open("log", options, &files);
    REQUIRE(AppendAll(*log, kFirst, RecordsOf(3)).ok());
  }
  files.Overwrite(kFirstSegment, 512, std::string(64, '\0'));
  CHECK(absl::IsDataLoss(EmbeddedLog::Open("log", options, &files).status()));
}

}  // namespace
}  // namespace flywheel
