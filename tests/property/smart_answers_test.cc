// Smart! eligibility agrees with itself: stored figures with evaluated facts, what was known
// earlier with a log that ends earlier, figures with their explanation.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/instant_text.h"
#include "projections/views/smart_reader.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"

namespace flywheel {
namespace {

std::string ToText(const SmartValue& value) {
  if (const auto* share = std::get_if<SmartShare>(&value))
    return fmt::format("{}/{}", share->part, share->whole);
  if (const auto* count = std::get_if<int64_t>(&value)) return std::to_string(*count);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "yes" : "no";
  return "-";
}

std::string ToText(const std::optional<Instant>& instant) {
  return instant ? FormatInstant(*instant) : "-";
}

// What an answer says, but for when a change was recorded.
std::string ToText(const SmartAnswer& answer) {
  std::string text = fmt::format("{} {} {}{}:", answer.seller_id, answer.market.text(),
                                 answer.fulfilled ? "fulfilled" : "not fulfilled",
                                 answer.complete ? "" : " (incomplete)");
  for (const SmartCondition& condition : answer.conditions) {
    text += fmt::format(" {}={}{}{}", condition.code, ToText(condition.value),
                        condition.required ? "!" : "", condition.fulfilled ? "+" : "");
  }
  text += fmt::format(" lost after {} won after {} outlook {}",
                      answer.headroom.negatives_until_lost.value_or(-1),
                      answer.headroom.positives_until_won.value_or(-1), ToText(answer.outlook));
  for (const SmartChange& change : answer.history) {
    text += fmt::format("\n  {} {} ", FormatInstant(change.at), change.fulfilled);
    if (const auto* expiry = std::get_if<SmartExpiry>(&change.cause)) {
      text += NameOf(*expiry);
      continue;
    }
    const auto& event = std::get<SmartEvent>(change.cause);
    text += fmt::format("{} {}/{} {} {}", NameOf(event.kind), event.place.offset.number(),
                        event.place.index, event.event_id, event.order_id);
  }
  return text + "\n";
}

std::string AllAnswers(const FoldedLog& folded, const SmartQuery& query) {
  std::string text;
  const absl::Status status =
      SmartReader(folded.stores()).All(query, [&](const SmartAnswer& answer) {
        text += ToText(answer);
        return absl::OkStatus();
      });
  return status.ok() ? text : std::string(status.message());
}

std::string Difference(const std::string& left, const std::string& right, const SmartQuery& query) {
  if (left == right) return "";
  return fmt::format("as of {} known at {}\n{}but\n{}", FormatInstant(query.as_of),
                     ToText(query.known_at), left, right);
}

std::string StoredContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const Instant clock = folded.reader().LogClock().value();
  std::string text;
  for (int i = 0; i < 4; ++i) {
    SmartQuery query;
    query.as_of = i == 0   ? clock
                  : i == 1 ? AnyInstant(history, narration, clock, random)
                           : clock.Plus(static_cast<int64_t>(Below(random, 400 * kMillisPerDay)));
    const std::string stored = AllAnswers(folded, query);
    query.always_evaluate = true;
    text += Difference(stored, AllAnswers(folded, query), query);
  }
  return text;
}

std::string PrefixContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  if (narration.recorded.empty()) return "";
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  SmartQuery query;
  query.known_at = AnyKnownAt(narration, random);
  const std::unique_ptr<EventLog> prefix = KnownPrefix(narration.log.get(), *query.known_at);
  const FoldedLog folded_then = FoldLog(prefix.get(), random);
  query.as_of = AnyInstant(history, narration, folded.reader().LogClock().value(), random);
  SmartQuery then = query;
  then.known_at.reset();
  return Difference(AllAnswers(folded, query), AllAnswers(folded_then, then), query);
}

std::string ExplanationContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const SmartReader reader(folded.stores());
  SmartQuery query;
  query.as_of = AnyInstant(history, narration, reader.LogClock().value(), random);
  std::string text;
  const absl::Status status = reader.All(query, [&](const SmartAnswer& answer) {
    std::map<std::string_view, std::pair<int64_t, int64_t>> counted;  // of those, yes
    const auto explanations = reader.Explain(answer.seller_id, answer.market.text(), query).value();
    for (const SmartExplanation& explanation : explanations) {
      for (const std::string_view code : explanation.counts_in) {
        auto& [all, yes] = counted[code];
        ++all;
        yes += explanation.recommends.value_or(false) || explanation.tracked.value_or(false);
      }
      if (explanation.events.empty()) text += "no event decided it\n";
    }
    for (const SmartCondition& condition : answer.conditions) {
      const auto& [all, yes] = counted[condition.code];
      const auto* share = std::get_if<SmartShare>(&condition.value);
      const auto* count = std::get_if<int64_t>(&condition.value);
      const bool same = share   ? *share == SmartShare{yes, all}
                        : count ? *count == all
                                : condition.value.index() == 3 || all == 0;
      if (!same) {
        text +=
            fmt::format("{} {}: {} is {}, explained are {} of {}\n", answer.seller_id,
                        answer.market.text(), condition.code, ToText(condition.value), yes, all);
      }
    }
    return absl::OkStatus();
  });
  return status.ok() ? text : std::string(status.message());
}

TEST_CASE("stored figures of Smart! answer as the evaluation of the order rows does") {
  CheckForHistories("smart stored", StoredContradiction);
}

TEST_CASE("Smart! as known earlier is the answer of a log that ends there") {
  CheckForHistories("smart prefix", PrefixContradiction);
}

TEST_CASE("the buyers and orders that explain Smart! are as many as its conditions say") {
  CheckForHistories("smart explanations", ExplanationContradiction);
}

}  // namespace
}  // namespace flywheel
