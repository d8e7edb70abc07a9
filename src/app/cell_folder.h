// Where the rows of a data folder lie.
#ifndef FLYWHEEL_APP_CELL_FOLDER_H_
#define FLYWHEEL_APP_CELL_FOLDER_H_

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "base/strong.h"

namespace flywheel {

// cells/<partition> in the data folder.
std::filesystem::path CellFolder(const std::string& data_folder, Partition partition);

// Where the checkpoints of a folder with an embedded log go unless another place is named.
std::string OwnCheckpoints(const std::string& data_folder);

// Where rows are made beside those in use.
std::string OwnRowsBeside(const std::string& data_folder);

// Removes the rows of all partitions. REQUIRES: nobody has them open. Unavailable where they cannot
// be removed.
absl::Status DropCells(const std::string& data_folder);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_CELL_FOLDER_H_
