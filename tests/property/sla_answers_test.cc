// The SLA metrics agree with themselves: stored sums with evaluated rows, what was known earlier
// with a log that ends earlier, one order of the log with another, sums with what they are the sum
// of, figures with their explanation, pages with the whole queue.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/facts/order_row.h"
#include "projections/facts/row_keys.h"
#include "projections/models/days_row.h"
#include "projections/models/sla.h"
#include "projections/store/read_policies.h"
#include "projections/views/sla_reader.h"
#include "property/check.h"
#include "property/folding.h"
#include "property/instants.h"
#include "property/narration.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

std::string Answers(const FoldedLog& folded, const SlaQuery& query) {
  std::string text;
  const absl::Status status =
      SlaReader(folded.stores()).All(query, [&text](const SlaAnswer& answer) {
        text += SlaJson(answer);
        return absl::OkStatus();
      });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be read");
  return text;
}

std::string Queue(const FoldedLog& folded, const SlaQuery& query,
                  QueueSelection selection = QueueSelection()) {
  selection.limit = kMaxQueuePage;
  std::string text;
  const QueuePage page = SlaReader(folded.stores()).Queue(selection, query).value();
  for (const QueuedClock& clock : page.clocks) text += QueuedClockJson(clock, query.as_of);
  return text;
}

std::string Difference(std::string_view what, Instant as_of, const std::string& left,
                       const std::string& right) {
  if (left == right) return "";
  return fmt::format("{} as of {}:\n{}\nand\n{}", what, FormatInstant(as_of), left, right);
}

// ---------------------------------------------------------------- one way and another

std::string StoredContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const Instant clock = SlaReader(folded.stores()).LogClock().value();
  std::string text;
  for (int i = 0; i < 4; ++i) {
    SlaQuery query;
    query.as_of = i % 2 == 0 ? AnyInstant(history, narration, clock, random)
                             : clock.Plus(static_cast<int64_t>(Below(random, 2)) *
                                          static_cast<int64_t>(Below(random, 40 * kMillisPerDay)));
    SlaQuery evaluated = query;
    evaluated.always_evaluate = true;
    text += Difference("stored and evaluated", query.as_of, Answers(folded, query),
                       Answers(folded, evaluated));
    text += Difference("queue stored and evaluated", query.as_of, Queue(folded, query),
                       Queue(folded, evaluated));
  }
  return text;
}

std::string PrefixContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  if (narration.records.empty()) return "";
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  SlaQuery query;
  query.known_at = AnyKnownAt(narration, random);
  const std::unique_ptr<EventLog> prefix = KnownPrefix(narration.log.get(), *query.known_at);
  const FoldedLog folded_then = FoldLog(prefix.get(), random);
  query.as_of = AnyInstant(history, narration, folded.reader().LogClock().value(), random);
  SlaQuery then = query;
  then.known_at.reset();
  const std::string what = "known at " + FormatInstant(*query.known_at);
  return Difference(what, query.as_of, Answers(folded, query), Answers(folded_then, then)) +
         Difference(what + ", queue", query.as_of, Queue(folded, query), Queue(folded_then, then));
}

std::string PlacesContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  SlaQuery query;
  query.before = AnyPlaces(narration.log.get(), random);
  const std::unique_ptr<EventLog> prefix = PrefixBefore(narration.log.get(), query.before);
  const FoldedLog folded_then = FoldLog(prefix.get(), random);
  query.as_of = AnyInstant(history, narration, folded.reader().LogClock().value(), random);
  SlaQuery then = query;
  then.before.clear();
  return Difference("before places", query.as_of, Answers(folded, query),
                    Answers(folded_then, then)) +
         Difference("before places, queue", query.as_of, Queue(folded, query),
                    Queue(folded_then, then));
}

