// How far a cell's rows are folded.
#ifndef FLYWHEEL_PROJECTIONS_STORE_READ_CELL_ROW_H_
#define FLYWHEEL_PROJECTIONS_STORE_READ_CELL_ROW_H_

#include <optional>

#include "absl/status/statusor.h"
#include "projections/facts/cell_row.h"
#include "projections/store/row_store.h"

namespace flywheel {

// nullopt: nothing was ever written.
absl::StatusOr<std::optional<CellRow>> ReadCellRow(const RowReader& rows);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_STORE_READ_CELL_ROW_H_
