// What is on its way to the broker: its key, its stamp, its order, and a producer that breaks.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "events/intake.h"
#include "events/kafka/log_producer.h"
#include "events/kafka/pending_append.h"
#include "events/kafka/topic_plan.h"
#include "flywheel/log/v1/record.pb.h"
#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "kafka/topic_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

LogProducerOptions Options() {
  LogProducerOptions options;
  options.linger = absl::Milliseconds(1);
  options.delivery_timeout = absl::Seconds(60);
  options.max_bytes_in_flight = size_t{8} << 20;
  options.close_timeout = absl::Seconds(5);
  return options;
}

std::string EventOf(const std::string& seller, int64_t stamp_millis) {
  log::v1::Record record;
  record.mutable_event()->set_seller_id(seller);
  record.mutable_event()->mutable_recorded_at()->set_seconds(stamp_millis / 1000);
  record.mutable_event()->mutable_recorded_at()->set_nanos(
      static_cast<int32_t>(stamp_millis % 1000 * 1'000'000));
  return record.SerializeAsString();
}

// The key and the stamp that a record is sent with.
PendingRecord Pending(const log::v1::Record& record, std::string& bytes) {
  bytes = record.SerializeAsString();
  // The key points into the append's own copy.
  static std::unique_ptr<PendingAppend> append;
  append = std::make_unique<PendingAppend>(kOnly, std::vector<std::string_view>{bytes}, nullptr);
  return append->records.front();
}

TEST_CASE(
    "a record's key is its seller, whatever kind of record it is, and its time is its stamp") {
  std::string bytes;
  log::v1::Record record;
  record.mutable_event()->set_seller_id("s-event");
  record.mutable_event()->mutable_recorded_at()->set_seconds(7);
  CHECK(Pending(record, bytes).key == "s-event");
  CHECK(Pending(record, bytes).stamp_millis == 7000);
  record.mutable_decision()->set_seller_id("s-decision");
  record.mutable_decision()->mutable_recorded_at()->set_seconds(8);
  CHECK(Pending(record, bytes).key == "s-decision");
  CHECK(Pending(record, bytes).stamp_millis == 8000);
  record.mutable_refused()->set_source("inbox");
  CHECK(Pending(record, bytes).key.empty());
  record.mutable_refused()->set_seller_id("s-refused");
  CHECK(Pending(record, bytes).key == "s-refused");
  record.mutable_resubmitted()->mutable_event()->set_seller_id("s-resubmitted");
  CHECK(Pending(record, bytes).key == "s-resubmitted");
  record.mutable_discarded()->set_reason("no");
  CHECK(Pending(record, bytes).key.empty());
  CHECK(Pending(record, bytes).stamp_millis == 0);

  const PendingAppend garbage(kOnly, std::vector<std::string_view>{"\xff garbage"}, nullptr);
  CHECK(garbage.records.front().key.empty());
  CHECK(garbage.records.front().bytes == "\xff garbage");
}

TEST_CASE("who reads the topic finds seller and partition as the Java client would put them") {
  const KafkaAddress address = NewAddress("keys");
  MakeTopics(address, 3);
  const auto log = OpenOn(address);
  for (const std::string seller : {"s-1", "s-2", "s-3", "s-4", "s-5"}) {
    const std::string record = EventOf(seller, 1'600'000'000'123);
    REQUIRE(AppendOne(*log, PartitionOf(seller, 3), record).ok());
  }
  const std::vector<TopicMessage> messages =
      TopicTester(SharedBroker().address()).ReadAll(address.LogTopic(), 3);
  REQUIRE(messages.size() == 5);
  for (const TopicMessage& message : messages) {
    CHECK(PartitionOf(message.key.value(), 3) == Partition(message.partition));
  }
}

