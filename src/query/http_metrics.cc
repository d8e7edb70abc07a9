#include "query/http_metrics.h"

#include <algorithm>
#include <string>

namespace flywheel {

HttpMetrics::HttpMetrics(const HttpRoutes& routes) {
  for (const HttpRoute& route : routes.all()) {
    routes_.push_back(std::make_unique<OfRoute>());
    routes_.back()->route = &route;
  }
  routes_.push_back(std::make_unique<OfRoute>());
}

HttpMetrics::~HttpMetrics() = default;

void HttpMetrics::OnAnswer(const HttpRoute* route, int status, std::chrono::nanoseconds took) {
  const auto found = std::find_if(routes_.begin(), routes_.end() - 1,
                                  [route](const auto& known) { return known->route == route; });
  OfRoute& of_route = **found;
  const int code = std::clamp(status - kFirstCode, 0, kCodes - 1);
  of_route.by_code[static_cast<size_t>(code)].fetch_add(1, std::memory_order_relaxed);
  of_route.durations.Observe(took);
}

void HttpMetrics::WriteTo(MetricsText& text) const {
  const auto labels_of = [](const OfRoute& of_route) {
    return of_route.route == nullptr ? std::pair<std::string_view, std::string_view>("none", "")
                                     : std::pair<std::string_view, std::string_view>(
                                           of_route.route->pattern, NameOf(of_route.route->method));
  };
  text.Family("flywheel_http_requests_total", MetricsText::Type::kCounter,
              "Requests that were answered, by route and status code.");
  for (const auto& of_route : routes_) {
    const auto [pattern, method] = labels_of(*of_route);
    for (size_t code = 0; code < of_route->by_code.size(); ++code) {
      const uint64_t count = of_route->by_code[code].load(std::memory_order_relaxed);
      if (count == 0) continue;
      const std::string status = std::to_string(code + kFirstCode);
      text.Sample({{"route", pattern}, {"method", method}, {"code", status}},
                  static_cast<int64_t>(count));
    }
  }
  text.Family("flywheel_http_request_duration_seconds", MetricsText::Type::kHistogram,
              "From a request's first byte to its answer, by route.");
  for (const auto& of_route : routes_) {
    const auto [pattern, method] = labels_of(*of_route);
    text.Sample({{"route", pattern}, {"method", method}}, of_route->durations);
  }
}

void HttpMetrics::WriteState(const HttpServerState& state, MetricsText& text) {
  text.Family("flywheel_http_connections", MetricsText::Type::kGauge, "Open connections.");
  text.Sample({}, static_cast<int64_t>(state.connections));
  text.Family("flywheel_http_requests_in_flight", MetricsText::Type::kGauge,
              "Requests whose answer is owed.");
  text.Sample({}, static_cast<int64_t>(state.requests_in_flight));
  text.Family("flywheel_http_body_bytes_in_flight", MetricsText::Type::kGauge,
              "Bytes of bodies that are being received or handled.");
  text.Sample({}, static_cast<int64_t>(state.body_bytes_in_flight));
  text.Family("flywheel_http_connections_refused_total", MetricsText::Type::kCounter,
              "Connections over the limit.");
  text.Sample({}, static_cast<int64_t>(state.connections_refused));
  text.Family("flywheel_http_requests_refused_total", MetricsText::Type::kCounter,
              "Requests that had waited too long for their turn.");
  text.Sample({}, static_cast<int64_t>(state.requests_refused));
}

}  // namespace flywheel
