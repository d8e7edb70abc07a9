// Random histories on Kafka: the rows are those of the same records in a log in memory, and the
// answers those of the naive implementation.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/instant_text.h"
#include "kafka_engine/history_on_kafka.h"
#include "projections/cell/cell.h"
#include "projections/store/memory_store.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"
#include "property/twin.h"

namespace flywheel {
namespace {

constexpr int kHistoriesOnKafka = 25;
constexpr int kHistoriesOnKafkaShort = 5;

// The history on 1 to 3 partitions.
History Spread(const History& history) {
  History spread = history;
  spread.partitions = static_cast<uint8_t>(history.partitions + history.seed % 2);
  return spread;
}

// As told, with a seed by which the gaps are such as Kafka has.
Narration NarrateForKafka(History history) {
  for (;; ++history.seed) {
    Narration narration = Narrate(history);
    if (FitsKafka(narration)) return narration;
  }
}

std::string DigestDifferences(const std::vector<std::string>& expected,
                              const std::vector<std::string>& digests, std::string_view what) {
  std::string text;
  for (size_t partition = 0; partition < expected.size(); ++partition) {
    if (digests.at(partition) == expected[partition]) continue;
    text += fmt::format("partition {} of {}: other rows {}\n", partition, expected.size(), what);
  }
  return text;
}

std::string AnswerContradictions(const History& history, const Narration& narration,
                                 const RatingReader& reader, std::mt19937_64& random) {
  const naive::Replay replay = Replay(narration);
  const Instant log_clock = reader.LogClock().value();
  for (int i = 0; i < 3; ++i) {
    RatingQuery query;
    query.as_of = AnyInstant(history, narration, log_clock, random);
    query.history = i == 0;
    const std::string text = RatingDifferences(reader, query, replay);
    if (!text.empty()) return fmt::format("as of {}\n{}", FormatInstant(query.as_of), text);
  }
  return "";
}

std::string KafkaContradiction(const History& told) {
  const History history = Spread(told);
  std::mt19937_64 random(history.seed);
  const Narration narration = NarrateForKafka(history);
  const std::vector<std::string> expected = FoldLog(narration.log.get(), random).digests();
  const HistoryOnKafka on_kafka(narration);
  const std::unique_ptr<KafkaLog> log = on_kafka.Open();
  const FoldedLog folded = FoldLog(log.get(), random);
  std::string text = DigestDifferences(expected, folded.digests(), "on Kafka");
  text += StateDifferences(folded.stores(), Replay(narration));
  return text + AnswerContradictions(history, narration, folded.reader(), random);
}

// Every cell stops twice on its way, and goes on with another connection.
std::string StopsContradiction(const History& told) {
  const History history = Spread(told);
  std::mt19937_64 random(history.seed);
  const Narration narration = NarrateForKafka(history);
  const std::vector<std::string> expected = FoldLog(narration.log.get(), random).digests();
  const HistoryOnKafka on_kafka(narration);
  std::vector<std::shared_ptr<MemoryStore>> stores;
  for (size_t i = 0; i < expected.size(); ++i) stores.push_back(std::make_shared<MemoryStore>());
  for (int stops_left = 2; stops_left >= 0; --stops_left) {
    const std::unique_ptr<KafkaLog> log = on_kafka.Open();
    for (int32_t number = 0; number < log->partitions(); ++number) {
      const Partition partition(number);
      auto cell = Cell::Open(log.get(), partition, stores[static_cast<size_t>(number)],
                             RandomCellOptions(random));
      if (!cell.ok()) return fmt::format("not opened again: {}", cell.status().ToString());
      Offset until = log->EndOffset(partition).value();
      const int64_t left = until.number() - (*cell)->position().next.number();
      if (stops_left > 0) {
        until = until.Plus(-static_cast<int64_t>(Below(random, static_cast<uint64_t>(left) + 1)));
      }
      const absl::Status status = (*cell)->CatchUp(until, [](const CellRow&) {});
      if (!status.ok()) return fmt::format("not folded: {}", status.ToString());
    }
  }
  std::vector<std::string> digests;
  for (const auto& store : stores) digests.push_back(DigestRows(*store).value().hex);
  return DigestDifferences(expected, digests, "after stops");
}

TEST_CASE("a history on Kafka gives the rows of the same records in memory, and the twin agrees") {
  CheckForHistories("on Kafka", KafkaContradiction, kHistoriesOnKafka, kHistoriesOnKafkaShort);
}

TEST_CASE("a cell on Kafka that stops anywhere folds on to the same rows") {
  CheckForHistories("stops on Kafka", StopsContradiction, kHistoriesOnKafka,
                    kHistoriesOnKafkaShort);
}

}  // namespace
}  // namespace flywheel
