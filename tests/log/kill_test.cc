// A process that appends is killed; what it had acknowledged is compared with what is there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "events/embedded/embedded_log.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr int32_t kPartitions = 2;

EmbeddedLogOptions SmallSegments() {
  EmbeddedLogOptions options;
  options.partitions = kPartitions;
  options.first_segment_bytes = kMinSegmentBytes;
  options.segment_bytes = 32768;
  return options;
}

// One acknowledged record, as it goes through the pipe.
struct Acknowledged {
  int32_t partition;
  int32_t bytes;
  int64_t offset;
  int64_t number;
};
static_assert(sizeof(Acknowledged) <= 512, "one write to a pipe is atomic");

std::string RecordOf(int64_t number) { return NumberedRecord(number); }

// The child: appends until it is killed.
[[noreturn]] void AppendForever(const std::string& folder, int pipe) {
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(folder, SmallSegments());
  if (!log.ok()) ::_exit(3);
  for (int64_t number = 0;; number += 2) {
    const Partition partition(static_cast<int32_t>(number / 2 % kPartitions));
    const std::string first = RecordOf(number);
    const std::string second = RecordOf(number + 1);
    (*log)->AppendAsync(
        partition, {first, second}, [=](const absl::StatusOr<std::vector<Offset>>& offsets) {
          if (!offsets.ok()) ::_exit(4);
          for (int64_t i = 0; i < 2; ++i) {
            const Acknowledged each{partition.number(), 0,
                                    (*offsets)[static_cast<size_t>(i)].number(), number + i};
            if (::write(pipe, &each, sizeof(each)) != sizeof(each)) ::_exit(5);
          }
        });
  }
}

// `count`: how many have come so far.
std::vector<Acknowledged> ReadToEnd(int pipe, std::atomic<size_t>* count) {
  std::vector<Acknowledged> all;
  Acknowledged each;
  while (::read(pipe, &each, sizeof(each)) == static_cast<ssize_t>(sizeof(each))) {
    all.push_back(each);
    ++*count;
  }
  return all;
}

TEST_CASE("kill -9 loses nothing that was acknowledged") {
  std::mt19937_64 random(20260101);
  TemporaryFolder folder(TemporaryFolder::On::kDisk);
  const std::string path = folder / "log";
  std::vector<int64_t> ends(kPartitions, 0);
  size_t acknowledged_in_all = 0;
  for (int round = 0; round < 12; ++round) {
    INFO("round " << round);
    int ends_of_pipe[2];
    REQUIRE(::pipe(ends_of_pipe) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends_of_pipe[0]);
      AppendForever(path, ends_of_pipe[1]);
    }
    ::close(ends_of_pipe[1]);
    std::vector<Acknowledged> acknowledged;
    std::atomic<size_t> count = 0;
    std::thread collector([&] { acknowledged = ReadToEnd(ends_of_pipe[0], &count); });
    // A slow machine takes a while to begin, and then is killed in the midst of it as a fast one
    // is.
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (count < 10 && std::chrono::steady_clock::now() < patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20000 + random() % 80000));
    ::kill(child, SIGKILL);
    int outcome = 0;
    ::waitpid(child, &outcome, 0);
    collector.join();
    ::close(ends_of_pipe[0]);
    CHECK(WIFSIGNALED(outcome));
    acknowledged_in_all += acknowledged.size();

    const auto log = EmbeddedLog::Open(path, SmallSegments());
    INFO(log.status());
    REQUIRE(log.ok());
    std::vector<std::vector<StoredText>> records;
    for (int32_t p = 0; p < kPartitions; ++p) {
      const auto all = ReadFrom(**log, Partition(p), Offset(0));
      REQUIRE(all.ok());
      CHECK((all->size() % 2) == 0);  // no half of an append
      CHECK(static_cast<int64_t>(all->size()) >= ends[static_cast<size_t>(p)]);
      ends[static_cast<size_t>(p)] = static_cast<int64_t>(all->size());
      records.push_back(*all);
    }
    for (const Acknowledged& each : acknowledged) {
      const std::vector<StoredText>& partition = records[static_cast<size_t>(each.partition)];
      REQUIRE(each.offset < static_cast<int64_t>(partition.size()));
      CHECK(partition[static_cast<size_t>(each.offset)].bytes == RecordOf(each.number));
    }
    const auto verified = (*log)->Check();
    REQUIRE(verified.ok());
    for (const auto& each : *verified) CHECK(each.first_damage.ok());
  }
  CHECK(acknowledged_in_all > 100);
}

}  // namespace
}  // namespace flywheel
