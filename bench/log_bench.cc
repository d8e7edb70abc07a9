// The embedded log: durable appends and reads. Data: records of 200 bytes, each of one byte value
// that rises with its number. The folder is FLYWHEEL_BENCH_DIR, else the working directory, since
// /tmp may lie in memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "events/embedded/embedded_log.h"

namespace flywheel {
namespace {

constexpr size_t kRecordBytes = 200;
constexpr int kInFlight = 64;
constexpr int kProducers = 4;
constexpr int64_t kAppendsPerRound = 200000;
constexpr int64_t kRecordsToRead = 2000000;

using Clock = std::chrono::steady_clock;

// A folder on a real disk that goes with its object.
class BenchFolder {
 public:
  BenchFolder() {
    const char* const given = std::getenv("FLYWHEEL_BENCH_DIR");
    std::string pattern = std::string(given == nullptr ? "." : given) + "/log_bench_XXXXXX";
    const char* const made = ::mkdtemp(pattern.data());
    if (made == nullptr) std::abort();
    path_ = made;
  }
  ~BenchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;

  std::string log() const { return path_ + "/log"; }

 private:
  std::string path_;
};

std::unique_ptr<EmbeddedLog> MustOpen(const std::string& folder, int32_t partitions) {
  EmbeddedLogOptions options;
  options.partitions = partitions;
  absl::StatusOr<std::unique_ptr<EmbeddedLog>> log = EmbeddedLog::Open(folder, options);
  if (!log.ok()) {
    std::fprintf(stderr, "%s\n", log.status().ToString().c_str());
    std::abort();
  }
  return *std::move(log);
}

std::string RecordOf(int64_t number) {
  return std::string(kRecordBytes, static_cast<char>('a' + number % 26));
}

// One producer: keeps its share of the appends in flight, and measures each.
void Produce(EmbeddedLog& log, int producer, std::vector<double>* latencies) {
  constexpr int64_t kShare = kAppendsPerRound / kProducers;
  std::counting_semaphore<kInFlight> slots(kInFlight / kProducers);
  std::atomic<int64_t> failed{0};
  latencies->resize(kShare);
  const std::string record = RecordOf(producer);
  for (int64_t i = 0; i < kShare; ++i) {
    slots.acquire();
    const Partition partition(static_cast<int32_t>((i + producer) % log.partitions()));
    const Clock::time_point start = Clock::now();
    log.AppendAsync(partition, {record}, [&, start, i](const auto& offsets) {
      if (!offsets.ok()) ++failed;
      (*latencies)[static_cast<size_t>(i)] =
          std::chrono::duration<double, std::micro>(Clock::now() - start).count();
      slots.release();
    });
  }
  for (int i = 0; i < kInFlight / kProducers; ++i) slots.acquire();
  if (failed != 0) std::abort();
}

// Argument: partitions.
void DurableAppend(benchmark::State& state) {
  const BenchFolder folder;
  const std::unique_ptr<EmbeddedLog> log =
      MustOpen(folder.log(), static_cast<int32_t>(state.range(0)));
  std::vector<double> all;
  for (auto _ : state) {
    std::vector<std::vector<double>> latencies(kProducers);
    std::vector<std::thread> producers;
    for (int p = 0; p < kProducers; ++p) {
      producers.emplace_back([&, p] { Produce(*log, p, &latencies[static_cast<size_t>(p)]); });
    }
    for (std::thread& producer : producers) producer.join();
    for (const auto& each : latencies) all.insert(all.end(), each.begin(), each.end());
  }
  std::sort(all.begin(), all.end());
  state.SetItemsProcessed(state.iterations() * kAppendsPerRound);
  state.counters["p50_us"] = all[all.size() / 2];
  state.counters["p99_us"] = all[all.size() * 99 / 100];
  state.counters["max_us"] = all.back();
}
BENCHMARK(DurableAppend)
    ->Arg(1)
    ->Arg(2)
    ->Arg(8)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(2);

// Appends of 1000 records at once, as an import makes them.
void BulkAppend(benchmark::State& state) {
  const BenchFolder folder;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder.log(), 1);
  const std::string record = RecordOf(0);
  const std::vector<std::string_view> records(1000, record);
  for (auto _ : state) {
    std::counting_semaphore<kInFlight> slots(8);
    for (int i = 0; i < 200; ++i) {
      slots.acquire();
      log->AppendAsync(Partition(0), records, [&](const auto& offsets) {
        if (!offsets.ok()) std::abort();
        slots.release();
      });
    }
    for (int i = 0; i < 8; ++i) slots.acquire();
  }
  state.SetItemsProcessed(state.iterations() * 200000);
}
BENCHMARK(BulkAppend)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);

void Fill(EmbeddedLog& log, int64_t records) {
  const std::string record = RecordOf(0);
  const std::vector<std::string_view> batch(1000, record);
  for (int64_t i = 0; i < records / 1000; ++i) {
    if (!log.Append(Partition(0), batch).ok()) std::abort();
  }
}

// Reads a log from its start with checksums, in batches as a cell does; from the page cache.
void SequentialRead(benchmark::State& state) {
  const BenchFolder folder;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder.log(), 1);
  Fill(*log, kRecordsToRead);
  for (auto _ : state) {
    int64_t seen = 0;
    Offset next{0};
    while (seen < kRecordsToRead) {
      const absl::StatusOr<RecordBatch> batch = log->Read(Partition(0), next, {});
      if (!batch.ok() || batch->records.empty()) std::abort();
      for (const LogRecord& record : batch->records) {
        benchmark::DoNotOptimize(record.bytes.front());
      }
      seen += static_cast<int64_t>(batch->records.size());
      next = batch->next;
    }
  }
  state.SetItemsProcessed(state.iterations() * kRecordsToRead);
  state.SetBytesProcessed(state.iterations() * kRecordsToRead * static_cast<int64_t>(kRecordBytes));
}
BENCHMARK(SequentialRead)->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(1);

// One record at a random place.
void RandomRead(benchmark::State& state) {
  const BenchFolder folder;
  const std::unique_ptr<EmbeddedLog> log = MustOpen(folder.log(), 1);
  Fill(*log, kRecordsToRead);
  ReadLimits limits;
  limits.max_records = 1;
  uint64_t place = 1;
  for (auto _ : state) {
    place = place * 6364136223846793005u + 1442695040888963407u;
    const auto from = static_cast<int64_t>((place >> 33) % kRecordsToRead);
    const absl::StatusOr<RecordBatch> batch = log->Read(Partition(0), Offset(from), limits);
    if (!batch.ok() || batch->records.empty()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(RandomRead)->UseRealTime()->Unit(benchmark::kMicrosecond)->MinTime(2);

// Opening a closed log of two million records.
void Open(benchmark::State& state) {
  const BenchFolder folder;
  Fill(*MustOpen(folder.log(), 1), kRecordsToRead);
  for (auto _ : state) benchmark::DoNotOptimize(MustOpen(folder.log(), 1));
}
BENCHMARK(Open)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace flywheel

BENCHMARK_MAIN();
