// Errors as RFC 9457 says: application/problem+json.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_PROBLEM_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_PROBLEM_H_

#include <functional>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "query/http/http_message.h"

namespace flywheel {

// {"type":"urn:flywheel:problem:NOT_FOUND","title":"Not Found","status":404,"code":"NOT_FOUND",
// "detail":"..."}. Type and code never change; what is said in `detail` may.
struct HttpProblem {
  int status = 500;
  std::string_view code;  // of a literal
  std::string detail;     // for a person
};

// Adds members of a problem's own to its document.
using WriteMembers = std::function<void(JsonWriter&)>;

HttpResponse ProblemResponse(const HttpProblem& problem, const WriteMembers& members = nullptr);

// The same, with Retry-After.
HttpResponse RetryLater(const HttpProblem& problem, int seconds,
                        const WriteMembers& members = nullptr);

// "Not Found".
std::string_view ReasonOf(int status);

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_PROBLEM_H_
