// Which handler answers which request.
#ifndef FLYWHEEL_QUERY_HTTP_HTTP_ROUTES_H_
#define FLYWHEEL_QUERY_HTTP_HTTP_ROUTES_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "query/http/http_exchange.h"
#include "query/http/http_message.h"
#include "query/http/http_problem.h"

namespace flywheel {

// Runs on an I/O thread, which serves other connections too: what takes long or waits answers later
// (HttpExchange::Defer). The request's body may be moved out. Must not throw.
using HttpHandler = std::function<void(HttpRequest& request, HttpExchange& exchange)>;

// A request as far as it can be worked off before it is answered.
//
// Concurrency: Handle from any thread, several times at once.
class HttpPrepared {
 public:
  virtual ~HttpPrepared() = default;
  // As the route's handler.
  virtual void Handle(HttpExchange& exchange) const = 0;
};

struct HttpRoute {
  // kGet answers HEAD too, without the body.
  HttpMethod method = HttpMethod::kGet;
  // "/v1/sellers/{id}/rating": a segment in braces stands for any one that is not empty.
  std::string pattern;
  // A larger body is refused with 413 before it is read.
  size_t max_body_bytes = 0;
  HttpHandler handler;
  // Answered however much there is to do: what tells whether the process lives.
  bool urgent = false;
  // Of a request without a body: what is used in place of the handler, for it and for all whose
  // bytes are the same. Depends on the request alone. nullptr: the handler is to answer.
  std::function<std::shared_ptr<const HttpPrepared>(const HttpRequest&)> prepare = nullptr;
};

// Concurrency: const methods from any thread once all routes are added.
class HttpRoutes {
 public:
  // REQUIRES: no route of the same method and pattern is there; the pattern starts with "/".
  void Add(HttpRoute route);

  // The route of a request whose `target` is set; fills in its path_values and parameters. Else the
  // answer: 400 (a target that cannot be read), 404, 405 with Allow.
  std::variant<const HttpRoute*, HttpResponse> Find(HttpRequest& request) const;

  const std::vector<HttpRoute>& all() const { return routes_; }

 private:
  std::vector<HttpRoute> routes_;
  std::vector<std::vector<std::string>> patterns_;  // their segments
};

}  // namespace flywheel

#endif  // FLYWHEEL_QUERY_HTTP_HTTP_ROUTES_H_
