// What the port promises, held against every adapter that the binary brings (conformance.h).
#include "log/conformance.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kFirst{0};

// The adapter's records but for those of others.
std::vector<StoredText> OwnRecords(const std::vector<StoredText>& all) {
  std::vector<StoredText> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [](const StoredText& record) { return record.bytes != "foreign"; });
  return own;
}

std::vector<StoredText> ReadOwn(EventLog& log, Partition partition, ReadLimits limits = {}) {
  const absl::StatusOr<Offset> begin = log.BeginOffset(partition);
  REQUIRE(begin.ok());
  const absl::StatusOr<std::vector<StoredText>> all = ReadFrom(log, partition, *begin, limits);
  INFO(all.status());
  REQUIRE(all.ok());
  return OwnRecords(*all);
}

TEST_CASE("what was appended is read back in order, with the offsets that were given") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  CHECK(log.partitions() == 3);

  std::vector<StoredText> expected;
  for (int64_t i = 0; i < 200; ++i) {
    const absl::StatusOr<Offset> offset = AppendOne(log, kFirst, NumberedRecord(i));
    REQUIRE(offset.ok());
    expected.push_back({*offset, NumberedRecord(i)});
  }
  CHECK(ReadOwn(log, kFirst) == expected);

  ReadLimits one_by_one;
  one_by_one.max_records = 1;
  CHECK(ReadOwn(log, kFirst, one_by_one) == expected);

  CHECK(ReadOwn(log, Partition(1)).empty());
  CHECK(ReadOwn(log, Partition(2)).empty());
  const absl::StatusOr<Offset> end = log.EndOffset(kFirst);
  REQUIRE(end.ok());
  CHECK(*end > expected.back().offset);
}

TEST_CASE("records of one append are all there and rise, others perhaps in between") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();

  std::vector<StoredText> expected;
  for (int64_t append = 0; append < 40; ++append) {
    std::vector<std::string> records;
    for (int64_t i = 0; i <= append % 9; ++i) records.push_back(NumberedRecord(append * 10 + i));
    const absl::StatusOr<std::vector<Offset>> offsets = AppendAll(log, kFirst, records);
    REQUIRE(offsets.ok());
    REQUIRE(offsets->size() == records.size());
    for (size_t i = 0; i < records.size(); ++i) expected.push_back({(*offsets)[i], records[i]});
  }
  CHECK(std::is_sorted(expected.begin(), expected.end(),
                       [](const auto& a, const auto& b) { return a.offset < b.offset; }));
  CHECK(ReadOwn(log, kFirst) == expected);
}

TEST_CASE("a read may start at any offset up to the end, in a gap too") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  for (int64_t i = 0; i < 120; ++i) REQUIRE(AppendOne(log, kFirst, NumberedRecord(i)).ok());
  const std::vector<StoredText> all = ReadOwn(log, kFirst);
  const Offset begin = *log.BeginOffset(kFirst);
  const Offset end = *log.EndOffset(kFirst);

  for (Offset from = end; from >= begin; from = from.Plus(-7)) {
    ReadLimits limits;
    limits.max_records = 5;
    const absl::StatusOr<RecordBatch> batch = log.Read(kFirst, from, limits);
    REQUIRE(batch.ok());
    const auto expected =
        std::find_if(all.begin(), all.end(), [&](const StoredText& r) { return r.offset >= from; });
    if (adapter.others_write || expected == all.end()) continue;
    REQUIRE_FALSE(batch->records.empty());
    CHECK(batch->records.front().offset == expected->offset);
    CHECK(batch->records.front().bytes == expected->bytes);
    CHECK(batch->next > batch->records.back().offset);
  }
}

TEST_CASE("a read keeps its limits but gives at least one record") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  for (int i = 0; i < 20; ++i) REQUIRE(AppendOne(log, kFirst, std::string(100, 'x')).ok());
  const Offset begin = *log.BeginOffset(kFirst);

  ReadLimits limits;
  limits.max_bytes = 350;
  const absl::StatusOr<RecordBatch> few = log.Read(kFirst, begin, limits);
  REQUIRE(few.ok());
  size_t bytes = 0;
  for (const LogRecord& record : few->records) bytes += record.bytes.size();
  CHECK(bytes <= 350);
  CHECK(bytes > 0);

  limits.max_bytes = 1;
  CHECK(log.Read(kFirst, begin, limits)->records.size() == 1);
  limits.max_records = 0;
  CHECK(log.Read(kFirst, begin, limits)->records.size() == 1);
}

TEST_CASE("the largest record is taken, and a batch outlives later reads") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  const std::string largest(EventLog::kMaxRecordBytes, 'L');
  const absl::StatusOr<Offset> offset = AppendOne(log, kFirst, largest);
  INFO(offset.status());
  REQUIRE(offset.ok());
  const absl::StatusOr<RecordBatch> kept = log.Read(kFirst, *offset, {});
  REQUIRE(kept.ok());
  for (int64_t i = 0; i < 100; ++i) REQUIRE(AppendOne(log, kFirst, NumberedRecord(i)).ok());
  CHECK(ReadOwn(log, kFirst).size() == 101);
  CHECK(kept->records.front().bytes == largest);
}

