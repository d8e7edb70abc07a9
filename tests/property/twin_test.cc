// The engine and the naive implementation agree on every row, whatever the history.
#include "property/twin.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "app/verify_report.h"
#include "app/verify_sla.h"
#include "app/verify_smart.h"
#include "base/instant_text.h"
#include "projections/facts/row_keys.h"
#include "projections/store/memory_store.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"

namespace flywheel {
namespace {

std::string Headed(const std::string& text, std::string_view what, Instant as_of) {
  return text.empty() ? text : std::string(what) + " " + FormatInstant(as_of) + "\n" + text;
}

std::string StateContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  return StateDifferences(folded.stores(), Replay(narration));
}

std::string AnswerContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const RatingReader reader = folded.reader();
  const naive::Replay replay = Replay(narration);
  const Instant log_clock = reader.LogClock().value();
  for (int i = 0; i < 3; ++i) {
    RatingQuery query;
    query.as_of = AnyInstant(history, narration, log_clock, random);
    query.history = i == 0;
    const std::string text = RatingDifferences(reader, query, replay);
    if (!text.empty()) return Headed(text, "as of", query.as_of);
  }
  return "";
}

std::string KnownAtContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  if (narration.recorded.empty()) return "";
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const RatingReader reader = folded.reader();
  RatingQuery query;
  query.known_at = AnyKnownAt(narration, random);
  query.as_of = AnyInstant(history, narration, reader.LogClock().value(), random);
  query.history = Below(random, 2) == 0;
  return Headed(RatingDifferences(reader, query, Replay(narration, query.known_at)),
                "known at " + FormatInstant(*query.known_at) + " as of", query.as_of);
}

// What verify's comparison of a read model says at random instants, known at random ones too.
using Compare = std::function<absl::Status(
    const std::vector<const RowReader*>&, const naive::Replay&, const VerifyPoint&, VerifyReport*)>;

std::string Contradiction(const History& history, const Compare& compare) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const Instant log_clock = folded.reader().LogClock().value();
  const naive::Replay replay = Replay(narration);
  VerifyReport report;
  absl::Status status;
  for (int i = 0; i < 3; ++i) {
    const VerifyPoint point{AnyInstant(history, narration, log_clock, random), std::nullopt};
    status.Update(compare(folded.stores(), replay, point, &report));
  }
  if (!narration.recorded.empty()) {
    const VerifyPoint point{AnyInstant(history, narration, log_clock, random),
                            AnyKnownAt(narration, random)};
    status.Update(compare(folded.stores(), Replay(narration, point.known_at), point, &report));
  }
  if (!status.ok()) return std::string(status.message());
  return fmt::format("{}", fmt::join(report.differences.kept(), "\n"));
}

// What `flywheel verify` says; it compares in its own way.
std::string VerdictContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const absl::StatusOr<VerifyReport> report =
      Verify(*narration.log, folded.stores(), VerifyOptions());
  if (!report.ok()) return std::string(report.status().message());
  std::string text;
  for (const std::string& difference : report->differences.kept()) text += difference + "\n";
  return text;
}

// With one row of the engine changed behind its back.
std::string BlindVerdictContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  MemoryStore damaged;
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  if (folded.cells.size() > 1) return "";
  const std::unique_ptr<RowBatch> batch = damaged.NewBatch();
  bool left_out = false;
  const absl::Status copied =
      folded.stores()[0]->Scan("", "\xff", [&](std::string_view key, std::string_view value) {
        const bool is_order = key[0] == static_cast<char>(RowType::kOrder);
        if (is_order && !left_out) {
          left_out = true;
        } else {
          batch->Put(key, value);
        }
        return true;
      });
  if (!left_out) return "";
  if (!copied.ok() || !damaged.Write(batch.get()).ok()) return "the rows cannot be copied";
  const absl::StatusOr<VerifyReport> report = Verify(*narration.log, {&damaged}, VerifyOptions());
  if (!report.ok()) return std::string(report.status().message());
  return report->differences.count() > 0 ? "" : "an order that is missing is not noticed";
}

TEST_CASE("verify finds nothing to say about the engine's rows") {
  CheckForHistories("verify", VerdictContradiction, 200, 10);
}

TEST_CASE("verify notices an order that is missing") {
  CheckForHistories("verify notices", BlindVerdictContradiction, 100, 10);
}

TEST_CASE("the engine and the naive implementation agree on what became of every record") {
  CheckForHistories("state", StateContradiction);
}

TEST_CASE("the engine and the naive implementation agree on every rating at any instant") {
  CheckForHistories("answers", AnswerContradiction, 1500);
}

TEST_CASE("the engine and the naive implementation agree on every rating as known earlier") {
  CheckForHistories("known at", KnownAtContradiction);
}

TEST_CASE("the engine and the naive implementation agree on Smart! at any instant") {
  CheckForHistories("smart",
                    [](const History& history) { return Contradiction(history, CompareSmart); });
}

TEST_CASE("the engine and the naive implementation agree on every clock at any instant") {
  CheckForHistories("sla",
                    [](const History& history) { return Contradiction(history, CompareSla); });
}

}  // namespace
}  // namespace flywheel
