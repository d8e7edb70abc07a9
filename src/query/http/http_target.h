// The target of a request, taken apart.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_TARGET_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_TARGET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "query/http/http_message.h"

namespace flywheel {

// Parameters of a query beyond this many are refused.
inline constexpr size_t kMaxHttpParameters = 64;

struct HttpTarget {
  std::string_view origin_form;       // path and query as they were sent
  std::vector<std::string> segments;  // of the path, decoded: "/a/b%2Fc" is {"a", "b/c"}
  std::vector<HttpParameter> parameters;
};

// Replaces *target. Takes the origin form ("/path?query") and the absolute one, of which host and
// scheme are left out. Decoding is RFC 3986's: a "+" stands for itself, in the query too; nothing
// is normalised. InvalidArgument: another form, a character that must be encoded, "%" without two
// hexadecimal digits, too many parameters. Views are of `text`.
absl::Status ParseTarget(std::string_view text, HttpTarget* target);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_TARGET_H_
