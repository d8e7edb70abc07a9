// A file, or standard input, read at once.
#ifndef FLYWHEEL_APP_WHOLE_FILE_H_
#define FLYWHEEL_APP_WHOLE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"

namespace flywheel {

// The bytes of the file; "-" is the context's standard input. Of more than `max_bytes` only one
// more than these is read, so that the caller sees that it is too large, in bounded memory.
// NotFound, InvalidArgument (a folder), PermissionDenied, Unavailable; Cancelled once the interrupt
// is raised.
absl::StatusOr<std::string> ReadWholeFile(const Context& context, const std::string& path,
                                          size_t max_bytes);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_WHOLE_FILE_H_
