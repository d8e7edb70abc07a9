#include "projections/views/cell_reading.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "events/intake.h"
#include "projections/facts/quarantine_row.h"
#include "projections/facts/row_keys.h"
#include "projections/store/read_cell_row.h"
#include "projections/store/read_policies.h"

namespace flywheel {
namespace {

using Sellers = std::set<std::string, std::less<>>;

// The sellers of a cell one after the other, read a page at a time.
class SellerCursor {
 public:
  explicit SellerCursor(const CellState* cell)
      : cell_(cell), next_key_(row_keys::Prefix(RowType::kSeller)) {}

  // False at the end.
  absl::StatusOr<bool> Load() {
    if (at_ < page_.size()) return true;
    page_.clear();
    at_ = 0;
    absl::Status status;
    const std::string end = row_keys::AfterPrefix(row_keys::Prefix(RowType::kSeller));
    RETURN_IF_ERROR(
        cell_->store->Scan(next_key_, end, [&](std::string_view key, std::string_view value) {
          if (page_.size() == kSellersPerPage) return false;
          absl::StatusOr<SellerRow> row = SellerRow::Decode(value);
          status.Update(row.status());
          if (!row.ok()) return false;
          page_.emplace_back(row_keys::ParseSeller(key), *std::move(row));
          next_key_ = std::string(key) + '\0';
          return true;
        }));
    RETURN_IF_ERROR(status);
    return !page_.empty();
  }
  const CellState& cell() const { return *cell_; }
  // REQUIRES: Load gave true.
  const std::string& seller() const { return page_[at_].first; }
  const SellerRow& row() const { return page_[at_].second; }
  void Advance() { ++at_; }

 private:
  static constexpr size_t kSellersPerPage = 256;

  const CellState* cell_;
  std::string next_key_;
  std::vector<std::pair<std::string, SellerRow>> page_;
  size_t at_ = 0;
};

// The sellers of whom an event stood in quarantine under the cut: it waited for its order, or was
// refused at intake and open.
absl::Status FindQuarantined(const RowReader& store, const FactsUpTo& cut, Sellers* sellers) {
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(
      store, row_keys::Prefix(RowType::kQuarantine),
      [&](std::string_view key, std::string_view value) {
        const Offset offset = row_keys::ParseQuarantine(key);
        if (offset >= cut.before) return false;
        const absl::StatusOr<QuarantineRow> row = QuarantineRow::Decode(value);
        status.Update(row.status());
        if (!status.ok() || row->recorded_at > cut.known_at) return status.ok();
        const bool waits = row->state == QuarantineRow::State::kWaiting ||
                           !cut.Knows(row->decided_at, row->decided);
        const bool open =
            row->refused_at_intake() && (!row->closed || !cut.Knows(row->closed_at, *row->closed));
        if ((waits || open) && !row->seller_id.empty()) sellers->insert(row->seller_id);
        return true;
      }));
  return status;
}

// What was accepted after waiting shows in its order's row: it was known before the order was.
absl::Status FindWaiting(const RowReader& store, const FactsUpTo& cut, const std::string& prefix,
                         Sellers* sellers) {
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(store, prefix, [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<OrderRow> order = OrderRow::Decode(value);
    status.Update(order.status());
    if (!status.ok() || !order->known()) return status.ok();
    const Fact placed = order->Placed();
    if (cut.Knows(placed.recorded_at, placed.place.offset)) return true;
    order->ForEachFact([&](const Fact& fact) {
      const bool known = cut.Knows(fact.recorded_at, fact.place.offset);
      if (known) sellers->insert(std::string(row_keys::ParseOrder(key).seller));
      return !known;
    });
    return true;
  }));
  return status;
}

}  // namespace

const MarketPolicy& CellState::PolicyOf(MarketCode market, Instant at) const {
  return policies->Of(market, at);
}

