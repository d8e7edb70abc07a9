// Making a folder that may be there.
#ifndef FLYWHEEL_APP_MAKE_FOLDER_H_
#define FLYWHEEL_APP_MAKE_FOLDER_H_

#include <filesystem>

#include "absl/status/status.h"

namespace flywheel {

// With those above it. InvalidArgument where it is a file, ResourceExhausted, PermissionDenied,
// else FailedPrecondition.
absl::Status MakeFolder(const std::filesystem::path& folder);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_MAKE_FOLDER_H_