TEST_CASE("what the contract forbids is refused and leaves nothing") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  const std::string too_large(EventLog::kMaxRecordBytes + 1, 'x');
  CHECK(absl::IsInvalidArgument(AppendOne(log, Partition(3), "a").status()));
  CHECK(absl::IsInvalidArgument(AppendOne(log, Partition(-1), "a").status()));
  CHECK(absl::IsInvalidArgument(AppendAll(log, kFirst, {"a", "", "b"}).status()));
  CHECK(absl::IsInvalidArgument(AppendAll(log, kFirst, {"a", too_large}).status()));
  CHECK(absl::IsInvalidArgument(log.Read(Partition(3), Offset(0), {}).status()));
  CHECK(absl::IsInvalidArgument(log.BeginOffset(Partition(3)).status()));
  CHECK(absl::IsInvalidArgument(log.EndOffset(Partition(-1)).status()));
  const Offset begin = *log.BeginOffset(kFirst);
  CHECK(absl::IsOutOfRange(log.Read(kFirst, begin.Plus(-1), {}).status()));
  CHECK(ReadOwn(log, kFirst).empty());
  const absl::StatusOr<std::vector<Offset>> none = AppendAll(log, kFirst, {});
  REQUIRE(none.ok());
  CHECK(none->empty());
}

TEST_CASE("a read waits for the first record, and no longer than it may") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  using Clock = std::chrono::steady_clock;

  if (!adapter.others_write) {
    ReadLimits brief;
    brief.wait = absl::Milliseconds(30);
    const auto start = Clock::now();
    const absl::StatusOr<RecordBatch> nothing = log.Read(kFirst, *log.EndOffset(kFirst), brief);
    REQUIRE(nothing.ok());
    CHECK(nothing->records.empty());
    CHECK(Clock::now() - start >= std::chrono::milliseconds(30));
  }

  ReadLimits patient;
  patient.wait = absl::InfiniteDuration();
  const Offset end = *log.EndOffset(kFirst);
  std::string seen;
  std::thread reader([&] {
    const absl::StatusOr<RecordBatch> batch = log.Read(kFirst, end, patient);
    if (batch.ok() && !batch->records.empty()) seen = std::string(batch->records.front().bytes);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(AppendOne(log, kFirst, "awaited").ok());
  reader.join();
  CHECK((seen == "awaited" || (adapter.others_write && seen == "foreign")));
}

TEST_CASE("what is reported can be read at once") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  for (int64_t i = 0; i < 50; ++i) {
    const absl::StatusOr<Offset> offset = AppendOne(log, kFirst, NumberedRecord(i));
    REQUIRE(offset.ok());
    const absl::StatusOr<RecordBatch> batch = log.Read(kFirst, *offset, {});
    REQUIRE(batch.ok());
    REQUIRE_FALSE(batch->records.empty());
    CHECK(batch->records.front().bytes == NumberedRecord(i));
  }
}

TEST_CASE("many writers and readers see each record once, each writer's in its order") {
  const ConformingAdapter adapter = GENERATE(from_range(ConformingAdapters()));
  INFO(adapter.name);
  const std::unique_ptr<ConformingLog> subject = adapter.make();
  EventLog& log = subject->log();
  constexpr int kWriters = 4;
  constexpr int kAppends = 150;

  std::atomic<int> reported{0};
  std::atomic<int> failed{0};
  std::atomic<bool> ending{false};
  std::vector<std::vector<StoredText>> seen(3);
  std::vector<std::thread> readers;
  for (int32_t p = 0; p < 3; ++p) {
    readers.emplace_back([&, p] {
      Offset next = *log.BeginOffset(Partition(p));
      ReadLimits limits;
      limits.wait = absl::Milliseconds(2);
      for (;;) {
        const bool last_round = ending;
        const absl::StatusOr<RecordBatch> batch = log.Read(Partition(p), next, limits);
        if (!batch.ok()) ++failed;
        if (!batch.ok()) return;
        for (const LogRecord& record : batch->records) {
          seen[static_cast<size_t>(p)].push_back({record.offset, std::string(record.bytes)});
        }
        next = batch->next;
        if (last_round && (batch->records.empty() || adapter.others_write)) return;
      }
    });
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kAppends; ++i) {
        const std::string first = std::to_string(w) + " " + std::to_string(2 * i);
        const std::string second = std::to_string(w) + " " + std::to_string(2 * i + 1);
        log.AppendAsync(Partition((w + i) % 3), {first, second}, [&](const auto& offsets) {
          if (!offsets.ok()) ++failed;
          ++reported;
        });
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  while (reported < kWriters * kAppends) std::this_thread::yield();
  ending = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(failed == 0);

  std::map<std::string, int> times;
  for (const std::vector<StoredText>& partition : seen) {
    std::map<int, int> latest;
    for (const StoredText& record : OwnRecords(partition)) {
      const int writer = std::stoi(record.bytes);
      const int number = std::stoi(record.bytes.substr(record.bytes.find(' ')));
      const auto [at, is_new] = latest.emplace(writer, number);
      CHECK((is_new || at->second < number));
      at->second = number;
      ++times[record.bytes];
    }
  }
  CHECK(times.size() == size_t{2} * kWriters * kAppends);
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& t) { return t.second == 1; }));
}

}  // namespace
}  // namespace flywheel
