#include "kafka_engine/history_on_kafka.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "kafka/topic_testing.h"

namespace flywheel {
namespace {

// One for all: a broker takes seconds to know a new one.
const ForeignProducer& Transactions() {
  static const ForeignProducer producer(SharedBroker().address(),
                                        {{"transactional.id", TestTopic("history")}});
  return producer;
}

std::vector<const NarratedRecord*> RecordsOf(const Narration& narration, Partition partition) {
  std::vector<const NarratedRecord*> records;
  for (const NarratedRecord& record : narration.records) {
    if (record.partition == partition) records.push_back(&record);
  }
  return records;
}

Offset EndOf(const Narration& narration, Partition partition) {
  return narration.log->EndOffset(partition).value();
}

}  // namespace

bool FitsKafka(const Narration& narration) {
  for (int32_t number = 0; number < narration.log->partitions(); ++number) {
    const auto records = RecordsOf(narration, Partition(number));
    const Offset first =
        records.empty() ? EndOf(narration, Partition(number)) : records.front()->offset;
    if (first == Offset(1)) return false;
  }
  return true;
}

// Writes one partition.
class HistoryOnKafka::Writer {
 public:
  Writer(KafkaLog& log, std::string topic, Partition partition)
      : log_(log), topic_(std::move(topic)), partition_(partition) {}

  void Write(const std::vector<const NarratedRecord*>& records, Offset end) {
    LeaveGap((records.empty() ? end : records.front()->offset).number());
    for (size_t i = 0; i < records.size(); ++i) {
      const Offset next = i + 1 < records.size() ? records[i + 1]->offset : end;
      const int64_t gap = next.number() - records[i]->offset.number() - 1;
      if (gap == 1) {
        AppendWaiting();
        InTransaction({records[i]->bytes}, /*commit=*/true);
      } else {
        waiting_.push_back(records[i]->bytes);
        LeaveGap(gap);
      }
    }
    AppendWaiting();
    if (next_ != end) throw std::runtime_error("the partition ends elsewhere");
  }

 private:
  // REQUIRES: not 1.
  void LeaveGap(int64_t size) {
    if (size == 0) return;
    AppendWaiting();
    InTransaction(std::vector<std::string_view>(static_cast<size_t>(size) - 1, "aborted"),
                  /*commit=*/false);
  }

  void AppendWaiting() {
    if (waiting_.empty()) return;
    const absl::StatusOr<std::vector<Offset>> offsets = log_.Append(partition_, waiting_);
    if (!offsets.ok()) throw std::runtime_error(std::string(offsets.status().message()));
    for (const Offset offset : *offsets) {
      if (offset != next_) throw std::runtime_error("a record stands elsewhere than it was told");
      next_ = next_.Plus(1);
    }
    waiting_.clear();
  }

  void InTransaction(const std::vector<std::string_view>& records, bool commit) {
    Transactions().BeginTransaction();
    for (const std::string_view record : records) {
      Transactions().Send(topic_, partition_.number(), record);
    }
    Transactions().EndTransaction(commit);
    next_ = next_.Plus(static_cast<int64_t>(records.size()) + 1);
    // The coordinator writes the mark after it has answered.
    Eventually([this] {
      const absl::StatusOr<Offset> end = log_.EndOffset(partition_);
      if (!end.ok()) throw std::runtime_error(std::string(end.status().message()));
      return *end >= next_;
    });
  }

  KafkaLog& log_;
  const std::string topic_;
  const Partition partition_;
  Offset next_{0};
  std::vector<std::string_view> waiting_;
};

HistoryOnKafka::HistoryOnKafka(const Narration& narration) : address_(NewAddress("history")) {
  // Histories play at any time, and the message's timestamp is the record's stamp.
  TopicTester(SharedBroker().address())
      .Create(address_.LogTopic(), narration.log->partitions(),
              {{"retention.ms", "-1"}, {"message.timestamp.after.max.ms", "9223372036854775807"}});
  log_ = Open();
  for (int32_t number = 0; number < log_->partitions(); ++number) {
    const Partition partition(number);
    Writer(*log_, address_.LogTopic(), partition)
        .Write(RecordsOf(narration, partition), EndOf(narration, partition));
  }
}

std::unique_ptr<KafkaLog> HistoryOnKafka::Open() const {
  KafkaLogOptions options;
  options.linger = absl::ZeroDuration();
  return OpenOn(address_, options);
}

}  // namespace flywheel
