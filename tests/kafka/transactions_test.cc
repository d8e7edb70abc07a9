// A log among transactions: what was aborted is not there, and the marks that end them are gaps.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "kafka/broker.h"
#include "kafka/log_testing.h"
#include "log/log_testing.h"

namespace flywheel {
namespace {

constexpr Partition kOnly{0};

// A coordinator writes the mark that ends a transaction after it has answered.
void WaitForEnd(KafkaLog& log, Offset end) {
  Eventually([&] { return log.EndOffset(kOnly).value() >= end; });
}

TEST_CASE("what was aborted is not read, and offsets have gaps where transactions ended") {
  const KafkaAddress address = NewAddress("transactions");
  MakeTopics(address, 1);
  const ForeignProducer writer(SharedBroker().address(), {{"transactional.id", address.name()}});
  const auto log = OpenOn(address);

  writer.BeginTransaction();
  writer.Send(address.LogTopic(), 0, "committed");
  writer.EndTransaction(/*commit=*/true);  // 0, its mark 1
  WaitForEnd(*log, Offset(2));
  writer.BeginTransaction();
  writer.Send(address.LogTopic(), 0, "aborted");
  writer.EndTransaction(/*commit=*/false);  // 2, its mark 3
  WaitForEnd(*log, Offset(4));
  CHECK(AppendOne(*log, kOnly, "plain").value() == Offset(4));

  const std::vector<StoredText> expected = {{Offset(0), "committed"}, {Offset(4), "plain"}};
  CHECK(ReadFrom(*log, kOnly, Offset(0)).value() == expected);
  // From within a gap, and where nothing follows but a gap.
  CHECK(ReadFrom(*log, kOnly, Offset(1)).value().front() == expected[1]);
  writer.BeginTransaction();
  writer.Send(address.LogTopic(), 0, "aborted");
  writer.EndTransaction(/*commit=*/false);  // 5, its mark 6
  WaitForEnd(*log, Offset(7));
  const absl::StatusOr<RecordBatch> none = log->Read(kOnly, Offset(5), {});
  REQUIRE(none.ok());
  CHECK(none->records.empty());
  CHECK(none->next == Offset(7));
}

TEST_CASE("what was appended behind an open transaction is read once that has ended") {
  const KafkaAddress address = NewAddress("transactions");
  MakeTopics(address, 1);
  const ForeignProducer writer(SharedBroker().address(), {{"transactional.id", address.name()}});
  const auto log = OpenOn(address);

  writer.BeginTransaction();
  writer.Send(address.LogTopic(), 0, "undecided");
  writer.Flush();
  const Offset appended = AppendOne(*log, kOnly, "appended").value();
  CHECK(appended == Offset(1));
  CHECK(log->EndOffset(kOnly).value() == Offset(0));
  const absl::StatusOr<RecordBatch> none = log->Read(kOnly, appended, {});
  INFO(none.status());
  REQUIRE(none.ok());
  CHECK(none->records.empty());

  writer.EndTransaction(/*commit=*/false);
  ReadLimits patient;
  patient.wait = absl::InfiniteDuration();
  const absl::StatusOr<RecordBatch> batch = log->Read(kOnly, Offset(0), patient);
  REQUIRE(batch.ok());
  REQUIRE(batch->records.size() == 1);
  CHECK(batch->records[0].offset == appended);
}

}  // namespace
}  // namespace flywheel
