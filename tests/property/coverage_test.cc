// The random histories meet every outcome that a record can have, so that the other properties hold
// for something.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "events/vocabulary.h"
#include "naive/rating.h"
#include "naive/sla.h"
#include "naive/smart.h"
#include "property/check.h"
#include "property/narration.h"
#include "property/twin.h"

namespace flywheel {
namespace {

std::map<std::string, int64_t> Outcomes(const naive::Partition& partition) {
  std::map<std::string, int64_t> outcomes = {
      {"accepted", partition.counts.accepted}, {"duplicates", partition.counts.duplicates},
      {"repeats", partition.counts.repeats},   {"waiting", partition.counts.waiting},
      {"stale", partition.counts.stale},       {"control", partition.counts.control},
  };
  for (const auto& [code, count] : partition.counts.refused) {
    outcomes[std::string(NameOf(static_cast<RefusalCode>(code)))] += count;
  }
  for (const auto& [offset, entry] : partition.quarantine) {
    if (entry.closed_at) ++outcomes["closed by an operator"];
    if (entry.decided_at && entry.decided_at->offset != offset) {
      ++outcomes["refused after waiting as " +
                 std::string(NameOf(static_cast<RefusalCode>(entry.code)))];
    }
  }
  for (const auto& [id, seller] : partition.sellers) {
    for (const auto& [order_id, order] : seller.orders) {
      if (!order.decisions.empty()) ++outcomes["decided"];
      if (!order.known) continue;
      const bool waited = order.facts.size() > 1 && order.facts[1].place < order.facts[0].place;
      if (waited) ++outcomes["accepted after waiting"];
      if (order.review && !order.edits.empty()) ++outcomes["edited"];
      if (order.review && !order.removals.empty()) ++outcomes["removed"];
      if (order.review && order.review->posted_at < order.placed_at) ++outcomes["posted early"];
    }
  }
  return outcomes;
}

// What the clocks and Smart! say at the log's clock, of sellers alone.
void AddAnswers(const naive::Replay& replay, std::map<std::string, int64_t>& met) {
  const std::optional<int64_t> clock = replay.LogClock();
  if (!clock) return;
  naive::AllSla(replay, *clock, [&](const naive::Sla& sla) {
    if (sla.seller_id == naive::kAll || sla.market == naive::kAll) return;
    for (size_t i = 0; i < naive::kSlaClocks; ++i) {
      const naive::ClockFigures& figures = sla.clocks[i];
      const std::string name(naive::NameOf(static_cast<naive::SlaClock>(i)));
      met[name + " within"] += figures.within;
      met[name + " late"] += figures.late;
      met[name + " pending"] += figures.pending;
      met[name + " overdue"] += figures.overdue;
    }
  });
  naive::AllSmart(replay, *clock, [&](const naive::Smart& smart) {
    for (const naive::SmartChange& change : smart.history) {
      const auto* rule = std::get_if<naive::SmartRule>(&change.cause);
      ++met[std::string(change.fulfilled ? "won by " : "lost by ") +
            (rule == nullptr ? std::string("an event") : std::string(naive::NameOf(*rule)))];
    }
    met["negatives until lost"] += smart.negatives_until_lost.has_value();
    met["positives until won"] += smart.positives_until_won.has_value();
    met["outlook"] += smart.outlook.has_value();
  });
}

TEST_CASE("random histories meet every outcome") {
  constexpr int kHistories = 1000;
  std::map<std::string, int64_t> met;
  int histories = 0;
  CheckForHistories(
      "coverage",
      [&](const History& history) {
        ++histories;
        const naive::Replay replay = Replay(Narrate(history));
        for (const auto& [number, partition] : replay.partitions()) {
          for (const auto& [outcome, count] : Outcomes(partition)) met[outcome] += count;
        }
        AddAnswers(replay, met);
        return std::string();
      },
      kHistories, kHistories);
  if (histories < kHistories) {
    WARN("RC_PARAMS asks for " << histories << " histories, too few to meet every outcome");
    return;
  }
  for (const std::string outcome : {"accepted",
                                    "duplicates",
                                    "repeats",
                                    "waiting",
                                    "stale",
                                    "control",
                                    "UNDECODABLE",
                                    "INVALID",
                                    "WRONG_MARKET",
                                    "WRONG_BUYER",
                                    "REVIEW_TOO_LATE",
                                    "OVER_RETURN",
                                    "OVER_REFUND",
                                    "ORDER_FULL",
                                    "WAIT_EXPIRED",
                                    "closed by an operator",
                                    "refused after waiting as WAIT_EXPIRED",
                                    "refused after waiting as WRONG_BUYER",
                                    "decided",
                                    "accepted after waiting",
                                    "edited",
                                    "removed",
                                    "posted early",
                                    "firstResponse within",
                                    "firstResponse late",
                                    "firstResponse pending",
                                    "firstResponse overdue",
                                    "resolution within",
                                    "resolution late",
                                    "resolution pending",
                                    "resolution overdue",
                                    "decision within",
                                    "decision late",
                                    "decision pending",
                                    "decision overdue",
                                    "dispatch within",
                                    "dispatch late",
                                    "dispatch pending",
                                    "dispatch overdue",
                                    "refund within",
                                    "refund late",
                                    "refund pending",
                                    "refund overdue",
                                    "won by an event",
                                    "lost by an event",
                                    "won by RATING_WINDOW",
                                    "lost by RATING_WINDOW",
                                    "won by DISPATCH_DEADLINE",
                                    "lost by DISPATCH_DEADLINE",
                                    "won by TRACKED_WINDOW",
                                    "lost by TRACKED_WINDOW",
                                    "won by POLICY",
                                    "lost by POLICY",
                                    "negatives until lost",
                                    "positives until won",
                                    "outlook"}) {
    INFO(outcome << ": " << met[outcome]);
    CHECK(met[outcome] >= 5);
  }
}

}  // namespace
}  // namespace flywheel