std::string OrderContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history, Scope::kAnyOrder);
  const std::unique_ptr<MemoryLog> shuffled = Shuffled(narration, random());
  const FoldedLog told = FoldLog(narration.log.get(), random);
  const FoldedLog other = FoldLog(shuffled.get(), random);
  std::string text;
  for (int i = 0; i < 3 && text.empty(); ++i) {
    SlaQuery query;
    query.as_of = AnyInstant(history, narration, told.reader().LogClock().value(), random);
    text +=
        Difference("in another order", query.as_of, Answers(told, query), Answers(other, query));
    text +=
        Difference("queue in another order", query.as_of, Queue(told, query), Queue(other, query));
  }
  return text;
}

// ---------------------------------------------------------------- sums of contributions

// What stands in the rows of days about clocks, and in those of clocks that run, as a text each.
using Rows = std::map<std::string, std::string>;

std::string NameOfDay(std::string_view seller, MarketCode market, LocalDay day) {
  return fmt::format("{} {} {}", seller, market.text(), day.number());
}

Rows StoredRows(const RowReader& store) {
  Rows rows;
  absl::Status status;
  status.Update(ScanPrefix(store, row_keys::Prefix(RowType::kOpenClocks),
                           [&](std::string_view key, std::string_view value) {
                             rows[std::string(key)] = std::string(value);
                             return true;
                           }));
  status.Update(ScanPrefix(
      store, row_keys::Prefix(RowType::kDays), [&](std::string_view key, std::string_view value) {
        const auto parsed = row_keys::ParseDays(key);
        return ForEachDay(value,
                          [&](LocalDay day, const DayBytes& of_day) {
                            if (of_day.sla.empty()) return absl::OkStatus();
                            rows[NameOfDay(parsed.seller, parsed.market, day)] =
                                std::string(of_day.sla);
                            return absl::OkStatus();
                          })
            .ok();
      }));
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
  return rows;
}

// The same from the order rows alone.
Rows ContributedRows(const RowReader& store) {
  const PolicyBook policies = ReadPolicies(store, kLatestInstant).value();
  std::map<std::string, SlaRow> days;
  Rows rows;
  const absl::Status status = ScanPrefix(
      store, row_keys::Prefix(RowType::kOrder), [&](std::string_view key, std::string_view value) {
        const OrderRow order = OrderRow::Decode(value).value();
        const auto [seller, id] = row_keys::ParseOrder(key);
        const std::optional<OrderCourse> course = CourseOf(order, FactsUpTo());
        if (!course) return true;
        const MarketCode market = order.market();
        const TimeZone& zone = *policies.FindInAnyVersion(market.text())->zone;
        for (const ClockRun& run : ClocksOf(*course, id, policies)) {
          const LocalDay day = zone.Day(run.opened);
          if (run.stopped) {
            days[NameOfDay(seller, market, day)].Add(run, 1);
            days[NameOfDay(kAllSellers, market, day)].Add(run, 1);
          } else {
            AppendOpenClock({run.clock, run.id, run.opened, run.due},
                            &rows[row_keys::OpenClocks(seller, market, day, id)]);
          }
        }
        return true;
      });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
  for (const auto& [key, row] : days) row.Encode(&rows[key]);
  return rows;
}

std::string ContributionContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  for (const RowReader* store : folded.stores()) {
    if (StoredRows(*store) != ContributedRows(*store)) {
      return "the stored rows are not what the orders contribute\n";
    }
  }
  return "";
}

// ---------------------------------------------------------------- explanations and pages

