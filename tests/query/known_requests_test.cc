// Requests that come again byte for byte, alone and over a real socket.
#include "query/http/known_requests.h"

#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "query/http/http_server.h"
#include "query/http_client.h"

namespace flywheel {
namespace {

HttpResponse Plain(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

class Prepared final : public HttpPrepared {
 public:
  explicit Prepared(std::string text) : text_(std::move(text)) {}
  void Handle(HttpExchange& exchange) const override { exchange.Answer(Plain(text_)); }

 private:
  std::string text_;
};

// Counts how often a request was taken apart, and how often handled without.
struct TestServer {
  TestServer() {
    auto routes = std::make_shared<HttpRoutes>();
    HttpRoute route;
    route.pattern = "/things/{id}";
    route.handler = [this](HttpRequest& request, HttpExchange& exchange) {
      ++handled;
      exchange.Answer(Plain("unprepared " + request.path_values[0]));
    };
    route.prepare = [this](const HttpRequest& request) -> std::shared_ptr<const HttpPrepared> {
      ++prepared;
      if (request.path_values[0] == "no") return nullptr;
      return std::make_shared<const Prepared>(
          fmt::format("{} {}", request.path_values[0], request.parameters.size()));
    };
    routes->Add(std::move(route));
    HttpServerOptions options;
    options.threads = 1;
    options.max_queue_delay = absl::ZeroDuration();
    auto started = HttpServer::Start(options, routes);
    REQUIRE(started.ok());
    server = *std::move(started);
  }

  std::atomic<int> handled = 0;
  std::atomic<int> prepared = 0;
  std::unique_ptr<HttpServer> server;
};

TEST_CASE("a request that comes again is answered as the first time, without being taken apart") {
  TestServer test;
  HttpClient client(test.server->port());
  for (int i = 0; i < 5; ++i) {
    CHECK(client.Get("/things/a?x=1&y=2")->body == "a 2");
    CHECK(client.Get("/things/b")->body == "b 0");
  }
  CHECK(test.prepared == 2);
  // By another connection too.
  HttpClient other(test.server->port());
  CHECK(other.Get("/things/b")->body == "b 0");
  CHECK(test.prepared == 2);
  // Another byte, another request.
  CHECK(other.Get("/things/b", "X-Other: 1\r\n")->body == "b 0");
  CHECK(test.prepared == 3);
  CHECK(test.handled == 0);
}

TEST_CASE("known requests are found in a pipeline, between others and in pieces") {
  TestServer test;
  HttpClient client(test.server->port());
  const std::string known = GetRequest("/things/a");
  const std::string other = GetRequest("/things/b", "Connection: keep-alive\r\n");
  std::string all = "\r\n" + known + known + other + GetRequest("/none") + known;
  client.Send(all);
  for (const char* body : {"a 0", "a 0", "b 0"}) CHECK(client.Read()->body == body);
  CHECK(client.Read()->status == 404);
  CHECK(client.Read()->body == "a 0");
  for (size_t at = 0; at < known.size(); at += 3) client.Send(known.substr(at, 3));
  CHECK(client.Read()->body == "a 0");
}

TEST_CASE("HEAD, HTTP/1.0 and connections that close stay what they are") {
  TestServer test;
  for (int i = 0; i < 2; ++i) {
    HttpClient client(test.server->port());
    CHECK(client.Get("/things/a")->body == "a 0");
    const auto head = client.Ask("HEAD /things/a HTTP/1.1\r\nHost: x\r\n\r\n", /*is_head=*/true);
    CHECK(head->body.empty());
    CHECK(head->Header("content-length") == "3");
    CHECK(client.Get("/things/a")->body == "a 0");
    CHECK(client.Get("/things/a", "Connection: close\r\n")->Header("connection") == "close");
    CHECK(client.IsClosed());
    HttpClient old(test.server->port());
    CHECK(old.Ask("GET /things/a HTTP/1.0\r\n\r\n")->body == "a 0");
    CHECK(old.IsClosed());
  }
}

TEST_CASE("what cannot be prepared is handled, and a body is never taken for known") {
  TestServer test;
  HttpClient client(test.server->port());
  for (int i = 0; i < 2; ++i) CHECK(client.Get("/things/no")->body == "unprepared no");
  CHECK(test.handled == 2);
  CHECK(test.prepared == 2);
  const std::string with_body = "GET /things/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
  CHECK(client.Ask(with_body)->status == 413);
  CHECK(client.IsClosed());
}

TEST_CASE("so many requests are known, of so many bytes") {
  KnownRequests known;
  for (size_t i = 0; i <= KnownRequests::kMaxRequests; ++i) {
    known.Learn(fmt::format("GET /{} HTTP/1.1\r\n\r\n", i), {});
    REQUIRE(known.size() <= KnownRequests::kMaxRequests);
  }
  CHECK(known.Find(fmt::format("GET /{} HTTP/1.1\r\n\r\n", KnownRequests::kMaxRequests)) !=
        nullptr);
  const std::string header = "GET / HTTP/1.1\r\n\r\n";
  CHECK(KnownRequests::HeaderOf(header + "more") == header);
  CHECK(KnownRequests::HeaderOf("GET / HTTP/1.1\r\n\r").empty());
  const std::string longer = "GET /" + std::string(KnownRequests::kMaxBytes, 'x') + "\r\n\r\n";
  CHECK(KnownRequests::HeaderOf(longer).empty());
}

}  // namespace
}  // namespace flywheel
