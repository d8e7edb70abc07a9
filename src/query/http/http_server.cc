#include "query/http/http_server.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/http/http_loop.h"

namespace flywheel {
namespace {

namespace net = boost::asio;
using Error = boost::system::error_code;
using net::ip::tcp;

// Connections over the limit that are being told so; beyond these none is accepted.
constexpr size_t kMaxRefusedConnections = 64;
// After accept has failed (no file descriptor is left, as a rule), and before it is looked whether
// there is room again.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kFullPause{10};

absl::Status CheckOptions(const HttpServerOptions& options) {
  const auto check = [](bool holds, std::string_view sentence) {
    return holds ? absl::OkStatus()
                 : absl::InvalidArgumentError(
                       fmt::format("the options of the HTTP server: {}", sentence));
  };
  RETURN_IF_ERROR(check(options.threads >= 1 && options.threads <= 64, "1 to 64 threads"));
  RETURN_IF_ERROR(check(options.max_connections >= 1 && options.max_connections <= 100'000,
                        "1 to 100000 connections"));
  RETURN_IF_ERROR(check(
      options.max_header_bytes >= size_t{1} << 10 && options.max_header_bytes <= size_t{1} << 20,
      "a header of 1 KiB to 1 MiB"));
  RETURN_IF_ERROR(check(options.max_requests_in_flight >= 1, "at least one request in flight"));
  RETURN_IF_ERROR(check(
      options.make_room_after >= absl::ZeroDuration() && options.make_room_after <= absl::Hours(24),
      "room after a day at most"));
  RETURN_IF_ERROR(check(options.max_queue_delay >= absl::ZeroDuration() &&
                            options.max_queue_delay <= absl::Minutes(1),
                        "a wait for a turn of up to a minute"));
  for (const absl::Duration timeout :
       {options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout,
        options.answer_timeout, options.stop_timeout}) {
    RETURN_IF_ERROR(check(timeout > absl::ZeroDuration() && timeout <= absl::Hours(24),
                          "timeouts above zero and up to a day"));
  }
  return absl::OkStatus();
}

absl::Status CannotListen(const Error& error, const HttpServerOptions& options) {
  const std::string text = fmt::format("cannot listen on {} port {}: {}", options.address,
                                       options.port, error.message());
  if (error == net::error::address_in_use || error == net::error::address_family_not_supported ||
      error.value() == EADDRNOTAVAIL) {
    return absl::FailedPreconditionError(text);
  }
  if (error == net::error::access_denied) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

}  // namespace

struct HttpServer::Running {
  explicit Running(std::shared_ptr<HttpShared> all) : shared(std::move(all)) {
    for (int i = 0; i < shared->options.threads; ++i) {
      loops.push_back(std::make_unique<HttpLoop>(shared));
    }
    acceptor.emplace(loops[0]->context());
    pause.emplace(loops[0]->context());
  }

  absl::Status Listen() {
    const HttpServerOptions& options = shared->options;
    Error error;
    const net::ip::address address = net::ip::make_address(options.address, error);
    if (error) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no address of IPv4 or IPv6", options.address));
    }
    const tcp::endpoint endpoint(address, options.port);
    if (acceptor->open(endpoint.protocol(), error) ||
        acceptor->set_option(tcp::acceptor::reuse_address(true), error) ||
        acceptor->bind(endpoint, error) ||
        acceptor->listen(net::socket_base::max_listen_connections, error)) {
      return CannotListen(error, options);
    }
    port = acceptor->local_endpoint(error).port();
    return error ? CannotListen(error, options) : absl::OkStatus();
  }

  // Each connection goes to the next loop.
  void Accept() {
    if (shared->connections >= shared->options.max_connections + kMaxRefusedConnections) {
      return AcceptAfter(kFullPause);
    }
    HttpLoop& loop = *loops[next_loop];
    acceptor->async_accept(loop.context(), [this, &loop](const Error& error, tcp::socket socket) {
      if (!acceptor->is_open()) return;
      if (error) return AcceptAfter(kAcceptPause);
      TakeConnection(loop, std::move(socket));
      Accept();
    });
  }

  // Those who come meanwhile wait in the system's queue.
  void AcceptAfter(std::chrono::milliseconds time) {
    pause->expires_after(time);
    pause->async_wait([this](const Error& cancelled) {
      if (!cancelled && acceptor->is_open()) Accept();
    });
  }

  void TakeConnection(HttpLoop& loop, tcp::socket socket) {
    next_loop = (next_loop + 1) % loops.size();
    ++shared->connections;
    loop.Adopt(std::move(socket));
  }

  void StopAccepting() {
    std::promise<void> closed;
    net::post(loops[0]->context(), [&] {
      Error ignored;
      std::ignore = acceptor->close(ignored);
      pause->cancel();
      closed.set_value();
    });
    closed.get_future().wait();
  }

  const std::shared_ptr<HttpShared> shared;
  std::vector<std::unique_ptr<HttpLoop>> loops;
  std::optional<tcp::acceptor> acceptor;   // of the first loop's thread
  std::optional<net::steady_timer> pause;  // the same
  size_t next_loop = 0;                    // the same
  uint16_t port = 0;
  Mutex stop_mutex;
  bool stopped ABSL_GUARDED_BY(stop_mutex) = false;
};

HttpServer::HttpServer(std::unique_ptr<Running> running) : running_(std::move(running)) {}

HttpServer::~HttpServer() { Stop(); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, std::shared_ptr<const HttpRoutes> routes,
    HttpObserver* observer) {
  RETURN_IF_ERROR(CheckOptions(options));
  auto shared = std::make_shared<HttpShared>();
  shared->options = options;
  shared->routes = std::move(routes);
  shared->observer = observer;
  auto running = std::make_unique<Running>(std::move(shared));
  RETURN_IF_ERROR(running->Listen());
  running->Accept();
  for (const auto& loop : running->loops) loop->Start();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(running)));
}

uint16_t HttpServer::port() const { return running_->port; }

HttpServerState HttpServer::state() const {
  const HttpShared& shared = *running_->shared;
  return {shared.connections, shared.requests_in_flight, shared.body_bytes_in_flight,
          shared.connections_refused, shared.requests_refused};
}

void HttpServer::Stop() {
  MutexLock lock(&running_->stop_mutex);
  if (std::exchange(running_->stopped, true)) return;
  running_->StopAccepting();
  running_->shared->draining = true;
  const SteadyTime deadline = std::chrono::steady_clock::now() +
                              absl::ToChronoNanoseconds(running_->shared->options.stop_timeout);
  for (const auto& loop : running_->loops) loop->Drain(deadline);
  for (const auto& loop : running_->loops) loop->Join();
}

}  // namespace flywheel
