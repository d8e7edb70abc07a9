#include "app/make_folder.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

namespace flywheel {

absl::Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  if (std::filesystem::exists(folder) && !std::filesystem::is_directory(folder)) {
    return absl::InvalidArgumentError(fmt::format("{} is a file", folder.string()));
  }
  const std::string text =
      fmt::format("the folder {} cannot be made: {}", folder.string(), error.message());
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(text);
  if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
    return absl::PermissionDeniedError(text);
  }
  return absl::FailedPreconditionError(text);
}

}  // namespace flywheel