Instant FiguresHoldUntil(const PolicyBook& policies, const TimeZone& zone, Instant as_of) {
  const Instant end = zone.EndOf(zone.Day(as_of));
  const std::optional<Instant> next = policies.NextEffectiveAfter(as_of);
  return next ? std::min(end, next->Plus(-1)) : end;
}

CellSources::CellSources(const std::vector<const RowReader*>& stores) {
  sources_.reserve(stores.size());
  for (const RowReader* store : stores) sources_.push_back({store, nullptr});
}

CellSources::CellSources(const CellViews& views) {
  sources_.reserve(views.size());
  for (const std::shared_ptr<const CellView>& view : views) {
    sources_.push_back({view == nullptr ? nullptr : view->rows.get(), view});
  }
}

Partition CellSources::PartitionOfSeller(std::string_view seller) const {
  return PartitionOf(seller, partitions().number());
}

absl::StatusOr<const RowReader*> CellSources::RowsOf(Partition partition) const {
  const Source& source = sources_[static_cast<size_t>(partition.number())];
  if (source.rows != nullptr) return source.rows;
  return absl::FailedPreconditionError(
      absl::StrCat("the rows of partition ", partition.number(), " are not at hand"));
}

absl::StatusOr<CellState> CellSources::Read(Partition partition, std::optional<Instant> known_at,
                                            const PlacesBefore& before,
                                            std::string_view seller) const {
  CellState state;
  state.partition = partition;
  ASSIGN_OR_RETURN(state.store, RowsOf(partition));
  if (const auto end = before.find(partition); end != before.end()) state.before = end->second;
  const bool is_part = known_at || state.before != kNoEnd;
  const CellView* const view = sources_[static_cast<size_t>(partition.number())].view.get();
  if (view != nullptr) {
    state.cell = view->position;
  } else {
    ASSIGN_OR_RETURN(const std::optional<CellRow> cell, ReadCellRow(*state.store));
    state.cell = cell.value_or(CellRow());
  }
  if (view != nullptr && !is_part) {
    state.policies = view->policies;
  } else {
    ASSIGN_OR_RETURN(PolicyBook policies,
                     ReadPolicies(*state.store, known_at.value_or(kLatestInstant), state.before));
    state.policies = std::make_shared<const PolicyBook>(std::move(policies));
  }
  if (is_part) {
    const FactsUpTo cut = {kLatestInstant, known_at.value_or(kLatestInstant), state.before};
    Sellers& incomplete = state.incomplete_then.emplace();
    RETURN_IF_ERROR(FindQuarantined(*state.store, cut, &incomplete));
    RETURN_IF_ERROR(FindWaiting(*state.store, cut,
                                seller == kAll ? row_keys::Prefix(RowType::kOrder)
                                               : row_keys::SellerPrefix(RowType::kOrder, seller),
                                &incomplete));
  }
  return state;
}

absl::StatusOr<Instant> CellSources::LogClock() const {
  Instant clock;
  for (const Source& source : sources_) {
    if (source.view != nullptr) {
      clock = std::max(clock, source.view->position.log_clock);
    } else if (source.rows != nullptr) {
      ASSIGN_OR_RETURN(const std::optional<CellRow> cell, ReadCellRow(*source.rows));
      if (cell) clock = std::max(clock, cell->log_clock);
    }
  }
  return clock;
}

std::vector<const RowReader*> RowsOf(const CellViews& views) {
  std::vector<const RowReader*> rows;
  rows.reserve(views.size());
  for (const std::shared_ptr<const CellView>& view : views) {
    rows.push_back(view == nullptr ? nullptr : view->rows.get());
  }
  return rows;
}

absl::StatusOr<std::optional<SellerRow>> ReadSeller(const RowReader& store,
                                                    std::string_view seller) {
  std::string value;
  ASSIGN_OR_RETURN(const bool found, store.Get(row_keys::OfSeller(seller), &value));
  if (!found) return std::optional<SellerRow>();
  ASSIGN_OR_RETURN(SellerRow row, SellerRow::Decode(value));
  return std::optional<SellerRow>(std::move(row));
}

