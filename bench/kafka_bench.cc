// The log on Kafka: producing it, consuming it bare, and replaying it into RocksDB by one cell.
//
//   ./flywheel.sh kafka up
//   kafka_bench --log kafka://127.0.0.1:19092/bench [--orders N] [--repetitions N] [--core N]
//
// The records are those of replay_bench (its log is read from --folder and must be there: run
// replay_bench with the same --orders first), copied once into the topic's only partition. Then, in
// turns: a bare consumer of librdkafka (batches, checksums verified, nothing done with the records)
// and the whole replay. The process with all its threads is pinned to one core; pin the broker to
// the other (taskset -acp 0 PID). The ratio that counts is events per second of this process's CPU
// time.

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "base/status.h"
#include "events/embedded/embedded_log.h"
#include "events/kafka/address.h"
#include "events/kafka/client.h"
#include "events/kafka/kafka_log.h"
#include "events/kafka/topics.h"
#include "process_cost.h"
#include "projections/cell/cell.h"
#include "projections/store/rocks_store.h"
#include "read_models.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string log = "kafka://127.0.0.1:19092/bench";
  uint32_t orders = 1'200'000;
  int repetitions = 3;
  int core = 1;
  size_t cache_mib = 256;
  std::string models = kAllModels;
  size_t reader_mib = 64;
  std::string folder = "build/bench/replay";
};

constexpr Partition kPartition{0};

// What one way costs, over the repetitions.
struct Cost {
  std::string name;
  std::vector<double> per_wall_second;
  std::vector<double> per_cpu_second;
  double peak_mib = 0;

  absl::Status Time(const std::function<absl::StatusOr<uint64_t>()>& run) {
    ResetPeakRss();
    const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double wall = Seconds(CLOCK_MONOTONIC);
    ASSIGN_OR_RETURN(const uint64_t events, run());
    const auto count = static_cast<double>(events);
    per_cpu_second.push_back(count / (Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu));
    per_wall_second.push_back(count / (Seconds(CLOCK_MONOTONIC) - wall));
    peak_mib = std::max(peak_mib, PeakRssMib());
    fmt::print("  {}: {} records, {:.0f} thousand/s, {:.0f} thousand per CPU second\n", name,
               events, per_wall_second.back() / 1000, per_cpu_second.back() / 1000);
    return absl::OkStatus();
  }
  double median_per_cpu() {
    std::sort(per_cpu_second.begin(), per_cpu_second.end());
    return per_cpu_second[per_cpu_second.size() / 2];
  }
  void Print() {
    std::sort(per_cpu_second.begin(), per_cpu_second.end());
    std::sort(per_wall_second.begin(), per_wall_second.end());
    fmt::print(
        "{:<28} {:>6.0f} thousand/s ({:.0f} to {:.0f}), {:>6.0f} thousand per CPU second "
        "({:.0f} to {:.0f}), peak RSS {:.0f} MiB\n",
        name, per_wall_second[per_wall_second.size() / 2] / 1000, per_wall_second.front() / 1000,
        per_wall_second.back() / 1000, median_per_cpu() / 1000, per_cpu_second.front() / 1000,
        per_cpu_second.back() / 1000, peak_mib);
  }
};

// Copies the embedded log into the topic.
absl::StatusOr<uint64_t> Produce(EventLog* from, EventLog* to) {
  ASSIGN_OR_RETURN(const Offset end, from->EndOffset(kPartition));
  Mutex mutex;
  absl::Status status;
  Offset next(0);
  std::vector<std::unique_ptr<absl::BlockingCounter>> under_way;
  while (next < end) {
    ASSIGN_OR_RETURN(const RecordBatch batch, from->Read(kPartition, next, ReadLimits()));
    std::vector<std::string_view> records;
    for (const LogRecord& record : batch.records) records.push_back(record.bytes);
    under_way.push_back(std::make_unique<absl::BlockingCounter>(1));
    to->AppendAsync(kPartition, records,
                    [&, done = under_way.back().get()](absl::StatusOr<std::vector<Offset>> at) {
                      {
                        MutexLock lock(&mutex);
                        status.Update(at.status());
                      }
                      done->DecrementCount();
                    });
    next = batch.next;
  }
  for (const auto& append : under_way) append->Wait();
  RETURN_IF_ERROR(status);
  return static_cast<uint64_t>(end.number());
}