TEST_CASE("a stamp that lies ahead of the broker's clock is refused, and the clocks are named") {
  const KafkaAddress address = NewAddress("ahead");
  MakeTopics(address, 1);
  const auto log = OpenOn(address);
  const int64_t now = absl::ToUnixMillis(absl::Now());
  const absl::Status status = AppendOne(*log, kOnly, EventOf("s", now + 600'000)).status();
  INFO(status);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "clocks"));
  CHECK(AppendOne(*log, kOnly, EventOf("s", now + 10'000)).ok());
}

TEST_CASE("a producer that breaks is replaced, and nobody notices") {
  const KafkaAddress address = NewAddress("fatal");
  MakeTopics(address, 1);
  LogProducer producer(address, {}, Options());
  constexpr int kAppends = 3000;
  std::vector<std::vector<Offset>> offsets(kAppends);
  std::atomic<int> reported{0};
  std::atomic<int> failed{0};
  std::thread breaker([&] {
    for (int round = 1; round <= 3; ++round) {
      Eventually([&] { return reported > round * kAppends / 5; });
      rd_kafka_test_fatal_error(producer.handle(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                                "broken by the test");
    }
  });
  for (int i = 0; i < kAppends; ++i) {
    const std::string first = NumberedRecord(2 * i);
    const std::string second = NumberedRecord(2 * i + 1);
    producer.Append(kOnly, {first, second}, [&, i](absl::StatusOr<std::vector<Offset>> result) {
      if (result.ok()) offsets[static_cast<size_t>(i)] = *std::move(result);
      if (offsets[static_cast<size_t>(i)].empty()) ++failed;
      ++reported;
    });
    if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Eventually([&] { return reported == kAppends; });
  breaker.join();
  CHECK(failed == 0);
  std::vector<Offset> all;
  for (const std::vector<Offset>& pair : offsets) all.insert(all.end(), pair.begin(), pair.end());
  const auto log = OpenOn(address);
  CheckNothingIsLost(*log, kOnly, all);
}

TEST_CASE("what breaks every producer is reported in time") {
  // The mock cluster gives on demand what a real broker does not.
  std::array<char, 512> error{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_t* const host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  REQUIRE(host != nullptr);
  rd_kafka_mock_cluster_t* const mock = rd_kafka_mock_cluster_new(host, 1);
  const KafkaAddress address = AddressOf(rd_kafka_mock_cluster_bootstraps(mock), "mock");
  rd_kafka_mock_topic_create(mock, address.LogTopic().c_str(), 1, 1);
  {
    LogProducer producer(address, {}, Options());
    const auto append = [&] {
      std::promise<absl::Status> status;
      producer.Append(kOnly, {"record"},
                      [&](const auto& result) { status.set_value(result.status()); });
      return status.get_future().get();
    };
    CHECK(append().ok());
    // InitProducerId (22) is refused: no producer can begin.
    constexpr int16_t kInitProducerId = 22;
    for (int i = 0; i < 3; ++i) {
      rd_kafka_mock_push_request_errors(mock, kInitProducerId, 1,
                                        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    }
    rd_kafka_test_fatal_error(producer.handle(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                              "broken by the test");
    const absl::Status refused = append();
    INFO(refused);
    CHECK(absl::IsPermissionDenied(refused));
    // And once it is allowed again, it works again.
    Eventually([&] { return append().ok(); });
  }
  rd_kafka_mock_cluster_destroy(mock);
  rd_kafka_destroy(host);
}

TEST_CASE("a full queue of librdkafka's delays appends and loses none") {
  const KafkaAddress address = NewAddress("queue");
  MakeTopics(address, 1);
  const auto log =
      OpenOn(address, {}, KafkaSettings::Parse({"queue.buffering.max.messages=10"}).value());
  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  constexpr int kAppends = 500;
  for (int64_t i = 0; i < kAppends; ++i) {
    log->AppendAsync(kOnly, {NumberedRecord(i)}, [&](const auto& offsets) {
      if (!offsets.ok()) ++failed;
      ++done;
    });
  }
  Eventually([&] { return done == kAppends; });
  CHECK(failed == 0);
  const std::vector<StoredText> stored = ReadFrom(*log, kOnly, Offset(0)).value();
  REQUIRE(stored.size() == kAppends);
  for (int64_t i = 0; i < kAppends; ++i) {
    CHECK(stored[static_cast<size_t>(i)].bytes == NumberedRecord(i));
  }
}

TEST_CASE("an append that goes on after a new producer keeps its prefix, and its offsets rise") {
  PendingAppend append(kOnly, std::vector<std::string_view>{"a", "b", "c", "d"}, nullptr);
  CHECK(append.cost == 4 + 4 * KafkaLog::kAppendOverheadBytes);
  append.sent = 4;
  append.unanswered = 1;
  append.records[0].offset = Offset(5);
  append.records[2].offset = Offset(6);
  append.records[3].offset = Offset(7);
  CHECK(append.FirstUnacknowledged() == 1);
  append.SendAgain();
  CHECK(append.sent == 1);
  CHECK(append.unanswered == 0);
  // What follows is written again behind the record that was missing.
  CHECK_FALSE(append.records[2].offset.has_value());
  for (size_t i = 1; i < 4; ++i) append.records[i].offset = Offset(9).Plus(static_cast<int64_t>(i));
  CHECK(append.Offsets() == std::vector<Offset>{Offset(5), Offset(10), Offset(11), Offset(12)});
}

}  // namespace
}  // namespace flywheel
