#include "app/verify_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "base/status.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/facts/seller_row.h"
#include "projections/store/read_cell_row.h"

namespace flywheel {
namespace {

// The comparison of one partition.
class StateComparison {
 public:
  StateComparison(Partition partition, const RowReader& store, const naive::Replay& replay,
                  VerifyReport* report)
      : partition_(partition), store_(store), report_(report) {
    const auto found = replay.partitions().find(partition.number());
    if (found != replay.partitions().end()) naive_ = &found->second;
  }

  absl::Status Run() {
    RETURN_IF_ERROR(CompareCounts());
    RETURN_IF_ERROR(CompareOrders());
    RETURN_IF_ERROR(CompareSellers());
    RETURN_IF_ERROR(CompareStandings());
    return CompareQuarantine();
  }

 private:
  // Adds a difference where the two are not equal. `where` gives the words.
  template <class Value, class Where>
  void Same(const Value& engine, const Value& naive, const Where& where) {
    if (engine == naive) return;
    report_->differences.Add(fmt::format("partition {}: {}: engine {}, naive {}",
                                         partition_.number(), where(), engine, naive));
  }
  void Number(int64_t engine, int64_t naive, std::string_view of, std::string_view what) {
    Same(engine, naive, [&] { return fmt::format("{}: {}", of, what); });
  }
  void Text(std::string_view engine, std::string_view naive, std::string_view of,
            std::string_view what) {
    Same(engine, naive, [&] { return fmt::format("{}: {}", of, what); });
  }
  void Missing(std::string_view what, std::string_view with) {
    report_->differences.Add(fmt::format("partition {}: {}: {}", partition_.number(), what, with));
  }

  // Decodes each row of a type and hands it to `visit`(key, row).
  template <class Row, class Visit>
  absl::Status ForEachRow(RowType type, const Visit& visit) {
    absl::Status status;
    RETURN_IF_ERROR(ScanPrefix(store_, row_keys::Prefix(type),
                               [&](std::string_view key, std::string_view value) {
                                 const absl::StatusOr<Row> row = Row::Decode(value);
                                 status.Update(row.status());
                                 if (!row.ok()) return false;
                                 visit(key, *row);
                                 return true;
                               }));
    return status;
  }

  absl::Status CompareCounts();
  absl::Status CompareOrders();
  void CompareOrder(std::string_view of, const OrderRow& row, const naive::Order& order);
  void CompareFact(std::string_view of, const Fact& fact, const naive::Fact& naive);
  absl::Status CompareSellers();
  void CompareSeller(std::string_view of, const SellerRow& row, const naive::Seller& seller);
  void CompareRegistration(std::string_view of, const std::optional<Registration>& row,
                           const std::optional<naive::Registration>& naive);
  absl::Status CompareStandings();
  absl::Status CompareQuarantine();
  void CompareEntry(std::string_view of, const QuarantineRow& row, const naive::Entry& entry);