absl::StatusOr<uint64_t> ConsumeBare(const KafkaAddress& address, Offset end) {
  KafkaClientOptions options;
  options.required = {{"group.id", "bench"},
                      {"enable.auto.commit", "false"},
                      {"check.crcs", "true"},
                      {"queued.min.messages", "1000000"},
                      {"queued.max.messages.kbytes", "262144"},
                      {"fetch.message.max.bytes", "8388608"}};
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaClient> client,
                   KafkaClient::Make(address, KafkaSettings(), options));
  rd_kafka_poll_set_consumer(client->handle());
  rd_kafka_topic_partition_list_t* const start = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(start, address.LogTopic().c_str(), 0)->offset = 0;
  rd_kafka_assign(client->handle(), start);
  rd_kafka_topic_partition_list_destroy(start);
  rd_kafka_queue_t* const queue = rd_kafka_queue_get_consumer(client->handle());
  std::vector<rd_kafka_message_t*> messages(10'000);
  uint64_t count = 0;
  uint64_t bytes = 0;
  while (count < static_cast<uint64_t>(end.number())) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue, 1000, messages.data(), messages.size());
    for (ssize_t i = 0; i < got; ++i) {
      rd_kafka_message_t* const message = messages[static_cast<size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++count;
        bytes += message->len;
      }
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_queue_destroy(queue);
  return bytes > 0 ? count : 0;
}

absl::StatusOr<uint64_t> Replay(EventLog* log, Offset end, const fs::path& folder,
                                const Arguments& arguments) {
  fs::remove_all(folder);
  const RocksMemory memory;
  ASSIGN_OR_RETURN(std::unique_ptr<RowStore> store, OpenRocksStore(folder.string(), memory));
  CellOptions options;
  options.cache_bytes = arguments.cache_mib << 20;
  options.models = ModelsOf(arguments.models);
  ASSIGN_OR_RETURN(const std::unique_ptr<Cell> cell,
                   Cell::Open(log, kPartition, std::move(store), options));
  RETURN_IF_ERROR(cell->CatchUp(end, [](const CellRow&) {}));
  return cell->position().counts.records;
}

absl::Status Run(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const KafkaAddress address, KafkaAddress::Parse(arguments.log));
  TopicsPlan plan;
  plan.log_partitions = 1;
  RETURN_IF_ERROR(CreateTopics(address, KafkaSettings(), plan).status());
  KafkaLogOptions options;
  options.linger = absl::Milliseconds(50);
  options.reader_bytes = arguments.reader_mib << 20;
  ASSIGN_OR_RETURN(std::unique_ptr<KafkaLog> log,
                   KafkaLog::Open(address, KafkaSettings(), options));
  const fs::path folder = fs::path(arguments.folder) / std::to_string(arguments.orders);
  ASSIGN_OR_RETURN(Offset end, log->EndOffset(kPartition));
  if (end == Offset(0)) {
    EmbeddedLogOptions embedded;
    embedded.read_only = true;
    ASSIGN_OR_RETURN(const std::unique_ptr<EmbeddedLog> from,
                     EmbeddedLog::Open((folder / "log").string(), embedded));
    Cost produce{"produce, idempotent, acks=all", {}, {}, 0};
    RETURN_IF_ERROR(produce.Time([&] { return Produce(from.get(), log.get()); }));
    produce.Print();
    ASSIGN_OR_RETURN(end, log->EndOffset(kPartition));
  }
  log.reset();
  Cost bare{"bare consumption", {}, {}, 0};
  Cost replay{"replay into RocksDB, whole", {}, {}, 0};
  for (int repetition = 0; repetition < arguments.repetitions; ++repetition) {
    RETURN_IF_ERROR(bare.Time([&] { return ConsumeBare(address, end); }));
    RETURN_IF_ERROR(replay.Time([&]() -> absl::StatusOr<uint64_t> {
      ASSIGN_OR_RETURN(const std::unique_ptr<KafkaLog> reader,
                       KafkaLog::Open(address, KafkaSettings(), options));
      return Replay(reader.get(), end, folder / "kafka-cell", arguments);
    }));
  }
  fmt::print("librdkafka {}, one partition, {} records\n", LibrdkafkaVersion(), end.number());
  bare.Print();
  replay.Print();
  fmt::print("replay / bare, per CPU second: {:.3f}\n",
             replay.median_per_cpu() / bare.median_per_cpu());
  return absl::OkStatus();
}

}  // namespace
}  // namespace flywheel

int main(int argc, char** argv) {
  flywheel::Arguments arguments;
  CLI::App app("Replay of a log on Kafka by one cell, beside a bare consumer");
  app.allow_extras();  // arguments meant for the other benchmarks
  app.add_option("--log", arguments.log, "the log; made with one partition where it is not there");
  app.add_option("--orders", arguments.orders, "which log of replay_bench is copied");
  app.add_option("--repetitions", arguments.repetitions)->check(CLI::Range(1, 100));
  app.add_option("--core", arguments.core, "core that this process is pinned to; -1: none");
  app.add_option("--cache-mib", arguments.cache_mib, "decoded rows held in memory");
  flywheel::AddModelsOption(&app, &arguments.models);
  app.add_option("--reader-mib", arguments.reader_mib, "fetched records that wait to be read");
  app.add_option("--folder", arguments.folder, "where replay_bench keeps its logs");
  CLI11_PARSE(app, argc, argv);
  flywheel::PinToCore(arguments.core);
  const absl::Status status = flywheel::Run(arguments);
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.ToString());
  return 1;
}
