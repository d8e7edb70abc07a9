// The macro driver: the replay of a whole log by one cell, with the cost of each stage.
//
//   replay_bench [--orders N] [--repetitions N] [--core N] [--cache-mib N] [--folder DIR]
//                [--models all|rating,sla]
//
// The data: the simulated marketplace (seed 1) with 1 % disorder, stamped a minute after each event
// happened, in one partition of an embedded log, which is made once in DIR and kept. Each
// repetition starts from an empty row store and reads the log from the page cache. The process and
// all its threads (RocksDB's too) are pinned to one core, so wall time and CPU time are nearly the
// same; the spread over the repetitions is printed.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/intake.h"
#include "events/record_view.h"
#include "events/vocabulary.h"
#include "process_cost.h"
#include "projections/cell/cell.h"
#include "projections/cell/fold.h"
#include "projections/store/memory_store.h"
#include "projections/store/rocks_store.h"
#include "read_models.h"
#include "sources/simulator.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  uint32_t orders = 1'200'000;
  int repetitions = 3;
  int core = 1;
  size_t cache_mib = 384;
  std::string models = kAllModels;
  std::string folder = "build/bench/replay";
};

constexpr Partition kPartition{0};

double FolderMib(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return static_cast<double>(bytes) / (1 << 20);
}

absl::StatusOr<std::unique_ptr<EmbeddedLog>> OpenLog(const fs::path& folder, bool make) {
  EmbeddedLogOptions options;
  options.partitions = make ? 1 : 0;
  return EmbeddedLog::Open(folder.string(), options);
}

// Simulates into a new log; prints the mix of kinds.
absl::Status MakeLog(const Arguments& arguments, const fs::path& folder) {
  fs::create_directories(folder.parent_path());
  fs::remove_all(folder);
  const fs::path making = folder.string() + ".making";
  fs::remove_all(making);
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, OpenLog(making, true));
    const PolicyBook policies = PolicyBook::BuiltIn();
    std::vector<std::string> batch;
    const auto append = [&]() -> absl::Status {
      const std::vector<std::string_view> views(batch.begin(), batch.end());
      if (!views.empty()) RETURN_IF_ERROR(log->Append(kPartition, views).status());
      batch.clear();
      return absl::OkStatus();
    };
    SimulatorOptions options;
    options.sellers = 5'000;
    options.orders = arguments.orders;
    options.days = 365;
    options.seed = 1;
    options.late_ppm = 2'000;
    options.out_of_order_ppm = 4'000;
    options.duplicate_ppm = 4'000;
    SimulatorSummary summary;
    RETURN_IF_ERROR(Simulate(
        options,
        [&](const events::v1::Event& event) -> absl::Status {
          const Instant stamp(event.occurred_at().seconds() * kMillisPerSecond + kMillisPerMinute);
          auto prepared = Prepare(event.SerializeAsString(), stamp, policies, 1);
          if (!std::holds_alternative<PreparedRecord>(prepared)) {
            return absl::InternalError("intake refuses a simulated event");
          }
          batch.push_back(std::move(std::get<PreparedRecord>(prepared).record_bytes));
          return batch.size() < 8192 ? absl::OkStatus() : append();
        },
        &summary));
    RETURN_IF_ERROR(append());
    fmt::print("simulated {} events of {} orders; the mix in 1,000:\n", summary.events,
               summary.orders);
    for (size_t kind = 0; kind < summary.by_kind.size(); ++kind) {
      if (summary.by_kind[kind] == 0) continue;
      fmt::print(
          "  {:>7.1f}  {}\n",
          1000.0 * static_cast<double>(summary.by_kind[kind]) / static_cast<double>(summary.events),
          NameOf(static_cast<EventKind>(kind)));
    }
  }
  fs::rename(making, folder);
  return absl::OkStatus();
}

// Reads the whole log and hands each batch over.
absl::Status ReadAll(EventLog* log, const std::function<void(const RecordBatch&)>& take) {
  ASSIGN_OR_RETURN(const Offset end, log->EndOffset(kPartition));
  Offset next(0);
  while (next < end) {
    ASSIGN_OR_RETURN(const RecordBatch batch, log->Read(kPartition, next, ReadLimits()));
    take(batch);
    next = batch.next;
  }
  return absl::OkStatus();
}

// One stage's CPU time over the repetitions, in nanoseconds per event.
class Stage {
 public:
  Stage(std::string name, uint64_t events) : name_(std::move(name)), events_(events) {}

