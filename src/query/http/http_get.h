// Asks another node over HTTP.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_GET_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_GET_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace flywheel {

struct HttpGetLimits {
  absl::Duration timeout = absl::Seconds(2);  // until the whole answer is there
  size_t body_bytes = size_t{1} << 20;        // of the answer
};

struct HttpGetAnswer {
  int status = 0;
  std::string body;
};

// Asks once, on a connection of its own, and blocks. `base`: "http://host[:port]", what else may
// follow it is not sent; `target`: "/path?query". A redirect is an answer like another.
//
// Errors: InvalidArgument (a base that is none), Unavailable (nobody there, no answer in time, no
// HTTP), ResourceExhausted (an answer over the limit).
absl::StatusOr<HttpGetAnswer> HttpGet(std::string_view base, std::string_view target,
                                      const HttpGetLimits& limits = {});

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_GET_H_
