#include "app/cell_folder.h"

#include <fmt/format.h>

#include <system_error>

namespace flywheel {
namespace {

std::filesystem::path CellsOf(const std::string& data_folder) {
  return std::filesystem::path(data_folder) / "cells";
}

}  // namespace

std::filesystem::path CellFolder(const std::string& data_folder, Partition partition) {
  return CellsOf(data_folder) / std::to_string(partition.number());
}

std::string OwnCheckpoints(const std::string& data_folder) {
  return (std::filesystem::path(data_folder) / "checkpoints").string();
}

std::string OwnRowsBeside(const std::string& data_folder) {
  return (std::filesystem::path(data_folder) / "cells.beside").string();
}

absl::Status DropCells(const std::string& data_folder) {
  std::error_code error;
  std::filesystem::remove_all(CellsOf(data_folder), error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("the rows in {} cannot be dropped: {}", data_folder, error.message()));
}

}  // namespace flywheel
