// The order of the log does not matter, but where DOMAIN says so: late or out of order, the numbers
// are those that the business times imply (section 3, rule 2).
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/instant_text.h"
#include "base/status.h"
#include "events/vocabulary.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/facts/seller_row.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"
#include "property/twin.h"

namespace flywheel {
namespace {

// What stands for good, whatever the order of the log: the facts of each order, the sellers'
// registrations, standings and clocks.
std::map<std::string, std::vector<std::string>> AcceptedFacts(const RowReader& store) {
  std::map<std::string, std::vector<std::string>> facts;
  absl::Status status = ScanPrefix(
      store, row_keys::Prefix(RowType::kOrder), [&](std::string_view key, std::string_view row) {
        const OrderRow order = OrderRow::Decode(row).value();
        const auto [seller, id] = row_keys::ParseOrder(key);
        std::vector<std::string>& of_order = facts[fmt::format("{} {}", seller, id)];
        order.ForEachFact([&](const Fact& fact) {
          of_order.push_back(fmt::format("{} {} {}", NameOf(fact.kind), SubjectIdOf(fact),
                                         FormatInstant(fact.occurred_at)));
          return true;
        });
        for (const WaitingFact& waiting : order.Waiting()) {
          of_order.push_back(fmt::format("waits: {} {} {}", NameOf(waiting.fact.kind),
                                         SubjectIdOf(waiting.fact),
                                         FormatInstant(waiting.fact.occurred_at)));
        }
        std::sort(of_order.begin(), of_order.end());
        return true;
      });
  status.Update(ScanPrefix(
      store, row_keys::Prefix(RowType::kSeller), [&](std::string_view key, std::string_view bytes) {
        const SellerRow row = SellerRow::Decode(bytes).value();
        std::string text = fmt::format("clock {}", FormatInstant(row.clock));
        if (row.registration) text += " registered " + FormatInstant(row.registration->occurred_at);
        for (const SellerRow::Named& named : row.markets) {
          text += fmt::format(" {} from {}", named.market.text(), FormatInstant(named.first));
        }
        facts[std::string(row_keys::ParseSeller(key))].push_back(text);
        return true;
      }));
  status.Update(ScanPrefix(store, row_keys::Prefix(RowType::kStanding),
                           [&](std::string_view key, std::string_view bytes) {
                             const StandingRow row = StandingRow::Decode(bytes).value();
                             const auto [seller, market, at] = row_keys::ParseStanding(key);
                             facts[std::string(seller)].push_back(
                                 fmt::format("standing {} {} {}", market.text(), FormatInstant(at),
                                             row.fees_paid));
                             return true;
                           }));
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
  return facts;
}

std::string OrderContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history, Scope::kAnyOrder);
  const std::unique_ptr<MemoryLog> shuffled = Shuffled(narration, random());
  const FoldedLog told = FoldLog(narration.log.get(), random);
  const FoldedLog other = FoldLog(shuffled.get(), random);
  for (size_t partition = 0; partition < told.cells.size(); ++partition) {
    const auto left = AcceptedFacts(*told.stores()[partition]);
    const auto right = AcceptedFacts(*other.stores()[partition]);
    for (const auto& [name, facts] : left) {
      const auto found = right.find(name);
      if (found == right.end()) return name + ": not known in another order of the log";
      if (found->second != facts) {
        return fmt::format("{}: {}\nin another order: {}", name, fmt::join(facts, ", "),
                           fmt::join(found->second, ", "));
      }
    }
    if (left.size() != right.size()) return "more is known in another order of the log";
  }
  std::string text;
  for (int i = 0; i < 3 && text.empty(); ++i) {
    RatingQuery query;
    query.as_of = AnyInstant(history, narration, told.reader().LogClock().value(), random);
    query.history = i == 0;
    text = AnswerDifferences(told.reader().All(query).value(), other.reader().All(query).value());
    if (!text.empty()) text = "as of " + FormatInstant(query.as_of) + "\n" + text;
  }
  return text;
}

TEST_CASE("the same events in any order of the log give the same facts and answers") {
  CheckForHistories("order", OrderContradiction);
}

}  // namespace
}  // namespace flywheel
