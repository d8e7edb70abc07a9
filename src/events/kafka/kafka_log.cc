#include "events/kafka/kafka_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "events/kafka/log_producer.h"
#include "events/kafka/log_reader.h"
#include "events/kafka/partition_readers.h"
#include "events/kafka/topic_queries.h"
#include "events/kafka/topic_watch.h"

namespace flywheel {
namespace {

// A second reader, for single places, gets this part of a share.
constexpr size_t kSecondReadersPart = 10;
constexpr size_t kLeastQueuedBytes = size_t{256} << 10;

absl::Status CheckOptions(const KafkaLogOptions& options) {
  const auto refuse = [](std::string_view text) {
    return absl::InvalidArgumentError(fmt::format("the log on Kafka: {}", text));
  };
  if (options.linger < absl::ZeroDuration() || options.linger > absl::Seconds(10)) {
    return refuse("linger is 0 to 10 s");
  }
  if (options.delivery_timeout < absl::Seconds(1) || options.delivery_timeout > absl::Hours(1)) {
    return refuse("delivery_timeout is 1 s to 1 h");
  }
  if (options.request_timeout < absl::Milliseconds(100) ||
      options.request_timeout > absl::Hours(1)) {
    return refuse("request_timeout is 100 ms to 1 h");
  }
  if (options.max_bytes_in_flight < size_t{4} << 20 || options.max_bytes_in_flight > size_t{1}
                                                                                         << 30) {
    return refuse("max_bytes_in_flight is 4 MiB to 1 GiB");
  }
  if (options.reader_bytes < size_t{1} << 20 || options.reader_bytes > size_t{16} << 30) {
    return refuse("reader_bytes is 1 MiB to 16 GiB");
  }
  if (options.expected_readers < 0) return refuse("expected_readers is not negative");
  if (options.check_interval <= absl::ZeroDuration()) return refuse("check_interval is above 0");
  if (options.close_timeout < absl::ZeroDuration() || options.close_timeout > absl::Minutes(5)) {
    return refuse("close_timeout is 0 to 5 min");
  }
  return absl::OkStatus();
}

LogProducerOptions ProducerOptions(const KafkaLogOptions& options, int32_t partitions) {
  LogProducerOptions producer;
  producer.partitions = partitions;
  producer.linger = options.linger;
  producer.delivery_timeout = options.delivery_timeout;
  producer.max_bytes_in_flight = options.max_bytes_in_flight;
  producer.close_timeout = options.close_timeout;
  producer.log = options.log;
  return producer;
}

LogReaderOptions ReaderOptions(const KafkaLogOptions& options, int32_t partitions, int number) {
  const auto readers =
      static_cast<size_t>(options.expected_readers > 0 ? options.expected_readers : partitions);
  size_t share = options.reader_bytes / readers;
  if (number > 0) share /= kSecondReadersPart;
  LogReaderOptions reader;
  reader.queued_bytes = std::max(share, kLeastQueuedBytes);
  reader.request_timeout = options.request_timeout;
  reader.close_timeout = options.close_timeout;
  reader.log = options.log;
  return reader;
}

absl::Status CheckRecords(absl::Span<const std::string_view> records, size_t max_bytes) {
  size_t cost = 0;
  for (const std::string_view record : records) {
    if (record.empty()) return absl::InvalidArgumentError("a record of the log is not empty");
    if (record.size() > EventLog::kMaxRecordBytes) {
      return absl::InvalidArgumentError(fmt::format("a record of {} bytes is over the limit of {}",
                                                    record.size(), EventLog::kMaxRecordBytes));
    }
    cost += record.size() + KafkaLog::kAppendOverheadBytes;
  }
  if (cost <= max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("an append of {} records and {} bytes is over the limit of {} bytes in flight",
                  records.size(), cost, max_bytes));
}

}  // namespace

// The members are destroyed from the last to the first.
struct KafkaLog::State {
  KafkaAddress address;
  KafkaSettings settings;
  KafkaLogOptions options;
  int32_t partitions = 0;
  std::unique_ptr<TopicQueries> queries;
  std::unique_ptr<TopicWatch> watch;
  std::vector<std::unique_ptr<PartitionReaders>> readers;
  std::unique_ptr<LogProducer> producer;

  absl::Status CheckPartition(Partition partition) const {
    if (partition.number() >= 0 && partition.number() < partitions) return watch->Check();
    return absl::InvalidArgumentError(fmt::format("the log {} has partitions 0 to {}, and not {}",
                                                  address.name(), partitions - 1,
                                                  partition.number()));
  }
};

KafkaLog::KafkaLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
KafkaLog::~KafkaLog() = default;

absl::StatusOr<std::unique_ptr<KafkaLog>> KafkaLog::Open(const KafkaAddress& address,
                                                         const KafkaSettings& settings,
                                                         const KafkaLogOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  auto state = std::make_unique<State>(State{address, settings, options, 0, {}, {}, {}, {}});
  ASSIGN_OR_RETURN(state->queries,
                   TopicQueries::Make(address, settings, address.LogTopic(),
                                      options.request_timeout, options.close_timeout, options.log));
  ASSIGN_OR_RETURN(state->partitions, state->queries->CountPartitions());
  state->watch =
      std::make_unique<TopicWatch>(state->queries.get(), state->partitions, options.check_interval);
  State* const log = state.get();  // outlives its readers
  for (int32_t partition = 0; partition < state->partitions; ++partition) {
    state->readers.push_back(std::make_unique<PartitionReaders>([log, partition](int number) {
      return LogReader::Make(log->address, log->settings, log->queries.get(), Partition(partition),
                             ReaderOptions(log->options, log->partitions, number));
    }));
  }
  state->producer =
      std::make_unique<LogProducer>(address, settings, ProducerOptions(options, state->partitions));
  return std::unique_ptr<KafkaLog>(new KafkaLog(std::move(state)));
}

int32_t KafkaLog::partitions() const { return state_->partitions; }

void KafkaLog::AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                           AppendDone done) {
  absl::Status checked = state_->CheckPartition(partition);
  if (checked.ok()) checked = CheckRecords(records, state_->options.max_bytes_in_flight);
  if (!checked.ok()) return done(std::move(checked));
  if (records.empty()) return done(std::vector<Offset>());
  state_->producer->Append(partition, records, std::move(done));
}

absl::StatusOr<RecordBatch> KafkaLog::Read(Partition partition, Offset from,
                                           const ReadLimits& limits) {
  RETURN_IF_ERROR(state_->CheckPartition(partition));
  // librdkafka gives negative offsets meanings of its own.
  if (from < Offset(0)) {
    return absl::OutOfRangeError(
        fmt::format("offset {} of partition {} lies before the log's first record", from.number(),
                    partition.number()));
  }
  return state_->readers[static_cast<size_t>(partition.number())]->Read(from, limits);
}

absl::StatusOr<Offset> KafkaLog::BeginOffset(Partition partition) {
  RETURN_IF_ERROR(state_->CheckPartition(partition));
  return state_->queries->Begin(partition);
}

absl::StatusOr<Offset> KafkaLog::EndOffset(Partition partition) {
  RETURN_IF_ERROR(state_->CheckPartition(partition));
  return state_->queries->End(partition);
}

}  // namespace flywheel
