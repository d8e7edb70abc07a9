#include "projections/store/read_cell_row.h"

#include <string>

#include "base/status.h"
#include "projections/facts/row_keys.h"

namespace flywheel {

absl::StatusOr<std::optional<CellRow>> ReadCellRow(const RowReader& rows) {
  std::string value;
  ASSIGN_OR_RETURN(const bool found, rows.Get(row_keys::Cell(), &value));
  if (!found) return std::optional<CellRow>();
  ASSIGN_OR_RETURN(const CellRow row, CellRow::Decode(value));
  return std::optional<CellRow>(row);
}

}  // namespace flywheel
