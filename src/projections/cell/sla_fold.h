// Keeps the stored sums of the SLA clocks, and the rows of those that run, in step with the orders.
#ifndef FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_
#define FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_

#include <optional>
#include <string_view>

#include "events/policy.h"
#include "projections/cell/rows.h"
#include "projections/facts/order_row.h"
#include "projections/models/order_course.h"
#include "projections/models/sla.h"

namespace flywheel {

// Opens the clock of a placing that promises dispatch. REQUIRES: the order has no other fact yet.
void OpenDispatchClock(std::string_view seller, std::string_view order_id, const Fact& placed,
                       const PolicyBook& policies, Rows* rows);

// Whether a fact that is about to be appended can change what the order's course says of clocks and
// dispatch. Errs on the side of yes; most facts change nothing and are told by a look. `search` is
// what the order's FindAct says of it.
bool CanMoveClocks(const Fact& fact, const OrderRow::ActSearch& search);

// The course of an order changes: moves the sums of the seller and market, those of all sellers,
// and the open clocks; only of clocks of the kind `only` where it is given.
void MoveClocks(std::string_view seller, std::string_view order_id, const CourseChange& change,
                const PolicyBook& policies, std::optional<SlaClock> only, Rows* rows);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_SLA_FOLD_H_
