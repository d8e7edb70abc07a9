// Reading the rows of cells for an answer: what every reader of a view does first.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_CELL_READING_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_CELL_READING_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/market.h"
#include "base/strong.h"
#include "base/time_zone.h"
#include "events/policy.h"
#include "projections/cell/cell_view.h"
#include "projections/facts/cell_row.h"
#include "projections/facts/order_row.h"
#include "projections/facts/seller_row.h"
#include "projections/models/rating.h"
#include "projections/store/row_store.h"

namespace flywheel {

// The text that stands for all markets or all sellers.
inline constexpr std::string_view kAll = "*";

// Where a log is taken to end, by partition; one that is not there ends nowhere.
using PlacesBefore = std::map<Partition, Offset>;

// What every answer from one cell needs.
struct CellState {
  Partition partition;
  const RowReader* store = nullptr;
  CellRow cell;
  std::shared_ptr<const PolicyBook> policies;
  // What is left out of the partition's log: this record and all that follow it.
  Offset before = kNoEnd;
  // Where something is left out: the sellers that were incomplete then.
  std::optional<std::set<std::string, std::less<>>> incomplete_then;

  // The rules of a market of the rows.
  const MarketPolicy& PolicyOf(MarketCode market, Instant at) const;
  // Whether answers about the seller are complete.
  bool IsComplete(std::string_view seller, const SellerRow& row) const {
    return incomplete_then ? !incomplete_then->contains(seller) : row.complete();
  }
};

// The rows of all partitions.
//
// Concurrency: const; any thread, while the stores are not written or offer consistent scans.
class CellSources {
 public:
  // The stores of all partitions, by partition. They must outlive this.
  explicit CellSources(const std::vector<const RowReader*>& stores);
  // The views of all partitions, by partition, each at its own position. nullptr: a partition that
  // is not at hand; what needs it is FailedPrecondition.
  explicit CellSources(const CellViews& views);

  Partition partitions() const { return Partition(static_cast<int32_t>(sources_.size())); }
  Partition PartitionOfSeller(std::string_view seller) const;

  // The rows alone. Errors: FailedPrecondition where they are not at hand.
  absl::StatusOr<const RowReader*> RowsOf(Partition partition) const;
  // What an answer needs, with what was known at an earlier instant, or before places, where they
  // are given; `seller`: the only one that the answer is about, or "*". Errors: those of RowsOf and
  // of the stores.
  absl::StatusOr<CellState> Read(Partition partition, std::optional<Instant> known_at,
                                 const PlacesBefore& before = {},
                                 std::string_view seller = kAll) const;

  // The largest occurred_at of all records that passed intake, over all cells at hand.
  absl::StatusOr<Instant> LogClock() const;

 private:
  // A cell's rows, and where they are of a view also what stands in it already decoded.
  struct Source {
    const RowReader* rows = nullptr;  // nullptr: not at hand
    std::shared_ptr<const CellView> view;
  };
  std::vector<Source> sources_;
};

// The rows of the views, by partition; nullptr where there is none.
std::vector<const RowReader*> RowsOf(const CellViews& views);

// The last instant from `as_of` on before a local day ends or another policy comes into effect:
// till then stored figures that count whole days stay the same, if no row changes.
Instant FiguresHoldUntil(const PolicyBook& policies, const TimeZone& zone, Instant as_of);

// nullopt: no record of the seller passed intake.
absl::StatusOr<std::optional<SellerRow>> ReadSeller(const RowReader& store,
                                                    std::string_view seller);
// nullopt: no record names such an order of the seller.
absl::StatusOr<std::optional<OrderRow>> ReadOrder(const RowReader& store, std::string_view seller,
                                                  std::string_view order_id);
// Calls `visit` with each seller of the cell, in key order.
absl::Status ForEachSeller(
    const RowReader& store,
    absl::FunctionRef<absl::Status(std::string_view, const SellerRow&)> visit);

// Calls `visit` with each seller of several cells, in the order of the sellers.
absl::Status ForEachSellerInOrder(
    const std::vector<CellState>& cells,
    absl::FunctionRef<absl::Status(const CellState&, std::string_view, const SellerRow&)> visit);

// Calls `visit` with each order of the seller that was placed by the cut, and its id; gives the
// markets that have a row under the cut.
absl::StatusOr<std::set<MarketCode>> ForEachOrder(
    const RowReader& store, std::string_view seller, const FactsUpTo& cut,
    absl::FunctionRef<void(std::string_view order_id, const OrderRow& order)> visit);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_CELL_READING_H_