  const Partition partition_;
  const RowReader& store_;
  VerifyReport* report_;
  const naive::Partition none_;
  const naive::Partition* naive_ = &none_;
};

// ---------------------------------------------------------------- counts

absl::Status StateComparison::CompareCounts() {
  ASSIGN_OR_RETURN(const std::optional<CellRow> found, ReadCellRow(store_));
  const CellRow cell = found.value_or(CellRow());
  const RecordCounts& engine = cell.counts;
  const naive::Counts& naive = naive_->counts;
  const std::array<std::tuple<std::string_view, uint64_t, int64_t>, 7> pairs = {{
      {"records", engine.records, naive.records},
      {"accepted", engine.accepted, naive.accepted},
      {"duplicates", engine.duplicates, naive.duplicates},
      {"repeats", engine.repeats, naive.repeats},
      {"waiting", engine.waiting, naive.waiting},
      {"stale", engine.stale, naive.stale},
      {"control", engine.control, naive.control},
  }};
  for (const auto& [what, of_engine, of_naive] : pairs) {
    Number(static_cast<int64_t>(of_engine), of_naive, "counts", what);
  }
  for (size_t code = 0; code < engine.refused.size(); ++code) {
    const auto of_code = naive.refused.find(static_cast<naive::Code>(code));
    const int64_t of_naive = of_code == naive.refused.end() ? 0 : of_code->second;
    Number(static_cast<int64_t>(engine.refused[code]), of_naive, "counts of refused",
           NameOf(static_cast<RefusalCode>(code)));
  }
  Number(cell.last_recorded_at.number(), naive_->recorded_at, "position", "newest recorded_at");
  Number(cell.tick_clock.number(), naive_->latest_tick.value_or(0), "position", "latest tick");
  ++report_->counts.partitions;
  return absl::OkStatus();
}

// ---------------------------------------------------------------- orders

// An order that only records which were no events of it name leaves nothing in either.
bool HoldsNothing(const naive::Order& order) { return order.version == 0 && !order.known; }

absl::Status StateComparison::CompareOrders() {
  uint64_t matched = 0;
  RETURN_IF_ERROR(
      ForEachRow<OrderRow>(RowType::kOrder, [&](std::string_view key, const OrderRow& row) {
        const row_keys::OrderKey parsed = row_keys::ParseOrder(key);
        const std::string of = fmt::format("order {} of {}", parsed.order, parsed.seller);
        const auto seller = naive_->sellers.find(parsed.seller);
        if (seller != naive_->sellers.end()) {
          const auto order = seller->second.orders.find(std::string(parsed.order));
          if (order != seller->second.orders.end()) {
            ++matched;
            CompareOrder(of, row, order->second);
            return;
          }
        }
        Missing(of, "the naive implementation does not have it");
      }));
  uint64_t in_all = 0;
  for (const auto& [seller_id, seller] : naive_->sellers) in_all += seller.orders.size();
  report_->counts.orders += matched;
  if (in_all == matched) return absl::OkStatus();
  for (const auto& [seller_id, seller] : naive_->sellers) {
    for (const auto& [order_id, order] : seller.orders) {
      if (HoldsNothing(order)) continue;
      std::string value;
      ASSIGN_OR_RETURN(const bool found, store_.Get(row_keys::Order(seller_id, order_id), &value));
      if (!found) {
        Missing(fmt::format("order {} of {}", order_id, seller_id), "the engine does not have it");
      }
    }
  }
  return absl::OkStatus();
}

void StateComparison::CompareOrder(std::string_view of, const OrderRow& row,
                                   const naive::Order& order) {
  Number(static_cast<int64_t>(row.version()), static_cast<int64_t>(order.version), of, "version");
  Number(row.known() ? 1 : 0, order.known ? 1 : 0, of, "known");
  if (row.known() != order.known) return;
  if (!row.known()) {
    std::set<int64_t> waiting;
    for (const WaitingFact& fact : row.Waiting()) waiting.insert(fact.fact.place.offset.number());
    Text(fmt::format("{}", fmt::join(waiting, " ")),
         fmt::format("{}", fmt::join(order.waiting, " ")), of, "offsets of what waits");
    return;
  }
  Text(row.market().text(), order.market, of, "market");
  Text(row.Placed().buyer_id, order.buyer_id, of, "buyer");
  Number(row.fact_count(), static_cast<int64_t>(order.facts.size()), of, "accepted events");
  size_t index = 0;
  row.ForEachFact([&](const Fact& fact) {
    if (index == order.facts.size()) return false;
    CompareFact(of, fact, order.facts[index]);
    ++index;
    return true;
  });
  report_->counts.facts += index;
}

void StateComparison::CompareFact(std::string_view of, const Fact& fact, const naive::Fact& naive) {
  const auto kind = static_cast<int64_t>(fact.kind);
  const auto naive_kind = static_cast<int64_t>(naive.kind);
  if (fact.place.offset.number() == naive.place.offset &&
      static_cast<int64_t>(fact.place.index) == naive.index && kind == naive_kind &&
      fact.occurred_at.number() == naive.occurred_at &&
      fact.recorded_at.number() == naive.recorded_at) {
    return;
  }
  const auto words = [](int64_t offset, int64_t index, int64_t number, int64_t occurred_at,
                        int64_t recorded_at) {
    return fmt::format("{} at {}/{}, occurred {}, recorded {}",
                       NameOf(static_cast<EventKind>(number)), offset, index,
                       FormatInstant(Instant(occurred_at)), FormatInstant(Instant(recorded_at)));
  };
  Text(words(fact.place.offset.number(), fact.place.index, kind, fact.occurred_at.number(),
             fact.recorded_at.number()),
       words(naive.place.offset, naive.index, naive_kind, naive.occurred_at, naive.recorded_at), of,
       "an accepted event");
}

// ---------------------------------------------------------------- sellers

bool HoldsNothing(const naive::Seller& seller) {
  return !seller.latest_occurred_at && !seller.registration && seller.markets.empty() &&
         seller.waiting == 0 && seller.open_intake_refusals == 0;
}

absl::Status StateComparison::CompareSellers() {
  std::set<std::string, std::less<>> seen;
  RETURN_IF_ERROR(
      ForEachRow<SellerRow>(RowType::kSeller, [&](std::string_view key, const SellerRow& row) {
        const std::string_view seller_id = row_keys::ParseSeller(key);
        seen.emplace(seller_id);
        const auto seller = naive_->sellers.find(seller_id);
        const naive::Seller nothing;
        CompareSeller(fmt::format("seller {}", seller_id), row,
                      seller == naive_->sellers.end() ? nothing : seller->second);
      }));
  for (const auto& [seller_id, seller] : naive_->sellers) {
    if (!HoldsNothing(seller) && seen.count(seller_id) == 0) {
      Missing(fmt::format("seller {}", seller_id), "the engine does not have it");
    }
  }
  report_->counts.sellers += seen.size();
  return absl::OkStatus();
}

void StateComparison::CompareSeller(std::string_view of, const SellerRow& row,
                                    const naive::Seller& seller) {
  Number(row.clock.number(), seller.latest_occurred_at.value_or(0), of, "clock");
  Number(static_cast<int64_t>(row.waiting), seller.waiting, of, "waiting events");
  Number(static_cast<int64_t>(row.open_refusals), seller.open_intake_refusals, of,
         "open refusals of intake");
  std::string engine_markets;
  for (const SellerRow::Named& named : row.markets) {
    engine_markets += fmt::format("{}:{} ", named.market.text(), named.first.number());
  }
  std::string naive_markets;
  for (const auto& [market, naming] : seller.markets) {
    naive_markets += fmt::format("{}:{} ", market, naming.row_from);
  }
  Text(engine_markets, naive_markets, of, "markets, and from when on they have a row");
  CompareRegistration(of, row.registration, seller.registration);
}

void StateComparison::CompareRegistration(std::string_view of,
                                          const std::optional<Registration>& row,
                                          const std::optional<naive::Registration>& naive) {
  Number(row ? 1 : 0, naive ? 1 : 0, of, "registered");
  if (!row || !naive) return;
  Number(row->offset.number(), naive->place.offset, of, "offset of the registration");
  Number(row->occurred_at.number(), naive->occurred_at, of, "time of the registration");
  Number(row->business ? 1 : 0, naive->payload.business() ? 1 : 0, of, "business");
  Number(row->pharmacy ? 1 : 0, naive->payload.pharmacy() ? 1 : 0, of, "pharmacy");
  Text(fmt::format("{}", fmt::join(row->markets, " ")),
       fmt::format("{}", fmt::join(naive->payload.markets(), " ")), of,
       "markets of the registration");
}

std::string StandingText(int64_t offset, bool fees_paid, bool breach, bool super_seller,
                         bool free_returns, int64_t withdrawal_days, int64_t methods) {
  return fmt::format("{}: {} {} {} {} {} {}", offset, fees_paid, breach, super_seller, free_returns,
                     withdrawal_days, methods);
}

absl::Status StateComparison::CompareStandings() {
  using Key = std::tuple<std::string, std::string, int64_t>;  // seller, market, occurred_at
  std::map<Key, std::string> rows;
  RETURN_IF_ERROR(ForEachRow<StandingRow>(RowType::kStanding, [&](std::string_view key,
                                                                  const StandingRow& row) {
    const row_keys::StandingKey parsed = row_keys::ParseStanding(key);
    rows[{std::string(parsed.seller), std::string(parsed.market.text()),
          parsed.occurred_at.number()}] =
        StandingText(row.offset.number(), row.fees_paid, row.regulation_breach, row.super_seller,
                     row.free_returns, row.withdrawal_days, row.smart_delivery_methods);
  }));
  report_->counts.standings += rows.size();
  for (const auto& [seller_id, seller] : naive_->sellers) {
    for (const naive::Standing& standing : seller.standings) {
      const events::v1::SellerStandingChanged& payload = standing.payload;
      const std::string text =
          StandingText(standing.place.offset, payload.fees_paid(), payload.regulation_breach(),
                       payload.super_seller(), payload.return_policy().free_returns(),
                       payload.return_policy().withdrawal_days(), payload.smart_delivery_methods());
      auto row = rows.extract(Key{seller_id, standing.market, standing.occurred_at});
      Text(row.empty() ? "none" : row.mapped(), text,
           fmt::format("seller {} in {}", seller_id, standing.market), "standing");
    }
  }
  for (const auto& [key, text] : rows) {
    Text(text, "none", fmt::format("seller {} in {}", std::get<0>(key), std::get<1>(key)),
         "standing");
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- quarantine

absl::Status StateComparison::CompareQuarantine() {
  std::set<int64_t> seen;
  RETURN_IF_ERROR(ForEachRow<QuarantineRow>(
      RowType::kQuarantine, [&](std::string_view key, const QuarantineRow& row) {
        const int64_t offset = row_keys::ParseQuarantine(key).number();
        seen.insert(offset);
        const std::string of = fmt::format("quarantine entry {}", offset);
        const auto entry = naive_->quarantine.find(offset);
        if (entry == naive_->quarantine.end()) {
          Missing(of, "the naive implementation does not have it");
        } else {
          CompareEntry(of, row, entry->second);
        }
      }));
  for (const auto& [offset, entry] : naive_->quarantine) {
    if (seen.count(offset) == 0) {
      Missing(fmt::format("quarantine entry {}", offset), "the engine does not have it");
    }
  }
  report_->counts.quarantine += seen.size();
  return absl::OkStatus();
}

void StateComparison::CompareEntry(std::string_view of, const QuarantineRow& row,
                                   const naive::Entry& entry) {
  const bool waits = row.state == QuarantineRow::State::kWaiting;
  Number(waits ? 1 : 0, entry.waiting ? 1 : 0, of, "waiting");
  Number(static_cast<int64_t>(row.code), static_cast<int64_t>(entry.code), of, "code");
  Number(static_cast<int64_t>(row.kind), static_cast<int64_t>(entry.kind), of, "kind");
  Text(row.seller_id, entry.seller_id, of, "seller");
  Text(row.order_id, entry.order_id, of, "order");
  Number(static_cast<int64_t>(row.repeats), entry.repeats, of, "repeats");
  if (!waits && entry.decided_at) {
    Number(row.decided.number(), entry.decided_at->offset, of, "offset of the decision");
  }
  Number(row.closed ? row.closed->number() : -1, entry.closed_at ? entry.closed_at->offset : -1, of,
         "offset of the operator's act");
}

}  // namespace

absl::Status CompareState(Partition partition, const RowReader& store, const naive::Replay& replay,
                          VerifyReport* report) {
  return StateComparison(partition, store, replay, report).Run();
}

}  // namespace flywheel