absl::StatusOr<std::optional<OrderRow>> ReadOrder(const RowReader& store, std::string_view seller,
                                                  std::string_view order_id) {
  std::string value;
  ASSIGN_OR_RETURN(const bool found, store.Get(row_keys::Order(seller, order_id), &value));
  if (!found) return std::optional<OrderRow>();
  ASSIGN_OR_RETURN(OrderRow row, OrderRow::Decode(value));
  return std::optional<OrderRow>(std::move(row));
}

absl::Status ForEachSeller(
    const RowReader& store,
    absl::FunctionRef<absl::Status(std::string_view, const SellerRow&)> visit) {
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(store, row_keys::Prefix(RowType::kSeller),
                             [&](std::string_view key, std::string_view value) {
                               const absl::StatusOr<SellerRow> row = SellerRow::Decode(value);
                               status.Update(row.status());
                               if (row.ok()) status.Update(visit(row_keys::ParseSeller(key), *row));
                               return status.ok();
                             }));
  return status;
}

absl::Status ForEachSellerInOrder(
    const std::vector<CellState>& cells,
    absl::FunctionRef<absl::Status(const CellState&, std::string_view, const SellerRow&)> visit) {
  std::vector<SellerCursor> cursors;
  cursors.reserve(cells.size());
  for (const CellState& cell : cells) cursors.emplace_back(&cell);
  for (;;) {
    SellerCursor* first = nullptr;
    for (SellerCursor& cursor : cursors) {
      ASSIGN_OR_RETURN(const bool more, cursor.Load());
      if (more && (first == nullptr || cursor.seller() < first->seller())) first = &cursor;
    }
    if (first == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(visit(first->cell(), first->seller(), first->row()));
    first->Advance();
  }
}

absl::StatusOr<std::set<MarketCode>> ForEachOrder(
    const RowReader& store, std::string_view seller, const FactsUpTo& cut,
    absl::FunctionRef<void(std::string_view order_id, const OrderRow& order)> visit) {
  std::set<MarketCode> named;
  ASSIGN_OR_RETURN(const std::optional<SellerRow> row, ReadSeller(store, seller));
  if (!row) return named;
  const auto within = [&cut](Instant occurred_at, Instant recorded_at, Offset offset) {
    return occurred_at <= cut.as_of && cut.Knows(recorded_at, offset);
  };
  if (row->registration && within(row->registration->occurred_at, row->registration->recorded_at,
                                  row->registration->offset)) {
    named.insert(row->registration->market);
  }
  absl::Status status;
  RETURN_IF_ERROR(ScanPrefix(
      store, row_keys::SellerPrefix(RowType::kStanding, seller),
      [&](std::string_view key, std::string_view bytes) {
        const absl::StatusOr<StandingRow> standing = StandingRow::Decode(bytes);
        status.Update(standing.status());
        const row_keys::StandingKey parsed = row_keys::ParseStanding(key);
        if (standing.ok() && within(parsed.occurred_at, standing->recorded_at, standing->offset)) {
          named.insert(parsed.market);
        }
        return status.ok();
      }));
  RETURN_IF_ERROR(ScanPrefix(store, row_keys::SellerPrefix(RowType::kOrder, seller),
                             [&](std::string_view key, std::string_view bytes) {
                               const absl::StatusOr<OrderRow> order = OrderRow::Decode(bytes);
                               status.Update(order.status());
                               if (!status.ok() || !order->known()) return status.ok();
                               if (!cut.Includes(order->Placed())) return true;
                               named.insert(order->market());
                               visit(row_keys::ParseOrder(key).order, *order);
                               return true;
                             }));
  RETURN_IF_ERROR(status);
  return named;
}

}  // namespace flywheel
