// The log while somebody changes its topic behind its back.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "events/kafka/topics.h"
#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "kafka/topic_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

void Fill(KafkaLog& log, int64_t count, int64_t from = 0) {
  std::vector<std::string> records;
  for (int64_t i = 0; i < count; ++i) records.push_back(NumberedRecord(from + i));
  const auto offsets = AppendAll(log, kOnly, records);
  INFO(offsets.status());
  REQUIRE(offsets.ok());
}

// Reads up to the end, and gives the place that follows.
Offset ReadToEnd(KafkaLog& log) {
  Offset next(0);
  for (;;) {
    const absl::StatusOr<RecordBatch> batch = log.Read(kOnly, next, {});
    REQUIRE(batch.ok());
    next = batch->next;
    if (batch->records.empty()) return next;
  }
}

// Deletes the topic and makes it again, of one partition.
void MakeAnew(const KafkaAddress& address) {
  TopicTester(SharedBroker().address()).Delete(address.LogTopic());
  TopicsPlan plan;
  plan.log_partitions = 1;
  // The broker takes a moment until a name is free again.
  Eventually([&] {
    const absl::StatusOr<TopicsReport> report = CreateTopics(address, {}, plan);
    return report.ok() && report->made.size() == 1;
  });
}

TEST_CASE("a topic that is missing is said when a log is opened, with the command that makes it") {
  const KafkaAddress address = NewAddress("missing");
  const absl::StatusOr<std::unique_ptr<KafkaLog>> log = KafkaLog::Open(address, {});
  INFO(log.status());
  CHECK(absl::IsNotFound(log.status()));
  CHECK(Mentions(log.status(), "flywheel topics create"));
  CHECK(Mentions(log.status(), address.LogTopic()));
}

TEST_CASE("a topic that is deleted under an open log is said, and is not made again by use") {
  const KafkaAddress address = NewAddress("deleted");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 10);
  const Offset next = ReadToEnd(*log);
  TopicTester(SharedBroker().address()).Delete(address.LogTopic());

  const auto refused = [](const absl::Status& status) {
    INFO(status);
    // Not every part of the broker knows at once.
    CHECK((status.ok() || absl::IsNotFound(status) || absl::IsUnavailable(status)));
    return absl::IsNotFound(status) && Mentions(status, "flywheel topics create");
  };
  Eventually([&] { return refused(log->EndOffset(kOnly).status()); });
  Eventually([&] { return refused(log->Read(kOnly, next, {}).status()); });
  // It may come back, as it does where brokers were started anew: who appends goes on trying.
  Eventually([&] {
    const absl::Status status = AppendOne(*log, kOnly, "late").status();
    return absl::IsUnavailable(status) && Mentions(status, "flywheel topics create");
  });
  CHECK(absl::IsNotFound(KafkaLog::Open(address, {}).status()));
}

TEST_CASE("records that were deleted are out of range, for a reader that stands among them too") {
  const KafkaAddress address = NewAddress("truncated");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 100);
  ReadLimits few;
  few.max_records = 10;
  const Offset next = log->Read(kOnly, Offset(0), few).value().next;
  TopicTester(SharedBroker().address()).DeleteBefore(address.LogTopic(), 0, 50);

  CHECK(log->BeginOffset(kOnly).value() == Offset(50));
  const auto fresh = OpenOn(address, ShortTimeouts());
  for (const Offset from : {Offset(0), next, Offset(49)}) {
    const absl::StatusOr<RecordBatch> batch = fresh->Read(kOnly, from, few);
    INFO(batch.status());
    CHECK(absl::IsOutOfRange(batch.status()));
    CHECK(Mentions(batch.status(), "offset 50"));
  }
  CHECK(fresh->Read(kOnly, Offset(50), few).value().records.front().bytes == NumberedRecord(50));
  CHECK(ReadFrom(*fresh, kOnly, Offset(50)).value().size() == 50);
}

TEST_CASE("a reader whose last record was deleted goes on where the log begins") {
  const KafkaAddress address = NewAddress("truncated");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 10);
  const Offset next = ReadToEnd(*log);
  TopicTester(SharedBroker().address()).DeleteBefore(address.LogTopic(), 0, 10);
  Fill(*log, 10, 10);
  // The second reader of the partition begins where the first one stands.
  CHECK(log->Read(kOnly, Offset(15), {}).value().records.front().bytes == NumberedRecord(15));
  const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, next, {});
  INFO(batch.status());
  REQUIRE(batch.ok());
  CHECK(batch->records.front().bytes == NumberedRecord(10));
}

TEST_CASE("a position beyond the end is damage") {
  const KafkaAddress address = NewAddress("beyond");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 10);
  const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, Offset(11), {});
  INFO(batch.status());
  CHECK(absl::IsDataLoss(batch.status()));
  CHECK(Mentions(batch.status(), "it ends at offset 10, and 11 was asked for"));
  CHECK(log->Read(kOnly, Offset(10), {}).value().records.empty());
}

