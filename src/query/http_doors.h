// The HTTP server of a node with all that it answers.
#ifndef FLYWHEEL_QUERY_HTTP_DOORS_H_
#define FLYWHEEL_QUERY_HTTP_DOORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "query/event_door.h"
#include "query/http/http_server.h"
#include "query/http_metrics.h"
#include "query/metrics.h"
#include "query/question_frame.h"
#include "query/service.h"
#include "query/work_queue.h"

namespace flywheel {

struct HttpDoorsOptions {
  HttpServerOptions server;
  // Threads for questions that take long, 1 to 64, and how many of those may wait, from 1.
  int work_threads = 1;
  size_t max_waiting_work = 64;
  QuestionFrameOptions questions;
};

// Operation: POST /v1/events (EventDoor), the questions (QuestionFrame; a door each), and
// - GET /v1/node: this node, and of each partition the state, position and lag, or the owner;
// - GET /metrics, for Prometheus;
// - GET /livez: 200 while the process answers;
// - GET /readyz: 200, or 503 while a partition that is to be served is not.
//
// Concurrency: any thread but an I/O thread.
class HttpDoors {
 public:
  // Errors: those of HttpServer::Start. The service must outlive it.
  static absl::StatusOr<std::unique_ptr<HttpDoors>> Start(QueryService* service,
                                                          const HttpDoorsOptions& options);
  // As Stop.
  ~HttpDoors();
  HttpDoors(const HttpDoors&) = delete;
  HttpDoors& operator=(const HttpDoors&) = delete;

  uint16_t port() const { return server_->port(); }
  // Where others add what they measure.
  Metrics& metrics() { return metrics_; }

  // Answers what is in flight and closes, as HttpServer::Stop. A second call does nothing.
  void Stop() { server_->Stop(); }

 private:
  HttpDoors(QueryService* service, const HttpDoorsOptions& options);

  std::shared_ptr<const HttpRoutes> MakeRoutes();
  void AddMetrics();

  QueryService* service_;
  Metrics metrics_;
  EventDoor events_;
  WorkQueue work_;
  QuestionFrame questions_;
  std::shared_ptr<const HttpRoutes> routes_;
  HttpMetrics http_metrics_;
  std::unique_ptr<HttpServer> server_;  // ends before what it calls
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_DOORS_H_
