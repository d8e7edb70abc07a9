// Rows that are made beside a cell's own, of the same fold version or of another, and wait to take
// their place.
#ifndef FLYWHEEL_PROJECTIONS_CELL_ROWS_BESIDE_H_
#define FLYWHEEL_PROJECTIONS_CELL_ROWS_BESIDE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/strong.h"

namespace flywheel {

// <beside>/<fold version, 16 hexadecimal digits>/<partition>, a cell's folder.
std::string RowsBeside(const std::string& beside, uint64_t fold_version, Partition partition);

// The folder of all partitions of a version.
std::string RowsBeside(const std::string& beside, uint64_t fold_version);

// Rows that have once held the log's end may take the place of the cell's own. A file in their
// folder says so, and goes with it.
bool IsReady(const std::string& cell_folder);
absl::Status MarkReady(const std::string& cell_folder);

// Removes what lies in `beside` but this version and, of the others, the one that changed last: the
// program before finds its rows there.
absl::Status DropOldVersions(const std::string& beside, uint64_t fold_version);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_ROWS_BESIDE_H_
