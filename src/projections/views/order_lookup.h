// Orders by what people have in hand: the id of an order, of a parcel or of a return.
#ifndef FLYWHEEL_PROJECTIONS_VIEWS_ORDER_LOOKUP_H_
#define FLYWHEEL_PROJECTIONS_VIEWS_ORDER_LOOKUP_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong.h"
#include "projections/facts/fact.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Called now and then with the number of sellers looked at so far; an error ends the search.
using LookedAt = absl::FunctionRef<absl::Status(uint64_t sellers)>;

// The first `limit` sellers of a cell that have a row of an order of that id, in key order: a
// look-up for each seller of the cell, most of which the stores' filters answer. Events that wait
// for an order make a row too.
absl::StatusOr<std::vector<std::string>> SellersWithOrder(
    const RowReader& rows, const std::string& order_id, LookedAt looked_at,
    size_t limit = std::numeric_limits<size_t>::max());

// Ids may be shared: more orders than these are not looked for.
inline constexpr size_t kMaxOrderMatches = 1000;

struct OrderMatch {
  Subject by = Subject::kNone;  // what the id names: kNone the order, kParcel, kReturn
  Partition partition;
  std::string seller_id;
  std::string order_id;

  friend auto operator<=>(const OrderMatch&, const OrderMatch&) = default;
};

// Every order of that id, and every one that has an accepted parcel or return of it, up to
// kMaxOrderMatches; by kind of match, partition, seller and order, each once. An empty `seller`: of
// all sellers. `rows`: by partition; those that are not needed may be nullptr.
absl::StatusOr<std::vector<OrderMatch>> FindOrders(const std::vector<const RowReader*>& rows,
                                                   const std::string& id, const std::string& seller,
                                                   LookedAt looked_at);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_VIEWS_ORDER_LOOKUP_H_
