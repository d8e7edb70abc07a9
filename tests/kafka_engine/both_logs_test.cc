// The same events on either log: the same answers; the same records: the same rows.
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/log_options.h"
#include "integration/data_folder_run.h"
#include "integration/simulated_events.h"
#include "kafka/broker.h"
#include "kafka_engine/log_on_kafka.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

constexpr int32_t kPartitions = 3;

std::string OutputOf(const DataFolder& folder, const std::vector<std::string>& command) {
  const ProgramEnd end = RunOn(folder, command);
  INFO(end.err);
  REQUIRE(end.code == 0);
  CHECK_FALSE(end.out.empty());
  return end.out;
}

std::unique_ptr<EventLog> OpenLogOf(const DataFolder& folder) {
  LogOptions options;
  options.folder = folder.path;
  options.address = folder.log;
  return OpenLog(options).value();
}

// Every record of one log into another of as many partitions.
void CopyRecords(EventLog& from, EventLog& to) {
  REQUIRE(from.partitions() == to.partitions());
  for (int32_t number = 0; number < from.partitions(); ++number) {
    const Partition partition(number);
    Offset next = from.BeginOffset(partition).value();
    while (next < from.EndOffset(partition).value()) {
      const RecordBatch batch = from.Read(partition, next, ReadLimits()).value();
      std::vector<std::string_view> bytes;
      bytes.reserve(batch.records.size());
      for (const LogRecord& record : batch.records) bytes.push_back(record.bytes);
      const std::vector<Offset> offsets = to.Append(partition, bytes).value();
      for (size_t i = 0; i < offsets.size(); ++i) REQUIRE(offsets[i] == batch.records[i].offset);
      REQUIRE(batch.next > next);
      next = batch.next;
    }
  }
}

TEST_CASE("the same events published to either log give the same exports, byte for byte") {
  const TemporaryFolder folders;
  const DataFolder embedded = folders.Path("embedded");
  const DataFolder kafka =
      NewOnKafka(folders.Path("kafka"), SharedBroker(), kPartitions, kPartitions);
  const std::vector<SimulatedEvent> events = SimulatedEvents(30, 600, 21);
  const std::string lines = JsonLines(events);
  const ProgramEnd to_files =
      RunOn(embedded, {"publish", "--partitions", std::to_string(kPartitions)}, lines);
  CHECK(to_files.code == 0);
  const ProgramEnd to_kafka = RunOn(kafka, {"publish"}, lines);
  INFO(to_kafka.err);
  CHECK(to_kafka.code == 0);
  CHECK(CountsOf(kafka).accepted == events.size());

  // The stamps are those of two runs.
  const LoggedEvents in_files = EventsInLog(embedded);
  const LoggedEvents in_kafka = EventsInLog(kafka);
  REQUIRE(in_kafka.size() == in_files.size());
  size_t with_other_stamps = 0;
  for (size_t p = 0; p < in_files.size(); ++p) {
    REQUIRE(in_kafka[p].size() == in_files[p].size());
    for (const auto& [offset, event] : in_files[p]) {
      with_other_stamps += event != in_kafka[p].at(offset) ? 1 : 0;
    }
  }
  CHECK(with_other_stamps > 0);

  const std::vector<std::vector<std::string>> questions = {
      {"export", "rating", "--clock", "log"},
      {"export", "rating", "--clock", "log", "--format", "csv"},
      {"query", "rating", "*", "--clock", "log", "--history", "--json"},
  };
  for (const std::vector<std::string>& question : questions) {
    CHECK(FirstDifference(OutputOf(kafka, question), OutputOf(embedded, question)) == "");
  }
}

TEST_CASE("the same records in either log give the same digests") {
  const TemporaryFolder folders;
  const DataFolder embedded = folders.Path("embedded");
  const DataFolder kafka =
      NewOnKafka(folders.Path("kafka"), SharedBroker(), kPartitions, kPartitions);
  const std::string lines = JsonLines(SimulatedEvents(30, 600, 22));
  REQUIRE(RunOn(embedded, {"publish", "--partitions", std::to_string(kPartitions)}, lines).code ==
          0);
  // Once more, for duplicates.
  REQUIRE(RunOn(embedded, {"publish"}, lines).code == 0);
  CopyRecords(*OpenLogOf(embedded), *OpenLogOf(kafka));
  const std::vector<std::string> verify = {"verify"};
  const std::string verdict = OutputOf(embedded, verify);
  CHECK(Contains(verdict, "digest"));
  CHECK(FirstDifference(OutputOf(kafka, verify), verdict) == "");
}

}  // namespace
}  // namespace flywheel
