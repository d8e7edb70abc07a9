// Keeps the stored sums of the SLA clocks, and the rows of those that run, in step with the orders.
#ifndef FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_
#define FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_

#include <string_view>

#include "events/policy.h"
#include "projections/cell/rows.h"
#include "projections/facts/order_row.h"

namespace flywheel {

// Opens the clock of a placing that promises dispatch. REQUIRES: the order has no other fact yet.
void OpenDispatchClock(std::string_view seller, std::string_view order_id, const Fact& placed,
                       const PolicyBook& policies, Rows* rows);

// A fact is about to be appended to an order that has been placed: moves the sums of the seller and
// market, those of all sellers, and the open clocks. `search` is order.FindAct(fact). Most facts
// change no clock and are told by a look.
void MoveClocks(std::string_view seller, std::string_view order_id, const OrderRow& order,
                const Fact& fact, const OrderRow::ActSearch& search, const PolicyBook& policies,
                Rows* rows);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_