TEST_CASE("a topic that was made anew is damage to who has read it, shorter or longer") {
  const KafkaAddress address = NewAddress("anew");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 100);
  const Offset next = ReadToEnd(*log);
  MakeAnew(address);
  const int64_t records = GENERATE(int64_t{0}, int64_t{50}, int64_t{100}, int64_t{300});
  CAPTURE(records);
  {
    const auto other = OpenOn(address);
    if (records > 0) Fill(*other, records, 1000);
  }
  ReadLimits limits;
  limits.wait = absl::Milliseconds(100);
  absl::Status status;
  // While the topic was missing that may be what it says.
  Eventually([&] {
    const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, next, limits);
    status = batch.status();
    // Nothing of the new topic is ever given as if it followed.
    REQUIRE((!batch.ok() || batch->records.empty()));
    return absl::IsDataLoss(status);
  });
  INFO(status);
  CHECK(Mentions(status, "was truncated or made anew"));
}

TEST_CASE("an append to a topic that was made anew is damage") {
  const KafkaAddress address = NewAddress("anew");
  MakeTopics(address, 1);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 100);
  MakeAnew(address);
  absl::Status status;
  Eventually([&] {
    status = AppendOne(*log, kOnly, "late").status();
    INFO(status);
    REQUIRE_FALSE(status.ok());
    return absl::IsDataLoss(status);
  });
  CHECK(Mentions(status, "after it had given 99"));
}

TEST_CASE("partitions that were added to the log stop everything") {
  const KafkaAddress address = NewAddress("added");
  MakeTopics(address, 2);
  const auto log = OpenOn(address, ShortTimeouts());
  Fill(*log, 10);
  REQUIRE(log->Read(kOnly, Offset(0), {}).ok());
  TopicTester(SharedBroker().address()).AddPartitions(address.LogTopic(), 3);

  Eventually([&] { return absl::IsFailedPrecondition(AppendOne(*log, kOnly, "late").status()); });
  CHECK(absl::IsFailedPrecondition(log->Read(kOnly, Offset(0), {}).status()));
  CHECK(absl::IsFailedPrecondition(log->BeginOffset(kOnly).status()));
  const absl::Status status = log->EndOffset(kOnly).status();
  INFO(status);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Mentions(status, "has 3 partitions, and had 2"));
}

TEST_CASE("a record that is too large for the topic is refused by itself") {
  const KafkaAddress address = NewAddress("large");
  MakeTopics(address, 1);
  const auto tool = SharedBroker().RunTool({"kafka.admin.ConfigCommand", "--alter", "--entity-type",
                                            "topics", "--entity-name", address.LogTopic(),
                                            "--add-config", "max.message.bytes=10000"});
  INFO(tool.output);
  REQUIRE(tool.code == 0);
  const auto log = OpenOn(address);
  std::string large(20'000, '\0');
  std::mt19937_64 random(1);
  for (char& c : large) c = static_cast<char>(random());
  REQUIRE(AppendOne(*log, kOnly, "before").ok());
  const absl::StatusOr<Offset> refused = AppendOne(*log, kOnly, large);
  INFO(refused.status());
  CHECK(absl::IsInvalidArgument(refused.status()));
  CHECK(Mentions(refused.status(), "max.message.bytes"));
  REQUIRE(AppendOne(*log, kOnly, "after").ok());
  const std::vector<std::string> expected = {"before", "after"};
  CHECK(TextsOf(ReadFrom(*log, kOnly, Offset(0)).value()) == expected);
}

// The last byte of the first batch lies in the value of its last record.
void Damage(const std::string& folder) {
  const std::string path = folder + "/00000000000000000000.log";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(file.is_open());
  char head[12];
  file.read(head, sizeof(head));
  int32_t length = 0;
  for (int i = 8; i < 12; ++i) length = (length << 8) | static_cast<unsigned char>(head[i]);
  file.seekp(12 + length - 3);
  file.put('#');
}

TEST_CASE("a batch that is damaged on the broker's disk is said with its place") {
  KafkaBroker broker;
  const KafkaAddress address = AddressOf(broker.address(), "damaged");
  MakeTopics(address, 1);
  {
    const auto log = OpenOn(address, {}, KafkaSettings::Parse({"compression.codec=none"}).value());
    REQUIRE(AppendOne(*log, kOnly, "first").ok());
    REQUIRE(AppendOne(*log, kOnly, "second").ok());
  }
  broker.Stop();
  Damage(broker.folder() + "/data/" + address.LogTopic() + "-0");
  broker.Start();
  const auto log = OpenOn(address, ShortTimeouts());
  const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, Offset(0), {});
  INFO(batch.status());
  CHECK(absl::IsDataLoss(batch.status()));
  CHECK(Mentions(batch.status(), "partition 0 of damaged.log at offset 0"));
}

}  // namespace
}  // namespace flywheel