std::string ExplanationContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const SlaReader reader(folded.stores());
  SlaQuery query;
  query.as_of = AnyInstant(history, narration, reader.LogClock().value(), random);
  if (Below(random, 3) == 0 && !narration.recorded.empty()) {
    query.known_at = AnyKnownAt(narration, random);
  }
  std::string text;
  const absl::Status status = reader.All(query, [&](const SlaAnswer& answer) {
    if (answer.seller_id == kAll) return absl::OkStatus();
    std::map<std::pair<SlaClock, ClockState>, int64_t> explained;
    const std::vector<SlaExplanation> clocks =
        reader.Explain(answer.seller_id, answer.market, query).value();
    for (const SlaExplanation& clock : clocks) {
      const bool counts = std::find(clock.windows.begin(), clock.windows.end(),
                                    answer.window_days) != clock.windows.end();
      if (counts) ++explained[{clock.clock, clock.state}];
    }
    for (size_t i = 0; i < kSlaClocks; ++i) {
      const auto clock = static_cast<SlaClock>(i);
      const ClockFigures& figures = answer.clocks[i];
      const std::pair<ClockState, int64_t> counts[] = {
          {ClockState::kWithin, figures.stopped.within},
          {ClockState::kLate, figures.stopped.late},
          {ClockState::kPending, figures.pending},
          {ClockState::kOverdue, figures.overdue}};
      for (const auto& [state, count] : counts) {
        const int64_t listed = explained[{clock, state}];
        if (listed != count) {
          text +=
              fmt::format("{} {} {}: {} {} {}, explained are {}\n", answer.seller_id, answer.market,
                          answer.window_days, NameOf(clock), count, NameOf(state), listed);
        }
      }
    }
    return absl::OkStatus();
  });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be read");
  return text;
}

std::string PagesContradiction(const History& history) {
  std::mt19937_64 random(history.seed);
  const Narration narration = Narrate(history);
  const FoldedLog folded = FoldLog(narration.log.get(), random);
  const SlaReader reader(folded.stores());
  SlaQuery query;
  query.as_of = AnyInstant(history, narration, reader.LogClock().value(), random);
  QueueSelection selection;
  if (Below(random, 3) == 0) selection.clock = static_cast<SlaClock>(Below(random, kSlaClocks));
  if (Below(random, 3) == 0) {
    selection.due_by = query.as_of.Plus(static_cast<int64_t>(Below(random, 10 * kMillisPerDay)));
  }
  if (Below(random, 3) == 0) {
    selection.market = MarketsOfHistories()[Below(random, MarketsOfHistories().size())];
  }
  if (Below(random, 3) == 0) {
    const std::vector<std::string> sellers = SellersOfHistories();
    selection.seller = sellers[Below(random, sellers.size())];
  }
  const std::string whole = Queue(folded, query, selection);
  std::string joined;
  selection.limit = 1 + Below(random, 4);
  for (;;) {
    const QueuePage page = reader.Queue(selection, query).value();
    if (page.clocks.size() > selection.limit) return "a page is too long";
    for (const QueuedClock& clock : page.clocks) joined += QueuedClockJson(clock, query.as_of);
    if (!page.next) break;
    if (page.clocks.empty()) return "an empty page has a next one";
    selection.after = ParseQueueToken(TokenOf(*page.next)).value();
  }
  return Difference("the whole queue and its pages", query.as_of, whole, joined);
}

// ---------------------------------------------------------------- tests

TEST_CASE("stored SLA sums answer as the evaluation of the order rows does") {
  CheckForHistories("sla stored", StoredContradiction);
}

TEST_CASE("SLA metrics as known earlier are those of a log that ends there") {
  CheckForHistories("sla prefix", PrefixContradiction);
}

TEST_CASE("SLA metrics before places are those of a log that ends there") {
  CheckForHistories("sla places", PlacesContradiction);
}

TEST_CASE("the same events in any order of the log give the same SLA metrics") {
  CheckForHistories("sla order", OrderContradiction);
}

TEST_CASE("stored SLA rows are what the orders contribute") {
  CheckForHistories("sla contributions", ContributionContradiction);
}

TEST_CASE("the clocks that explain an SLA figure are as many as it says") {
  CheckForHistories("sla explanations", ExplanationContradiction);
}

TEST_CASE("the pages of the queue are the whole queue") {
  CheckForHistories("sla pages", PagesContradiction);
}

}  // namespace
}  // namespace flywheel
