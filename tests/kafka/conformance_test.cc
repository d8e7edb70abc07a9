// The log on Kafka, against a real broker, that the suite is held against.
#include "log/conformance.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "kafka/broker.h"
#include "kafka/log_testing.h"

namespace flywheel {
namespace {

constexpr int32_t kPartitions = 3;

class KafkaSubject : public ConformingLog {
 public:
  explicit KafkaSubject(const KafkaLogOptions& options) : address_(NewAddress("conformance")) {
    MakeTopics(address_, kPartitions);
    log_ = OpenOn(address_, options);
  }
  EventLog& log() override { return *log_; }
  const KafkaAddress& address() const { return address_; }

 private:
  const KafkaAddress address_;
  std::unique_ptr<KafkaLog> log_;
};

// Another writer commits or aborts a transaction before an append is reported: so there are records
// of others, records that nobody may see, and the gaps of the markers that end transactions.
class AmongTransactions : public ConformingLog, public EventLog {
 public:
  AmongTransactions() : thread_([this] { Loop(); }) {}
  ~AmongTransactions() override {
    {
      MutexLock lock(&mutex_);
      ending_ = true;
    }
    changed_.NotifyOne();
    thread_.join();
  }

  EventLog& log() override { return *this; }
  int32_t partitions() const override { return kPartitions; }
  void AppendAsync(Partition partition, absl::Span<const std::string_view> records,
                   AppendDone done) override {
    kafka_.log().AppendAsync(partition, records, [this, done](auto offsets) {
      MutexLock lock(&mutex_);
      reports_.emplace_back([done, offsets = std::move(offsets)] { done(offsets); });
      changed_.NotifyOne();
    });
  }
  absl::StatusOr<RecordBatch> Read(Partition partition, Offset from,
                                   const ReadLimits& limits) override {
    return kafka_.log().Read(partition, from, limits);
  }
  absl::StatusOr<Offset> BeginOffset(Partition partition) override {
    return kafka_.log().BeginOffset(partition);
  }
  absl::StatusOr<Offset> EndOffset(Partition partition) override {
    return kafka_.log().EndOffset(partition);
  }

 private:
  // One for all: a broker takes seconds to know a new one.
  static ForeignProducer& Writer() {
    static ForeignProducer writer(SharedBroker().address(),
                                  {{"transactional.id", TestTopic("conformance")}});
    return writer;
  }

  void EndOne(bool commit) {
    Writer().BeginTransaction();
    for (int32_t p = 0; p < kPartitions; ++p) {
      Writer().Send(kafka_.address().LogTopic(), p, commit ? "foreign" : "aborted");
    }
    Writer().EndTransaction(commit);
  }

  void Loop() {
    for (int round = 0;; ++round) {
      std::vector<std::function<void()>> reports;
      {
        MutexLock lock(&mutex_);
        while (reports_.empty() && !ending_) changed_.Wait(&mutex_);
        if (reports_.empty()) return;
        reports.swap(reports_);
      }
      if (round % 3 != 2) EndOne(/*commit=*/round % 3 == 0);
      for (const auto& report : reports) report();
    }
  }

  KafkaSubject kafka_{KafkaLogOptions()};
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::function<void()>> reports_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

KafkaLogOptions Small() {
  KafkaLogOptions options;
  options.linger = absl::ZeroDuration();
  options.max_bytes_in_flight = size_t{4} << 20;
  options.reader_bytes = size_t{1} << 20;
  return options;
}

}  // namespace

std::vector<ConformingAdapter> ConformingAdapters() {
  return {
      {"kafka", false, [] { return std::make_unique<KafkaSubject>(KafkaLogOptions()); }},
      {"kafka with small queues", false, [] { return std::make_unique<KafkaSubject>(Small()); }},
      {"kafka among transactions", true, [] { return std::make_unique<AmongTransactions>(); }},
  };
}

}  // namespace flywheel