  absl::Status Time(const std::function<absl::Status()>& run) {
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double wall = Seconds(CLOCK_MONOTONIC);
    RETURN_IF_ERROR(run());
    cpu_.push_back((Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e9 / static_cast<double>(events_));
    wall_.push_back((Seconds(CLOCK_MONOTONIC) - wall) * 1e9 / static_cast<double>(events_));
    return absl::OkStatus();
  }

  void Print() {
    std::sort(cpu_.begin(), cpu_.end());
    std::sort(wall_.begin(), wall_.end());
    const double median = wall_[wall_.size() / 2];
    fmt::print(
        "{:<34} {:>7.0f} ns CPU an event ({:.0f} to {:.0f}), {:>7.0f} ns wall: {:>5.0f} "
        "thousand events/s ({:.0f} to {:.0f})\n",
        name_, cpu_[cpu_.size() / 2], cpu_.front(), cpu_.back(), median, 1e6 / median,
        1e6 / wall_.back(), 1e6 / wall_.front());
  }

 private:
  std::string name_;
  uint64_t events_;
  std::vector<double> cpu_;
  std::vector<double> wall_;
};

// The cost of each million of events of a replay, one after the other.
class Millions {
 public:
  void Note(uint64_t records) {
    if (records < next_) return;
    const double now = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto events = static_cast<double>(records - counted_);
    text_ += fmt::format(" {:.0f}", (now - before_) * 1e9 / events);
    before_ = now;
    counted_ = records;
    next_ += kMillion;
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr uint64_t kMillion = 1'000'000;

  double before_ = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t counted_ = 0;
  uint64_t next_ = kMillion;
  std::string text_;
};

absl::Status Run(const Arguments& arguments) {
  const fs::path folder = fs::path(arguments.folder) / std::to_string(arguments.orders);
  if (!fs::exists(folder / "log")) RETURN_IF_ERROR(MakeLog(arguments, folder / "log"));
  ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> log, OpenLog(folder / "log", false));
  ASSIGN_OR_RETURN(const Offset end, log->EndOffset(kPartition));
  const auto events = static_cast<uint64_t>(end.number());
  const double log_mib = FolderMib(folder / "log");
  fmt::print("log: {} records, {:.0f} MiB\n", events, log_mib);

  Stage read("read, checksums verified", events);
  Stage scan("+ scan of the wire", events);
  Stage replay("replay into RocksDB, whole", events);
  RowsDigest digest;
  RecordCounts counts;
  double peak = 0;
  for (int repetition = 0; repetition < arguments.repetitions; ++repetition) {
    uint64_t sum = 0;
    RETURN_IF_ERROR(read.Time([&] {
      return ReadAll(log.get(), [&](const RecordBatch& batch) { sum += batch.records.size(); });
    }));
    RETURN_IF_ERROR(scan.Time([&] {
      return ReadAll(log.get(), [&](const RecordBatch& batch) {
        for (const LogRecord& record : batch.records) {
          RecordView view;
          sum += static_cast<uint64_t>(ScanRecord(record.bytes, &view));
        }
      });
    }));
    fmt::print("  {} records read and scanned\n", sum);
    const fs::path cell_folder = folder / "cell";
    fs::remove_all(cell_folder);
    ResetPeakRss();
    RETURN_IF_ERROR(replay.Time([&]() -> absl::Status {
      const RocksMemory memory;
      ASSIGN_OR_RETURN(std::unique_ptr<RowStore> store,
                       OpenRocksStore(cell_folder.string(), memory));
      CellOptions options;
      options.cache_bytes = arguments.cache_mib << 20;
      options.models = ModelsOf(arguments.models);
      ASSIGN_OR_RETURN(const std::unique_ptr<Cell> cell,
                       Cell::Open(log.get(), kPartition, std::move(store), options));
      Millions millions;
      RETURN_IF_ERROR(cell->CatchUp(
          end, [&](const CellRow& position) { millions.Note(position.counts.records); }));
      fmt::print("  ns CPU an event, by million:{}\n", millions.text());
      counts = cell->position().counts;
      peak = std::max(peak, PeakRssMib());
      return absl::OkStatus();
    }));
  }
  read.Print();
  scan.Print();
  replay.Print();
  const double orders = arguments.orders;
  fmt::print("accepted {}, duplicates {}, repeats {}, waiting {}, refused {}\n", counts.accepted,
             counts.duplicates, counts.repeats, counts.waiting, counts.refused_in_all());
  fmt::print(
      "peak RSS {:.0f} MiB (mapped log included), cache {} MiB; rows on disk {:.0f} MiB = "
      "{:.0f} bytes an order; log {:.0f} bytes an order\n",
      peak, arguments.cache_mib, FolderMib(folder / "cell"),
      FolderMib(folder / "cell") * (1 << 20) / orders, log_mib * (1 << 20) / orders);
  return absl::OkStatus();
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  flywheel::Arguments arguments;
  CLI::App app("Replay of a simulated log by one cell");
  app.allow_extras();  // arguments meant for the other benchmarks
  app.add_option("--orders", arguments.orders, "orders simulated; about 8.5 events each");
  app.add_option("--repetitions", arguments.repetitions)->check(CLI::Range(1, 100));
  app.add_option("--core", arguments.core, "core that everything is pinned to; -1: none");
  app.add_option("--cache-mib", arguments.cache_mib, "decoded rows held in memory");
  flywheel::AddModelsOption(&app, &arguments.models);
  app.add_option("--folder", arguments.folder, "where the log is made and kept");
  CLI11_PARSE(app, argc, argv);
  flywheel::PinToCore(arguments.core);
  const absl::Status status = flywheel::Run(arguments);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.ToString());
  return 1;
}
