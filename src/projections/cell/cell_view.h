// What queries read of a cell: its rows as of one position.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CELL_VIEW_H_
#define FLYWHEEL_PROJECTIONS_CELL_CELL_VIEW_H_

#include <memory>
#include <vector>

#include "events/policy.h"
#include "projections/cell/seller_changes.h"
#include "projections/facts/cell_row.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Immutable; rows and position belong together (ARCHITECTURE invariant 2). May be held from any
// thread for as long as it is needed; an old view keeps old row versions on the disk.
struct CellView {
  CellRow position;
  std::shared_ptr<const RowReader> rows;
  std::shared_ptr<const PolicyBook> policies;
  // By which what was made of another view of the cell may be known to hold; may be nullptr.
  std::shared_ptr<const SellerChanges> changes = nullptr;
};

// By partition; nullptr: this process does not hold that partition.
using CellViews = std::vector<std::shared_ptr<const CellView>>;

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CELL_VIEW_H_
