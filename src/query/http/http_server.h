// The HTTP/1.1 server: connections, limits, timeouts. What is answered is the routes' matter.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_SERVER_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "query/http/http_routes.h"

namespace flywheel {

// Every limit is answered with a problem document where the client can still be answered.
struct HttpServerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address of this machine
  uint16_t port = 0;                  // 0: a free one; see HttpServer::port

  // Threads that do all I/O and run the handlers, 1 to 64. A connection stays with one of them.
  int threads = 2;

  // Connections at a time, 1 to 100,000. Each takes about twice max_header_bytes. A further one
  // takes the place of one that lets the server wait; else it gets 429 and is closed, and while
  // many are told so at once no other is accepted.
  size_t max_connections = 1024;
  // Who has sent no request, or no whole header, for so long may have to make room. Zero to a day;
  // shorter: slow clients hold less of the server, quick ones connect more often.
  absl::Duration make_room_after = absl::Seconds(1);
  // The request line and the fields, 1 KiB to 1 MiB; beyond: 414, 431.
  size_t max_header_bytes = size_t{16} << 10;
  // Bodies that are being received or are in the hands of a handler, all connections together;
  // beyond: 429. At least the largest body of the routes, else that one is never taken.
  size_t max_body_bytes_in_flight = size_t{64} << 20;
  // Requests whose handler has not answered yet, all connections together; beyond: 429.
  size_t max_requests_in_flight = 1024;
  // How long a request may have waited for its turn, 0 to a minute; see QueueDelay. Beyond: 429.
  // Zero: as long as it takes. Higher takes longer bursts, lower answers sooner under overload.
  absl::Duration max_queue_delay = absl::Milliseconds(20);

  // From the first byte of a request until its header is complete; beyond: 408.
  absl::Duration header_timeout = absl::Seconds(10);
  // From there until its body is complete; beyond: 408.
  absl::Duration body_timeout = absl::Seconds(60);
  // Between two requests of a connection; beyond: closed.
  absl::Duration idle_timeout = absl::Seconds(60);
  // Until the client has taken what one write gives it (64 KiB, or one larger answer); beyond:
  // closed.
  absl::Duration write_timeout = absl::Seconds(30);
  // Until a handler answers; beyond: 504. The handler's answer then goes nowhere.
  absl::Duration answer_timeout = absl::Minutes(2);
  // How long Stop waits for what is in flight.
  absl::Duration stop_timeout = absl::Seconds(15);
};

// Told about every answer, on the I/O thread that gives it. Must not block.
class HttpObserver {
 public:
  virtual ~HttpObserver() = default;
  // `route`: nullptr where there was none (malformed, unknown path, limits). `took`: since the
  // request's first byte was read.
  virtual void OnAnswer(const HttpRoute* route, int status, std::chrono::nanoseconds took) = 0;
};

// What is going on in a server.
struct HttpServerState {
  size_t connections = 0;
  size_t requests_in_flight = 0;
  size_t body_bytes_in_flight = 0;
  // Since the start:
  uint64_t connections_refused = 0;
  uint64_t requests_refused = 0;  // for max_queue_delay
};

// Operation: keep-alive and pipelining; answers are in the order of the requests, one request of a
// connection is handled at a time. HEAD, chunked bodies and "Expect: 100-continue" are understood.
// After a malformed request and at a limit the connection is closed. A client that stops sending
// after its last request still gets the answers.
//
// Concurrency: any thread but an I/O thread.
class HttpServer {
 public:
  // Listens, and answers from then on. `routes` may not be changed any more; the observer (or
  // nullptr) must outlive the server. Errors: InvalidArgument (options, an address that is none),
  // FailedPrecondition (the port is taken, the address is not one of this machine),
  // PermissionDenied, Unavailable.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           std::shared_ptr<const HttpRoutes> routes,
                                                           HttpObserver* observer = nullptr);
  // As Stop.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;
  HttpServerState state() const;

  // Takes no further connection, closes the idle ones, answers the requests that have begun (with
  // "Connection: close") and closes; what is left after the stop timeout is cut off. Blocks until
  // then. A second call does nothing.
  void Stop();

 private:
  struct Running;
  explicit HttpServer(std::unique_ptr<Running> running);

  std::unique_ptr<Running> running_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_SERVER_H_
