// Reading: where a reader begins, what it compares, and which of a partition's readers is taken.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "events/kafka/log_reader.h"
#include "events/kafka/partition_readers.h"
#include "events/kafka/topic_queries.h"
#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "kafka/topic_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

void Fill(KafkaLog& log, int64_t count) {
  std::vector<std::string> records;
  for (int64_t i = 0; i < count; ++i) records.push_back(NumberedRecord(i));
  REQUIRE(AppendAll(log, kOnly, records).ok());
}

std::unique_ptr<TopicQueries> QueriesOn(const KafkaAddress& address) {
  auto queries = TopicQueries::Make(address, {}, address.LogTopic(), absl::Seconds(10),
                                    absl::Seconds(5), nullptr);
  REQUIRE(queries.ok());
  return *std::move(queries);
}

std::unique_ptr<LogReader> ReaderOn(const KafkaAddress& address, const TopicQueries* queries) {
  auto reader = LogReader::Make(address, {}, queries, kOnly, {});
  INFO(reader.status());
  REQUIRE(reader.ok());
  return *std::move(reader);
}

TEST_CASE("records of every compression are read, one producer's after the other's") {
  const KafkaAddress address = NewAddress("compressed");
  MakeTopics(address, 1);
  TopicTester topics(SharedBroker().address());
  std::vector<std::string> expected;
  for (const std::string codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    std::vector<TopicMessage> messages;
    for (int i = 0; i < 50; ++i) {
      TopicMessage message;
      message.value = codec + std::string(200, 'x') + std::to_string(i);
      message.partition = 0;
      expected.push_back(*message.value);
      messages.push_back(std::move(message));
    }
    topics.Publish(address.LogTopic(), messages, {{"compression.codec", codec}});
  }
  const auto log = OpenOn(address);
  CHECK(TextsOf(ReadFrom(*log, kOnly, Offset(0)).value()) == expected);
}

TEST_CASE("reads that jump about give what stands at their places") {
  const KafkaAddress address = NewAddress("jumps");
  MakeTopics(address, 1);
  const auto log = OpenOn(address);
  constexpr int64_t kRecords = 5000;
  Fill(*log, kRecords);
  std::mt19937_64 random(7);
  ReadLimits limits;
  for (int i = 0; i < 60; ++i) {
    const auto from = static_cast<int64_t>(random() % kRecords);
    limits.max_records = 1 + random() % 300;
    const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, Offset(from), limits);
    INFO(batch.status());
    REQUIRE(batch.ok());
    REQUIRE_FALSE(batch->records.empty());
    for (size_t k = 0; k < batch->records.size(); ++k) {
      const int64_t number = from + static_cast<int64_t>(k);
      CHECK(batch->records[k].offset == Offset(number));
      CHECK(batch->records[k].bytes == NumberedRecord(number));
    }
  }
}

TEST_CASE("a reader that follows another's last record goes on only if that is still the same") {
  const KafkaAddress address = NewAddress("anchor");
  MakeTopics(address, 1);
  const auto log = OpenOn(address);
  Fill(*log, 20);
  const auto queries = QueriesOn(address);
  const auto first = ReaderOn(address, queries.get());
  ReadLimits ten;
  ten.max_records = 10;
  REQUIRE(first->Read(Offset(0), ten, std::nullopt).value().next == Offset(10));
  const ReadAnchor anchor = first->anchor().value();
  CHECK(anchor.offset == Offset(9));

  const auto second = ReaderOn(address, queries.get());
  const absl::StatusOr<RecordBatch> follows = second->Read(Offset(10), ten, anchor);
  INFO(follows.status());
  REQUIRE(follows.ok());
  CHECK(follows->records.front().bytes == NumberedRecord(10));

  ReadAnchor another = anchor;
  another.hash ^= 1;
  const auto third = ReaderOn(address, queries.get());
  absl::Status status = third->Read(Offset(10), ten, another).status();
  INFO(status);
  CHECK(absl::IsDataLoss(status));
  CHECK(Mentions(status, "the record at offset 9 is another one"));
  // Unasked it does not compare, and it can be used again.
  CHECK(third->Read(Offset(10), ten, std::nullopt).ok());

  another = {Offset(19), Offset(20), 1, 1};
  const auto fourth = ReaderOn(address, queries.get());
  status = fourth->Read(Offset(20), ten, another).status();
  CHECK(absl::IsDataLoss(status));
}

TEST_CASE("a reader that only follows is assigned once, or once more when it has just connected") {
  const KafkaAddress address = NewAddress("assigned");
  MakeTopics(address, 1);
  const auto log = OpenOn(address);
  Fill(*log, 1000);
  const auto queries = QueriesOn(address);
  const auto reader = ReaderOn(address, queries.get());
  ReadLimits few;
  few.max_records = 7;
  Offset next(0);
  while (next < Offset(1000)) next = reader->Read(next, few, std::nullopt).value().next;
  CHECK(reader->assignments() <= 2);
}

TEST_CASE("who looks up single places does not take the reader of who follows the end") {
  const KafkaAddress address = NewAddress("pool");
  MakeTopics(address, 1);
  const auto log = OpenOn(address);
  Fill(*log, 1000);
  const auto queries = QueriesOn(address);
  std::map<int, LogReader*> made;
  PartitionReaders readers([&](int number) -> absl::StatusOr<std::unique_ptr<LogReader>> {
    auto reader = ReaderOn(address, queries.get());
    made[number] = reader.get();
    return reader;
  });
  ReadLimits few;
  few.max_records = 20;
  Offset next(0);
  const auto follow = [&] { next = readers.Read(next, few).value().next; };
  follow();
  follow();
  const int64_t assigned = made.at(0)->assignments();
  std::mt19937_64 random(3);
  while (next < Offset(1000)) {
    const auto place = static_cast<int64_t>(random() % 1000);
    CHECK(readers.Read(Offset(place), few).value().records.front().bytes == NumberedRecord(place));
    follow();
  }
  CHECK(made.size() == 2);
  CHECK(made.at(0)->assignments() == assigned);
}

}  // namespace
}  // namespace flywheel
