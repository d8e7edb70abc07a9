#include "property/twin.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "base/instant_text.h"
#include "base/status.h"
#include "events/event_view.h"
#include "events/vocabulary.h"
#include "naive/rating.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/facts/seller_row.h"

namespace flywheel {
namespace {

// Collects what differs, a line each.
class Comparison {
 public:
  template <class Left, class Right>
  void Equal(std::string_view what, const Left& engine, const Right& naive) {
    if (engine == naive) return;
    text_ += fmt::format("{}: engine {}, naive {}\n", what, engine, naive);
  }
  // A row as text in both; missing: empty.
  void Rows(std::string_view what, const std::map<std::string, std::string>& engine,
            const std::map<std::string, std::string>& naive) {
    for (const auto& [key, row] : engine) {
      const auto found = naive.find(key);
      Equal(fmt::format("{} {}", what, key), row, found == naive.end() ? "none" : found->second);
    }
    for (const auto& [key, row] : naive) {
      if (!engine.contains(key)) Equal(fmt::format("{} {}", what, key), "none", row);
    }
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

using TextRows = std::map<std::string, std::string>;

std::string KindName(int number) { return std::string(NameOf(static_cast<EventKind>(number))); }

// ---------------------------------------------------------------- the engine's state as text

template <class Row>
void ForEachRow(const RowReader& store, RowType type,
                const std::function<void(std::string_view, const Row&)>& visit) {
  const absl::Status status =
      ScanPrefix(store, row_keys::Prefix(type), [&](std::string_view key, std::string_view value) {
        visit(key, Row::Decode(value).value());
        return true;
      });
  FLYWHEEL_CHECK(status.ok(), "rows in memory can be scanned");
}

CellRow CellOf(const RowReader& store) {
  std::string value;
  if (!store.Get(row_keys::Cell(), &value).value()) return {};
  return CellRow::Decode(value).value();
}

std::string FactText(int kind, int64_t offset, uint32_t index, int64_t occurred_at,
                     int64_t recorded_at) {
  return fmt::format(" {}@{}.{} {} [{}]", KindName(kind), offset, index,
                     FormatInstant(Instant(occurred_at)), FormatInstant(Instant(recorded_at)));
}

TextRows EngineOrders(const RowReader& store) {
  TextRows rows;
  ForEachRow<OrderRow>(store, RowType::kOrder, [&](std::string_view key, const OrderRow& order) {
    const auto [seller, id] = row_keys::ParseOrder(key);
    std::string text = fmt::format("version {}, {} waiting, market {}:", order.version(),
                                   order.waiting_count(), order.market().text());
    order.ForEachFact([&](const Fact& fact) {
      text += FactText(static_cast<int>(fact.kind), fact.place.offset.number(), fact.place.index,
                       fact.occurred_at.number(), fact.recorded_at.number());
      return true;
    });
    rows[fmt::format("{} {}", seller, id)] = text;
  });
  return rows;
}

TextRows NaiveOrders(const naive::Partition& partition) {
  TextRows rows;
  for (const auto& [seller_id, seller] : partition.sellers) {
    for (const auto& [id, order] : seller.orders) {
      if (order.version == 0) continue;
      std::string text = fmt::format("version {}, {} waiting, market {}:", order.version,
                                     order.waiting.size(), order.market);
      for (const naive::Fact& fact : order.facts) {
        text += FactText(static_cast<int>(fact.kind), fact.place.offset,
                         static_cast<uint32_t>(fact.index), fact.occurred_at, fact.recorded_at);
      }
      rows[fmt::format("{} {}", seller_id, id)] = text;
    }
  }
  return rows;
}

TextRows EngineSellers(const RowReader& store) {
  TextRows rows;
  ForEachRow<SellerRow>(store, RowType::kSeller, [&](std::string_view key, const SellerRow& row) {
    // A row may stand for a seller about which nothing is left to say.
    if (row.clock == Instant() && row.complete() && row.markets.empty()) return;
    std::string text = fmt::format(
        "clock {}, {} waiting, {} open refusals, registered @{}:", row.clock.number(), row.waiting,
        row.open_refusals, row.registration ? row.registration->offset.number() : -1);
    for (const SellerRow::Named& named : row.markets) {
      text += fmt::format(" {} from {}", named.market.text(), FormatInstant(named.first));
    }
    rows[std::string(row_keys::ParseSeller(key))] = text;
  });
  ForEachRow<StandingRow>(store, RowType::kStanding,
                          [&](std::string_view key, const StandingRow& row) {
                            rows[std::string(row_keys::ParseStanding(key).seller)] +=
                                fmt::format(" standing @{} {}", row.offset.number(), row.fees_paid);
                          });
  return rows;
}

TextRows NaiveSellers(const naive::Partition& partition) {
  TextRows rows;
  for (const auto& [id, seller] : partition.sellers) {
    const bool untouched = !seller.latest_occurred_at && seller.open_intake_refusals == 0 &&
                           seller.waiting == 0 && seller.markets.empty();
    std::string text = fmt::format("clock {}, {} waiting, {} open refusals, registered @{}:",
                                   seller.latest_occurred_at.value_or(0), seller.waiting,
                                   seller.open_intake_refusals,
                                   seller.registration ? seller.registration->place.offset : -1);
    for (const auto& [market, naming] : seller.markets) {
      text += fmt::format(" {} from {}", market, FormatInstant(Instant(naming.row_from)));
    }
    // In the order of the engine's keys.
    std::map<std::pair<std::string, int64_t>, const naive::Standing*> standings;
    for (const naive::Standing& standing : seller.standings) {
      standings[{standing.market, standing.occurred_at}] = &standing;
    }
    for (const auto& [key, standing] : standings) {
      text +=
          fmt::format(" standing @{} {}", standing->place.offset, standing->payload.fees_paid());
    }
    if (!untouched) rows[id] = text;
  }
  return rows;
}

std::string EntryText(std::string_view state, std::string_view code, int kind,
                      std::string_view seller, std::string_view order, uint64_t repeats,
                      int64_t decided, int64_t closed) {
  return fmt::format("{} {} {} of '{}' '{}', {} repeats, decided @{}, closed @{}", state, code,
                     KindName(kind), seller, order, repeats, decided, closed);
}

// Whether the naive twin, too, says what became of a closed entry: only that it is closed.
std::string_view StateText(const QuarantineRow& row) {
  if (row.state == QuarantineRow::State::kWaiting) return "waiting";
  return row.closed ? "closed" : "open";
}

TextRows EngineQuarantine(const RowReader& store) {
  TextRows rows;
  ForEachRow<QuarantineRow>(
      store, RowType::kQuarantine, [&](std::string_view key, const QuarantineRow& row) {
        const bool waiting = row.state == QuarantineRow::State::kWaiting;
        rows[std::to_string(row_keys::ParseQuarantine(key).number())] =
            EntryText(StateText(row), NameOf(row.code), static_cast<int>(row.kind), row.seller_id,
                      row.order_id, row.repeats, waiting ? -1 : row.decided.number(),
                      row.closed ? row.closed->number() : -1);
      });
  return rows;
}

TextRows NaiveQuarantine(const naive::Partition& partition) {
  TextRows rows;
  for (const auto& [offset, entry] : partition.quarantine) {
    const std::string_view state = entry.waiting ? "waiting" : entry.closed_at ? "closed" : "open";
    rows[std::to_string(offset)] =
        EntryText(state, NameOf(static_cast<RefusalCode>(entry.code)), static_cast<int>(entry.kind),
                  entry.seller_id, entry.order_id, static_cast<uint64_t>(entry.repeats),
                  entry.decided_at ? entry.decided_at->offset : -1,
                  entry.closed_at ? entry.closed_at->offset : -1);
  }
  return rows;
}

void CompareCounts(const RecordCounts& engine, const naive::Counts& naive, Comparison* comparison) {
  const auto number = [](int64_t count) { return static_cast<uint64_t>(count); };
  comparison->Equal("records", engine.records, number(naive.records));
  comparison->Equal("accepted", engine.accepted, number(naive.accepted));
  comparison->Equal("duplicates", engine.duplicates, number(naive.duplicates));
  comparison->Equal("repeats", engine.repeats, number(naive.repeats));
  comparison->Equal("waiting", engine.waiting, number(naive.waiting));
  comparison->Equal("stale", engine.stale, number(naive.stale));
  comparison->Equal("control", engine.control, number(naive.control));
  for (size_t code = 0; code < engine.refused.size(); ++code) {
    const auto named = static_cast<naive::Code>(code);
    const auto found = naive.refused.find(named);
    const int64_t refused = found == naive.refused.end() ? 0 : found->second;
    comparison->Equal(fmt::format("refused {}", NameOf(static_cast<RefusalCode>(code))),
                      engine.refused[code], number(refused));
  }
  // Every record is in exactly one of the counts.
  comparison->Equal("sum of the counts",
                    engine.accepted + engine.duplicates + engine.repeats + engine.waiting +
                        engine.refused_in_all() + engine.stale + engine.control,
                    number(naive.records));
}

// ---------------------------------------------------------------- answers

RatingAnswer AnswerOf(const naive::Rating& rating) {
  RatingAnswer answer;
  answer.seller_id = rating.seller_id;
  answer.market = rating.market;
  answer.as_of = Instant(rating.as_of);
  const auto set = [&answer](RatingCounter counter, int64_t count) {
    answer.counters[static_cast<size_t>(counter)] = count;
  };
  set(RatingCounter::kRecommendedTotal, rating.recommended.total);
  set(RatingCounter::kNotRecommendedTotal, rating.not_recommended.total);
  set(RatingCounter::kRecommendedUnique, rating.recommended.unique);
  set(RatingCounter::kNotRecommendedUnique, rating.not_recommended.unique);
  set(RatingCounter::kLifetimeRecommended, rating.lifetime_recommended);
  set(RatingCounter::kLifetimeNotRecommended, rating.lifetime_not_recommended);
  set(RatingCounter::kAnswered, rating.answered);
  set(RatingCounter::kRemovedByBuyer, rating.removed_by_buyer);
  set(RatingCounter::kRemovedByMarketplace, rating.removed_by_marketplace);
  set(RatingCounter::kRemovedByBuyerAfterCompensation, rating.removed_by_buyer_after_compensation);
  const std::array<const naive::Rates*, 4> rates = {&rating.delivery, &rating.delivery_cost,
                                                    &rating.description, &rating.service};
  for (size_t rate = 0; rate < rates.size(); ++rate) {
    for (int32_t mark = 1; mark <= 5; ++mark) {
      answer.counters[RatesCounter(rate, mark)] =
          rates[rate]->distribution[static_cast<size_t>(mark - 1)];
    }
    answer.average_hundredths[rate] = rates[rate]->average_hundredths;
  }
  for (const auto& [day, votes] : rating.history) {
    answer.history.push_back({LocalDay(day), votes.recommended.total, votes.recommended.unique,
                              votes.not_recommended.total, votes.not_recommended.unique});
  }
  answer.complete = rating.complete;
  return answer;
}

std::string HistoryText(const RatingHistoryRow& row) {
  return fmt::format("{}: recommended {} of {}, not {} of {}", FormatDay(row.day),
                     row.recommended_unique, row.recommended_total, row.not_recommended_unique,
                     row.not_recommended_total);
}

bool Same(const RatingHistoryRow& left, const RatingHistoryRow& right) {
  const auto key = [](const RatingHistoryRow& row) {
    return std::tie(row.day, row.recommended_total, row.recommended_unique,
                    row.not_recommended_total, row.not_recommended_unique);
  };
  return key(left) == key(right);
}

std::string AnswerText(const RatingAnswer& answer) {
  std::string text =
      fmt::format("as of {} complete {} counters", FormatInstant(answer.as_of), answer.complete);
  for (const int64_t counter : answer.counters) text += fmt::format(" {}", counter);
  text += " averages";
  for (const std::optional<int64_t>& average : answer.average_hundredths) {
    text += fmt::format(" {}", average.value_or(-1));
  }
  return text;
}

bool Same(const RatingAnswer& left, const RatingAnswer& right) {
  return std::tie(left.as_of, left.counters, left.average_hundredths, left.complete) ==
         std::tie(right.as_of, right.counters, right.average_hundredths, right.complete);
}

void CompareHistories(const std::string& name, const RatingAnswer& left, const RatingAnswer& right,
                      std::string* text) {
  if (left.history.size() != right.history.size()) {
    *text += fmt::format("{}: {} history rows and {}\n", name, left.history.size(),
                         right.history.size());
    return;
  }
  for (size_t i = 0; i < left.history.size(); ++i) {
    if (Same(left.history[i], right.history[i])) continue;
    *text += fmt::format("{}: history {} | {}\n", name, HistoryText(left.history[i]),
                         HistoryText(right.history[i]));
    return;  // the first tells enough
  }
}

}  // namespace

naive::Replay Replay(const Narration& narration, std::optional<Instant> known_at) {
  naive::Replay replay(known_at ? std::optional(known_at->number()) : std::nullopt);
  for (const NarratedRecord& record : narration.records) {
    replay.Add(record.partition.number(), record.offset.number(), record.bytes);
  }
  return replay;
}

std::string StateDifferences(const std::vector<const RowReader*>& stores,
                             const naive::Replay& replay) {
  Comparison comparison;
  for (size_t number = 0; number < stores.size(); ++number) {
    const RowReader& store = *stores[number];
    const auto found = replay.partitions().find(static_cast<int32_t>(number));
    const naive::Partition& partition =
        found == replay.partitions().end() ? naive::Partition() : found->second;
    const CellRow cell = CellOf(store);
    CompareCounts(cell.counts, partition.counts, &comparison);
    comparison.Equal("recorded_at", cell.last_recorded_at.number(), partition.recorded_at);
    comparison.Equal("tick clock", cell.tick_clock.number(), partition.latest_tick.value_or(0));
    comparison.Rows("order", EngineOrders(store), NaiveOrders(partition));
    comparison.Rows("seller", EngineSellers(store), NaiveSellers(partition));
    comparison.Rows("entry", EngineQuarantine(store), NaiveQuarantine(partition));
  }
  const absl::StatusOr<Instant> clock = RatingReader(stores).LogClock();
  comparison.Equal("log clock", clock.value().number(), replay.LogClock().value_or(0));
  return comparison.text();
}

std::string RatingDifferences(const RatingReader& reader, const RatingQuery& query,
                              const naive::Replay& replay) {
  std::map<std::pair<std::string, std::string>, RatingAnswer> expected;
  naive::AllRatings(replay, query.as_of.number(), [&](const naive::Rating& rating) {
    RatingAnswer answer = AnswerOf(rating);
    if (!query.history) answer.history.clear();
    std::pair key(answer.seller_id, answer.market);
    expected.emplace(std::move(key), std::move(answer));
  });
  std::vector<RatingAnswer> naive;
  for (auto& [key, answer] : expected) naive.push_back(std::move(answer));
  const absl::StatusOr<std::vector<RatingAnswer>> engine = reader.All(query);
  if (!engine.ok()) return std::string(engine.status().message());
  std::string text = AnswerDifferences(*engine, naive);
  // One answer at a time is the same as all.
  for (const RatingAnswer& answer : *engine) {
    const auto one = reader.One(answer.seller_id, answer.market, query);
    if (!one.ok() || !one->has_value()) {
      text += fmt::format("{} {}: no answer alone\n", answer.seller_id, answer.market);
      continue;
    }
    text += AnswerDifferences({answer}, {**one});
  }
  return text;
}

std::string AnswerDifferences(const std::vector<RatingAnswer>& left,
                              const std::vector<RatingAnswer>& right) {
  std::map<std::string, std::pair<const RatingAnswer*, const RatingAnswer*>> pairs;
  const auto name = [](const RatingAnswer& answer) {
    return answer.seller_id + " " + answer.market;
  };
  for (const RatingAnswer& answer : left) pairs[name(answer)].first = &answer;
  for (const RatingAnswer& answer : right) pairs[name(answer)].second = &answer;
  std::string text;
  for (const auto& [key, pair] : pairs) {
    const auto [one, other] = pair;
    if (one == nullptr || other == nullptr) {
      text += fmt::format(
          "{}: only {}\n", key,
          one == nullptr ? "right: " + AnswerText(*other) : "left: " + AnswerText(*one));
      continue;
    }
    if (!Same(*one, *other)) {
      text += fmt::format("{}:\n  {}\n  {}\n", key, AnswerText(*one), AnswerText(*other));
    }
    CompareHistories(key, *one, *other, &text);
  }
  return text;
}

}  // namespace flywheel
