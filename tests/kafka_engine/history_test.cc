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

// One cell for each partition that stops somewhere, and one that goes on from its rows with another
// connection.
std::string StopContradictions(HistoryOnKafka& on_kafka, const std::vector<std::string>& expected,
                               std::mt19937_64& random) {
  const std::unique_ptr<KafkaLog> other = on_kafka.Open();
  std::vector<std::string> digests;
  for (int32_t number = 0; number < other->partitions(); ++number) {
    const Partition partition(number);
    const auto store = std::make_shared<MemoryStore>();
    const Offset end = other->EndOffset(partition).value();
    const auto stop = static_cast<int64_t>(Below(random, static_cast<uint64_t>(end.number()) + 1));
    for (KafkaLog* const log : {&on_kafka.log(), other.get()}) {
      const auto cell = Cell::Open(log, partition, store, RandomCellOptions(random));
      if (!cell.ok()) return fmt::format("not opened: {}\n", cell.status().ToString());
      const absl::Status status =
          (*cell)->CatchUp(log == other.get() ? end : Offset(stop), [](const CellRow&) {});
      if (!status.ok()) return fmt::format("not folded: {}\n", status.ToString());
    }
    digests.push_back(DigestRows(*store).value().hex);
  }
  return DigestDifferences(expected, digests, "after a stop");
}

std::string KafkaContradiction(const History& told) {
  const History history = Spread(told);
  std::mt19937_64 random(history.seed);
  const Narration narration = NarrateForKafka(history);
  const std::vector<std::string> expected = FoldLog(narration.log.get(), random).digests();
  HistoryOnKafka on_kafka(narration);
  const FoldedLog folded = FoldLog(&on_kafka.log(), random);
  std::string text = DigestDifferences(expected, folded.digests(), "on Kafka");
  text += StopContradictions(on_kafka, expected, random);
  text += StateDifferences(folded.stores(), Replay(narration));
  return text + AnswerContradictions(history, narration, folded.reader(), random);
}

TEST_CASE("a history on Kafka gives the rows of the same records in memory, and the twin agrees") {
  // A try takes the broker a second. RC_PARAMS="noshrink=0" is for who has the time.
  CheckForHistories("on Kafka", KafkaContradiction, kHistoriesOnKafka, kHistoriesOnKafkaShort,
                    Shrinking::kNo);
}

}  // namespace
}  // namespace flywheel
