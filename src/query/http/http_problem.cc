#include "query/http/http_problem.h"

#include <boost/beast/http/status.hpp>
#include <ostream>  // which that header needs and does not include

namespace flywheel {

HttpResponse ProblemResponse(const HttpProblem& problem, const WriteMembers& members) {
  JsonWriter json;
  json.BeginObject().Field("type", std::string("urn:flywheel:problem:").append(problem.code));
  json.Field("title", ReasonOf(problem.status)).Field("status", problem.status);
  json.Field("code", problem.code).FieldIfGiven("detail", problem.detail);
  if (members) members(json);
  HttpResponse response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.body = json.EndObject().TakeLine();
  return response;
}

HttpResponse RetryLater(const HttpProblem& problem, int seconds, const WriteMembers& members) {
  HttpResponse response = ProblemResponse(problem, members);
  response.AddHeader("Retry-After", std::to_string(seconds));
  return response;
}

std::string_view ReasonOf(int status) {
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

}  // namespace flywheel
