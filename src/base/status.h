// What Abseil's status lacks in Debian 12: the early-return macros, a message as std::string_view.
#ifndef FLYWHEEL_BASE_STATUS_H_
#define FLYWHEEL_BASE_STATUS_H_

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define FLYWHEEL_CONCAT_INNER(a, b) a##b
#define FLYWHEEL_CONCAT(a, b) FLYWHEEL_CONCAT_INNER(a, b)

// Returns from the function if `expression` (an absl::Status) is not OK.
#define RETURN_IF_ERROR(expression)                                           \
  do {                                                                        \
    if (absl::Status flywheel_status = (expression); !flywheel_status.ok()) { \
      return flywheel_status;                                                 \
    }                                                                         \
  } while (false)

// Evaluates `expression` (an absl::StatusOr), returns from the function on an error, else assigns
// the value to `left`, which may be a declaration.
#define ASSIGN_OR_RETURN(left, expression) \
  ASSIGN_OR_RETURN_INNER(FLYWHEEL_CONCAT(flywheel_or_, __LINE__), left, expression)
#define ASSIGN_OR_RETURN_INNER(temporary, left, expression)  \
  auto temporary = (expression);                             \
  if (!temporary.ok()) return std::move(temporary).status(); \
  left = std::move(temporary).value()

// Stops the process when an invariant of the design is violated, in release builds too: a cell that
// has gone wrong must not write rows. The text names the invariant.
#define FLYWHEEL_CHECK(condition, text)                                                      \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: invariant violated: %s (%s)\n", __FILE__, __LINE__, text, \
                   #condition);                                                              \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

namespace flywheel {

// The sentence of a status, as the standard library's view.
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace flywheel

#endif  // FLYWHEEL_BASE_STATUS_H_
