// An inbox between a real broker and a log in memory.
#ifndef FLYWHEEL_TESTS_KAFKA_INBOX_TESTING_H_
#define FLYWHEEL_TESTS_KAFKA_INBOX_TESTING_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "events/kafka/inbox.h"
#include "events/kafka/refused_store.h"
#include "events/memory/memory_log.h"
#include "events/memory/memory_refused_store.h"
#include "events/sample_events.h"
#include "flywheel/log/v1/record.pb.h"
#include "kafka/broker.h"
#include "kafka/topic_testing.h"

namespace flywheel {

inline Instant WallClock() {
  return Instant(std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count());
}

// Polls until it holds. False: not within the broker's patience.
inline bool HoldsSoon(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + KafkaBroker::kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// A valid event about an order of its own.
inline sample::pb::Event PaidEvent(const std::string& order, const std::string& seller = "seller") {
  sample::pb::Event event = sample::FullEvent(EventKind::kOrderPaid);
  event.set_seller_id(seller);
  event.mutable_order_paid()->set_order_id(order);
  return event;
}
// Of sellers that lie in all partitions of a log.
inline TopicMessage PaidMessage(int number) {
  TopicMessage message;
  message.value =
      PaidEvent("order-" + std::to_string(number), "seller-" + std::to_string(number % 50))
          .SerializeAsString();
  return message;
}
inline std::vector<TopicMessage> PaidMessages(int begin, int end) {
  std::vector<TopicMessage> messages;
  for (int i = begin; i < end; ++i) messages.push_back(PaidMessage(i));
  return messages;
}

inline KafkaInboxOptions QuickOptions() {
  KafkaInboxOptions options;
  options.consumer.metadata_interval = absl::Milliseconds(300);
  options.consumer.retry_interval = absl::Milliseconds(100);
  options.first_backoff = absl::Milliseconds(20);
  options.max_backoff = absl::Milliseconds(200);
  return options;
}

// The records of all partitions.
inline std::vector<log::v1::Record> RecordsOf(EventLog& log) {
  std::vector<log::v1::Record> records;
  for (int32_t p = 0; p < log.partitions(); ++p) {
    Offset next = log.BeginOffset(Partition(p)).value();
    for (;;) {
      const RecordBatch batch = log.Read(Partition(p), next, {}).value();
      if (batch.records.empty()) break;
      for (const LogRecord& record : batch.records) {
        FLYWHEEL_CHECK(records.emplace_back().ParseFromArray(record.bytes.data(),
                                                             static_cast<int>(record.bytes.size())),
                       "the log holds records");
      }
      next = batch.next;
    }
  }
  return records;
}

// How often the event about each order stands in the log.
inline std::map<std::string, int> OrdersOf(EventLog& log) {
  std::map<std::string, int> orders;
  for (const log::v1::Record& record : RecordsOf(log)) {
    if (record.has_event()) ++orders[record.event().order_paid().order_id()];
  }
  return orders;
}
inline std::map<std::string, log::v1::Refused> RefusedOf(EventLog& log) {
  std::map<std::string, log::v1::Refused> refused;
  for (const log::v1::Record& record : RecordsOf(log)) {
    if (record.has_refused()) refused[record.refused().source_place()] = record.refused();
  }
  return refused;
}

// A log in memory, and inboxes that feed it from a name of its own on the broker.
class InboxWorld {
 public:
  explicit InboxWorld(const KafkaBroker& broker, std::string_view stem)
      : tester(broker.address()),
        name(TestTopic(stem)),
        address(KafkaAddress::Parse("kafka://" + broker.address() + "/" + name).value()),
        log([] {
          MemoryLogOptions options;
          options.partitions = 4;
          return options;
        }()) {}

  std::string inbox_topic() const { return address.InboxTopic(); }
  void MakeInbox(int32_t partitions) { tester.Create(inbox_topic(), partitions); }
  void Publish(const std::vector<TopicMessage>& messages,
               const std::map<std::string, std::string>& settings = {}) {
    tester.Publish(inbox_topic(), messages, settings);
  }
  std::unique_ptr<KafkaInbox> Start(KafkaInboxOptions options = QuickOptions(),
                                    const KafkaSettings& settings = {}) {
    return KafkaInbox::Start(
               address, settings, &log, refused, [this] { return policies; }, WallClock,
               std::move(options))
        .value();
  }

  TopicTester tester;
  std::string name;
  KafkaAddress address;
  MemoryLog log;
  MemoryRefusedStore memory_refused;
  RefusedStore* refused = &memory_refused;
  std::shared_ptr<const PolicyBook> policies =
      std::make_shared<const PolicyBook>(PolicyBook::BuiltIn());
};

// Everything that the member reads is in the log and committed.
inline bool HasCaughtUp(const KafkaInbox& inbox, size_t partitions) {
  const InboxState state = inbox.state();
  if (state.lags.size() != partitions || state.in_hand != 0) return false;
  for (const InboxPartitionLag& lag : state.lags) {
    if (lag.messages() > 0) return false;
  }
  return true;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_KAFKA_INBOX_TESTING_H_
