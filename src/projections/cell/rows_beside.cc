#include "projections/cell/rows_beside.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/status.h"
#include "projections/store/durable_files.h"

namespace flywheel {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReady = "READY";

std::string NameOf(uint64_t fold_version) { return fmt::format("{:016x}", fold_version); }

}  // namespace

std::string RowsBeside(const std::string& beside, uint64_t fold_version) {
  return (fs::path(beside) / NameOf(fold_version)).string();
}

std::string RowsBeside(const std::string& beside, uint64_t fold_version, Partition partition) {
  return (fs::path(RowsBeside(beside, fold_version)) / std::to_string(partition.number())).string();
}

bool IsReady(const std::string& cell_folder) {
  std::error_code error;
  return fs::exists(fs::path(cell_folder) / kReady, error);
}

absl::Status MarkReady(const std::string& cell_folder) {
  if (IsReady(cell_folder)) return absl::OkStatus();
  RETURN_IF_ERROR(WriteFile((fs::path(cell_folder) / kReady).string(), ""));
  return SyncFolder(cell_folder);
}

absl::Status DropOldVersions(const std::string& beside, uint64_t fold_version) {
  std::vector<std::pair<fs::file_time_type, fs::path>> others;
  std::error_code error;
  if (!fs::exists(beside, error)) return absl::OkStatus();
  for (fs::directory_iterator entry(beside, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename() == NameOf(fold_version)) continue;
    others.emplace_back(entry->last_write_time(error), entry->path());
  }
  if (error) {
    return absl::UnavailableError(fmt::format("cannot list {}: {}", beside, error.message()));
  }
  std::sort(others.begin(), others.end());
  if (!others.empty()) others.pop_back();
  for (const auto& [changed, folder] : others) RETURN_IF_ERROR(RemoveFolder(folder.string()));
  return absl::OkStatus();
}

}  // namespace flywheel
