// The requests of a server, counted.
#ifndef FLYWHEEL_QUERY_HTTP_METRICS_H_
#define FLYWHEEL_QUERY_HTTP_METRICS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "query/http/http_routes.h"
#include "query/http/http_server.h"
#include "query/metrics.h"

namespace flywheel {

// By route: how many were answered with which code, and how long it took. Requests without a route
// are counted under "none".
//
// Concurrency: any thread.
class HttpMetrics final : public HttpObserver {
 public:
  // The routes of the server that it observes; they must outlive it.
  explicit HttpMetrics(const HttpRoutes& routes);
  ~HttpMetrics() override;

  void OnAnswer(const HttpRoute* route, int status, std::chrono::nanoseconds took) override;

  void WriteTo(MetricsText& text) const;
  static void WriteState(const HttpServerState& state, MetricsText& text);

 private:
  static constexpr int kFirstCode = 100;
  static constexpr int kCodes = 500;

  struct OfRoute {
    const HttpRoute* route = nullptr;
    std::array<std::atomic<uint64_t>, kCodes> by_code{};
    LatencyHistogram durations;
  };

  std::vector<std::unique_ptr<OfRoute>> routes_;  // the last: none
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_METRICS_H_
