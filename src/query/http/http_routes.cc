#include "query/http/http_routes.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/status.h"
#include "query/http/http_target.h"

namespace flywheel {
namespace {

// "{id}": what stands there is a value.
bool IsParameter(std::string_view segment) { return segment.size() > 1 && segment[0] == '{'; }

std::vector<std::string> SegmentsOf(std::string_view pattern) {
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const size_t end = std::min(pattern.find('/'), pattern.size());
    segments.emplace_back(pattern.substr(0, end));
    pattern.remove_prefix(end);
  }
  return segments;
}

bool Fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (IsParameter(pattern[i]) ? segments[i].empty() : pattern[i] != segments[i]) return false;
  }
  return true;
}

bool Answers(const HttpRoute& route, HttpMethod method) {
  return route.method == method ||
         (route.method == HttpMethod::kGet && method == HttpMethod::kHead);
}

void AddAllowed(HttpMethod method, std::string& allowed) {
  if (!allowed.empty()) allowed += ", ";
  allowed += NameOf(method);
  if (method == HttpMethod::kGet) allowed += ", HEAD";
}

}  // namespace

void HttpRoutes::Add(HttpRoute route) {
  FLYWHEEL_CHECK(!route.pattern.empty() && route.pattern[0] == '/', "a pattern is a path");
  patterns_.push_back(SegmentsOf(route.pattern));
  routes_.push_back(std::move(route));
}

std::variant<const HttpRoute*, HttpResponse> HttpRoutes::Find(HttpRequest& request) const {
  HttpTarget target;
  if (const absl::Status status = ParseTarget(request.target, &target); !status.ok()) {
    return ProblemResponse({400, "BAD_TARGET", std::string(MessageOf(status))});
  }
  request.target = target.origin_form;
  std::string allowed;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!Fits(patterns_[i], target.segments)) continue;
    if (!Answers(routes_[i], request.method)) {
      AddAllowed(routes_[i].method, allowed);
      continue;
    }
    request.path_values.clear();
    for (size_t at = 0; at < target.segments.size(); ++at) {
      if (IsParameter(patterns_[i][at])) {
        request.path_values.push_back(std::move(target.segments[at]));
      }
    }
    request.parameters = std::move(target.parameters);
    return &routes_[i];
  }
  if (allowed.empty()) return ProblemResponse({404, "NO_SUCH_PATH", "nothing is at this path"});
  HttpResponse refusal = ProblemResponse(
      {405, "METHOD_NOT_ALLOWED", fmt::format("this path answers {} alone", allowed)});
  refusal.AddHeader("Allow", allowed);
  return refusal;
}

}  // namespace flywheel
