// The server with real sockets.
#include "query/http/http_server.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "query/eventually.h"
#include "query/http_client.h"

namespace flywheel {
namespace {

constexpr size_t kEchoBytes = size_t{64} << 10;
constexpr size_t kLargeBytes = size_t{32} << 20;

HttpResponse Plain(std::string body) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// Requests that have arrived at the handler that answers later.
class Waiting {
 public:
  void Add(HttpDeferred deferred) {
    MutexLock lock(&mutex_);
    deferred_.push_back(std::move(deferred));
    arrived_.NotifyAll();
  }
  // The oldest one; waits for it.
  HttpDeferred Take() {
    MutexLock lock(&mutex_);
    while (deferred_.empty()) arrived_.Wait(&mutex_);
    HttpDeferred first = std::move(deferred_.front());
    deferred_.pop_front();
    return first;
  }

 private:
  Mutex mutex_;
  CondVar arrived_;
  std::deque<HttpDeferred> deferred_ ABSL_GUARDED_BY(mutex_);
};

class CountingObserver final : public HttpObserver {
 public:
  void OnAnswer(const HttpRoute* route, int status, std::chrono::nanoseconds took) override {
    MutexLock lock(&mutex_);
    seen_.push_back(fmt::format("{} {}", route == nullptr ? "-" : route->pattern, status));
    if (took < std::chrono::nanoseconds(0)) seen_.emplace_back("negative");
  }
  std::vector<std::string> seen() {
    MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mutex_);
};

// Machines that run tests are slow: what waits for its turn is not refused.
HttpServerOptions Patient(HttpServerOptions options = {}) {
  options.max_queue_delay = absl::ZeroDuration();
  return options;
}

struct TestServer {
  explicit TestServer(const HttpServerOptions& given = {}) {
    const HttpServerOptions options = Patient(given);
    auto routes = std::make_shared<HttpRoutes>();
    routes->Add({HttpMethod::kGet, "/hello", 0,
                 [](HttpRequest&, HttpExchange& exchange) { exchange.Answer(Plain("hello\n")); }});
    routes->Add({HttpMethod::kGet, "/large", 0, [](HttpRequest&, HttpExchange& exchange) {
                   exchange.Answer(Plain(std::string(kLargeBytes, 'x')));
                 }});
    routes->Add({HttpMethod::kGet, "/things/{id}/parts/{part}", 0,
                 [](HttpRequest& request, HttpExchange& exchange) {
                   std::string text =
                       fmt::format("[{}][{}]", request.path_values[0], request.path_values[1]);
                   for (const HttpParameter& parameter : request.parameters) {
                     text += fmt::format(" {}={}", parameter.name, parameter.value);
                   }
                   exchange.Answer(Plain(text));
                 }});
    routes->Add(
        {HttpMethod::kPost, "/echo", kEchoBytes, [](HttpRequest& request, HttpExchange& exchange) {
           HttpResponse response = Plain(std::move(request.body));
           response.AddHeader("X-Type", request.Header("content-type"));
           exchange.Answer(std::move(response));
         }});
    routes->Add(
        {HttpMethod::kPost, "/later", kEchoBytes, [this](HttpRequest&, HttpExchange& exchange) {
           if (auto deferred = exchange.Defer()) waiting.Add(*std::move(deferred));
         }});
    auto started = HttpServer::Start(options, routes, &observer);
    REQUIRE(started.ok());
    server = *std::move(started);
    port = server->port();
  }

  Waiting waiting;
  CountingObserver observer;
  std::unique_ptr<HttpServer> server;
  uint16_t port = 0;
};

// The code of a problem document, checked for what every one has.
std::string CodeOf(const std::optional<ClientResponse>& response) {
  REQUIRE(response);
  INFO(response->body);
  CHECK(response->Header("content-type") == "application/problem+json");
  CHECK(response->body.find(fmt::format("\"status\":{}", response->status)) != std::string::npos);
  const std::string before = "\"type\":\"urn:flywheel:problem:";
  const size_t at = response->body.find(before);
  REQUIRE(at != std::string::npos);
  const size_t begin = at + before.size();
  const std::string code = response->body.substr(begin, response->body.find('"', begin) - begin);
  CHECK(response->body.find(fmt::format("\"code\":\"{}\"", code)) != std::string::npos);
  return code;
}

TEST_CASE("a connection is kept for the next request") {
  TestServer test;
  HttpClient client(test.port);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Get("/hello");
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "hello\n");
    CHECK(response->Header("content-type") == "text/plain");
    CHECK(response->Header("connection").empty());
    CHECK(response->Header("date").find("GMT") != std::string::npos);
  }
  CHECK(test.server->state().connections == 1);
}

TEST_CASE("Connection: close and HTTP/1.0 close after the answer, unless it asks to be kept") {
  TestServer test;
  HttpClient closing(test.port);
  CHECK(closing.Get("/hello", "Connection: close\r\n")->Header("connection") == "close");
  CHECK(closing.IsClosed());
  HttpClient old(test.port);
  CHECK(old.Ask("GET /hello HTTP/1.0\r\n\r\n")->status == 200);
  CHECK(old.IsClosed());
  HttpClient kept(test.port);
  const std::string request = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CHECK(kept.Ask(request)->Header("connection") == "keep-alive");
  CHECK(kept.Ask(request)->status == 200);
}

TEST_CASE("pipelined requests are answered in their order, whatever each waits for") {
  TestServer test;
  HttpClient client(test.port);
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += GetRequest(fmt::format("/things/{}/parts/p", i));
  requests += PostRequest("/later", "");
  requests += GetRequest("/hello");
  REQUIRE(client.Send(requests));
  for (int i = 0; i < 500; ++i) {
    const auto response = client.Read();
    REQUIRE(response);
    REQUIRE(response->body == fmt::format("[{}][p]", i));
  }
  test.waiting.Take().Answer(Plain("late"));
  CHECK(client.Read()->body == "late");
  CHECK(client.Read()->body == "hello\n");
}

TEST_CASE("requests may come in pieces of any size") {
  TestServer test;
  HttpClient client(test.port);
  const std::string request = PostRequest("/echo", "a body in pieces") +
                              "\r\n" +  // an empty line before a request is let pass
                              GetRequest("/things/a%2Fb/parts/c?x=1");
  for (const char byte : request) {
    REQUIRE(client.Send(std::string(1, byte)));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  CHECK(client.Read()->body == "a body in pieces");
  CHECK(client.Read()->body == "[a/b][c] x=1");
}

TEST_CASE("one empty line before a request is let pass and two are not, at once as in pieces") {
  TestServer test;
  const std::string request = GetRequest("/things/a%2Fb/parts/c?x=1");
  const size_t piece = GENERATE(size_t{1}, size_t{2}, size_t{3}, size_t{4096});
  const auto status_after = [&](const std::string& lines) {
    HttpClient client(test.port);
    const std::string sent = lines + request;
    // What comes after the refusal may find the connection closed.
    for (size_t at = 0; at < sent.size() && client.Send(sent.substr(at, piece)); at += piece) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    const auto response = client.Read();
    REQUIRE(response);
    return response->status;
  };
  CHECK(status_after("\r\n") == 200);
  CHECK(status_after("\r\n\r\n") == 400);
}

TEST_CASE("chunked bodies are put together, trailers are let pass") {
  TestServer test;
  HttpClient client(test.port);
  const auto response = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: text/x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "5\r\nhello\r\n1;name=value\r\n,\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n");
  REQUIRE(response);
  CHECK(response->body == "hello, world");
  CHECK(response->Header("x-type") == "text/x");
  CHECK(client.Get("/hello")->status == 200);
}

TEST_CASE("a client that waits for 100 Continue gets it, and an error instead where there is one") {
  TestServer test;
  HttpClient client(test.port);
  const std::string header = "Host: test\r\nExpect: 100-continue\r\nContent-Length: ";
  CHECK(client.Ask("POST /echo HTTP/1.1\r\n" + header + "4\r\n\r\n")->status == 100);
  CHECK(client.Ask("body")->body == "body");
  CHECK(client.Ask("POST /echo HTTP/1.1\r\n" + header + "9999999\r\n\r\n")->status == 413);
  CHECK(client.IsClosed());
  HttpClient other(test.port);
  CHECK(CodeOf(other.Ask("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: a miracle\r\n"
                         "Content-Length: 4\r\n\r\n")) == "EXPECTATION_FAILED");
}

TEST_CASE("HEAD has the header of GET and no body") {
  TestServer test;
  HttpClient client(test.port);
  const auto response = client.Ask("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n", /*is_head=*/true);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->Header("content-length") == "6");
  CHECK(client.Get("/hello")->body == "hello\n");
}

TEST_CASE("unknown paths are 404, other methods 405 with what is allowed") {
  TestServer test;
  HttpClient client(test.port);
  for (const char* path : {"/", "/hell", "/hello/", "//hello", "/things/a/parts",
                           "/things//parts/b", "/Hello", "/hello/../hello"}) {
    INFO(path);
    CHECK(CodeOf(client.Get(path)) == "NO_SUCH_PATH");
  }
  const auto wrong = client.Ask("DELETE /hello HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(CodeOf(wrong) == "METHOD_NOT_ALLOWED");
  CHECK(wrong->Header("allow") == "GET, HEAD");
  CHECK(client.Get("/echo")->Header("allow") == "POST");
  CHECK(client.Ask("BREW /hello HTTP/1.1\r\nHost: test\r\n\r\n")->status == 405);
  CHECK(client.Get("/hello")->status == 200);  // none of these ended the connection
  // What is posted to nowhere is not read.
  CHECK(CodeOf(client.Post("/nowhere", "body")) == "NO_SUCH_PATH");
  CHECK(client.IsClosed());
}

TEST_CASE("targets are decoded strictly, segment by segment") {
  TestServer test;
  HttpClient client(test.port);
  const auto get = [&](const std::string& target) { return client.Get(target)->body; };
  CHECK(get("/things/%C5%BC%20%25/parts/%2F") == "[\xC5\xBC %][/]");
  CHECK(get("/things/a+b/parts/..%2f") == "[a+b][../]");
  CHECK(get("/things/a/parts/b?t=2025-01-01T00:00:00+02:00&&x&y=a%26b=c&t=%2B") ==
        "[a][b] t=2025-01-01T00:00:00+02:00 x= y=a&b=c t=+");
  CHECK(get("http://somewhere:80/things/a/parts/b?x=1") == "[a][b] x=1");
  for (const char* target : {"/things/%/parts/b", "/things/%2/parts/b", "/things/%zz/parts/b",
                             "/things/\xC5\xBC/parts/b", "/things/a/parts/b?x=%", "/hello#x",
                             "hello", "*", "/things/a|b/parts/b"}) {
    INFO(target);
    HttpClient other(test.port);
    const auto response = other.Get(target);
    REQUIRE(response);
    CHECK(response->status == 400);
  }
  std::string many = "/hello?";
  for (int i = 0; i < 65; ++i) many += "a&";
  CHECK(CodeOf(client.Get(many)) == "BAD_TARGET");
}

TEST_CASE("what is no request is answered 400 and closed") {
  TestServer test;
  for (const char* garbage :
       {"\x16\x03\x01\x02\x01\x01\xfc\x03\x03 a TLS hello", "GET\r\n\r\n",
        "GET  /hello HTTP/1.1\r\n\r\n", "\r\n\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    INFO(garbage);
    HttpClient client(test.port);
    const auto response = client.Ask(garbage);
    CHECK(CodeOf(response) == "MALFORMED_REQUEST");
    CHECK(response->status == 400);
    CHECK(response->Header("connection") == "close");
    client.FinishSending();
    CHECK(client.IsClosed());
  }
  HttpClient coded(test.port);
  CHECK(coded.Ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
            ->status == 501);
  HttpClient unframed(test.port);
  CHECK(unframed.Ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n")->status ==
        501);
  HttpClient version(test.port);
  CHECK(version.Ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")->status == 505);
}

TEST_CASE("headers over their limits are refused, in one piece or dripping in") {
  HttpServerOptions options;
  options.max_header_bytes = 4096;
  TestServer test(options);
  HttpClient target(test.port);
  CHECK(CodeOf(target.Get("/" + std::string(5000, 'a'))) == "TARGET_TOO_LONG");
  HttpClient field(test.port);
  CHECK(field.Get("/hello", "X: " + std::string(5000, 'a') + "\r\n")->status == 431);
  HttpClient fits(test.port);
  CHECK(fits.Get("/hello", "X: " + std::string(3900, 'a') + "\r\n")->status == 200);
  // Each piece is small, all together are not.
  HttpClient dripping(test.port);
  REQUIRE(dripping.Send("GET /hello HTTP/1.1\r\nHost: test\r\n"));
  for (int i = 0; i < 60; ++i) {
    if (!dripping.Send(fmt::format("X-{}: {}\r\n", i, std::string(90, 'a')))) break;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  CHECK(dripping.Read()->status == 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  HttpClient fields(test.port);
  CHECK(CodeOf(fields.Get("/hello", many)) == "HEADER_TOO_LARGE");
  // A chunk's header, and a trailer, without an end.
  for (const std::string& end :
       {"1;" + std::string(5000, 'a'), "0\r\nX: " + std::string(5000, 'a')}) {
    HttpClient chunk(test.port);
    CHECK(chunk.Ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + end)
              ->status >= 400);
    CHECK(chunk.IsClosed());
  }
}

TEST_CASE("a body over its route's limit is refused, announced or not") {
  TestServer test;
  const std::string body(kEchoBytes + 1, 'b');
  HttpClient announced(test.port);
  CHECK(CodeOf(announced.Post("/echo", body)) == "BODY_TOO_LARGE");
  CHECK(announced.IsClosed());
  HttpClient chunked(test.port);
  const auto response = chunked.Ask(fmt::format(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
      body.size(), body));
  CHECK(CodeOf(response) == "BODY_TOO_LARGE");
  CHECK(chunked.IsClosed());
  HttpClient fits(test.port);
  CHECK(fits.Post("/echo", body.substr(1))->body.size() == kEchoBytes);
  HttpClient none(test.port);
  CHECK(none.Ask("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")->status == 413);
}

TEST_CASE("clients that send too slowly are answered 408 and closed, whatever they began") {
  HttpServerOptions options;
  options.header_timeout = absl::Milliseconds(300);
  options.body_timeout = absl::Milliseconds(300);
  TestServer test(options);
  HttpClient header(test.port);
  // It never stops sending, and never comes to an end.
  header.Send("GET /hello HTTP/1.1\r\n");
  CHECK(Eventually([&] {
    header.Send("X: y\r\n");
    return !test.observer.seen().empty();
  }));
  CHECK(test.observer.seen() == std::vector<std::string>{"- 408"});
  CHECK(Eventually([&] { return test.server->state().connections == 0; }));
  HttpClient body(test.port);
  CHECK(CodeOf(body.Ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")) ==
        "REQUEST_TIMEOUT");
  CHECK(body.IsClosed());
}

TEST_CASE("idle connections are closed") {
  HttpServerOptions options;
  options.idle_timeout = absl::Milliseconds(100);
  TestServer test(options);
  HttpClient silent(test.port);
  CHECK(silent.IsClosed());
  // On a slow machine it may be idle for too long before it has asked.
  CHECK(Eventually([&] {
    HttpClient client(test.port);
    const auto response = client.Get("/hello");
    return response && response->status == 200 && client.IsClosed();
  }));
}

TEST_CASE("a client that does not read its answer is closed") {
  HttpServerOptions options;
  options.write_timeout = absl::Milliseconds(300);
  TestServer test(options);
  HttpClient client(test.port, /*receive_buffer_bytes=*/4096);
  REQUIRE(client.Send(GetRequest("/large")));
  CHECK(Eventually([&] { return test.observer.seen().size() == 1; }));
  CHECK(Eventually([&] { return test.server->state().connections == 0; }));
}

TEST_CASE("a client that sends without reading cannot make the server hold its answers") {
  TestServer test;
  HttpClient client(test.port, /*receive_buffer_bytes=*/4096);
  const std::string request = PostRequest("/echo", std::string(kEchoBytes, 'e'));
  // Until neither side takes more: a few of the requests are answered, the others stay outside.
  size_t sent = 0;
  for (int still = 0; still < 100;) {
    const size_t more = client.SendSome(std::string_view(request).substr(sent % request.size()));
    sent += more;
    still = more == 0 ? still + 1 : 0;
    if (more == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const size_t answered = test.observer.seen().size();
  CHECK(answered < sent / request.size() + 1);
  CHECK(sent < size_t{64} << 20);  // what the kernel's buffers hold, not what the server does
  // Once it reads, all is answered in order.
  std::thread rest([&] { client.Send(std::string_view(request).substr(sent % request.size())); });
  for (size_t i = 0; i < sent / request.size() + 1; ++i) {
    const auto response = client.Read();
    REQUIRE(response);
    REQUIRE(response->body.size() == kEchoBytes);
  }
  rest.join();
}

TEST_CASE("connections over the limit are told so and closed") {
  HttpServerOptions options;
  options.max_connections = 3;
  options.make_room_after = absl::Hours(1);
  TestServer test(options);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<HttpClient>(test.port));
    CHECK(clients.back()->Get("/hello")->status == 200);
  }
  HttpClient refused(test.port);
  const auto response = refused.Get("/hello");
  CHECK(CodeOf(response) == "TOO_MANY_CONNECTIONS");
  CHECK(response->Header("retry-after") == "1");
  CHECK(refused.IsClosed());
  CHECK(test.server->state().connections_refused == 1);
  CHECK(clients[0]->Get("/hello")->status == 200);
  clients.clear();
  CHECK(Eventually([&] { return test.server->state().connections == 0; }));
  HttpClient after(test.port);
  CHECK(after.Get("/hello")->status == 200);
}

TEST_CASE(
    "beyond those who are told that there are too many none is accepted until there is room") {
  HttpServerOptions options;
  options.max_connections = 2;
  options.make_room_after = absl::Hours(1);
  TestServer test(options);
  std::vector<std::unique_ptr<HttpClient>> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(std::make_unique<HttpClient>(test.port));
    CHECK(held.back()->Get("/hello")->status == 200);
  }
  // They say nothing and close nothing, so that they are told so for as long as may be.
  std::vector<std::unique_ptr<HttpClient>> crowd;
  for (int i = 0; i < 300; ++i) {
    crowd.push_back(std::make_unique<HttpClient>(test.port));
    CHECK(test.server->state().connections <= 2 + 64);
  }
  CHECK(held[0]->Get("/hello")->status == 200);
  crowd.clear();
  held.clear();
  // Those in the system's queue are taken, found closed and let go; then there is room.
  CHECK(Eventually([&] {
    HttpClient client(test.port);
    const auto response = client.Get("/hello");
    return response && response->status == 200;
  }));
}

TEST_CASE("who lets the server wait makes room for a new connection, who waits for it does not") {
  HttpServerOptions options;
  options.threads = 1;
  options.max_connections = 3;
  options.make_room_after = absl::ZeroDuration();
  TestServer test(options);
  HttpClient owed(test.port);
  owed.Send(PostRequest("/later", "a"));
  HttpDeferred later = test.waiting.Take();
  HttpClient slow(test.port);
  slow.Send("GET /hello HT");
  HttpClient idle(test.port);
  CHECK(idle.Get("/hello")->status == 200);
  std::vector<std::unique_ptr<HttpClient>> next;
  for (int i = 0; i < 4; ++i) {
    next.push_back(std::make_unique<HttpClient>(test.port));
    CHECK(next.back()->Get("/hello")->status == 200);
  }
  CHECK(slow.IsClosed());
  CHECK(idle.IsClosed());
  later.Answer(Plain("done"));
  CHECK(owed.Read()->body == "done");
}

TEST_CASE("requests in flight are limited, and those that answer at once are not concerned") {
  HttpServerOptions options;
  options.max_requests_in_flight = 2;
  TestServer test(options);
  HttpClient first(test.port);
  HttpClient second(test.port);
  HttpClient third(test.port);
  first.Send(PostRequest("/later", "a"));
  second.Send(PostRequest("/later", "b"));
  CHECK(Eventually([&] { return test.server->state().requests_in_flight == 2; }));
  CHECK(CodeOf(third.Post("/later", "c")) == "TOO_MANY_REQUESTS_IN_FLIGHT");
  CHECK(third.Get("/hello")->status == 200);
  test.waiting.Take().Answer(Plain("done"));
  test.waiting.Take().Answer(Plain("done"));
  CHECK(first.Read()->body == "done");
  CHECK(second.Read()->body == "done");
  third.Send(PostRequest("/later", "c"));
  test.waiting.Take().Answer(Plain("done"));
  CHECK(third.Read()->body == "done");
}

TEST_CASE("bytes of bodies in flight are limited until their requests are answered") {
  HttpServerOptions options;
  options.max_body_bytes_in_flight = 100'000;
  TestServer test(options);
  HttpClient holding(test.port);
  holding.Send(PostRequest("/later", std::string(60'000, 'h')));
  CHECK(Eventually([&] { return test.server->state().requests_in_flight == 1; }));
  CHECK(test.server->state().body_bytes_in_flight == 60'000);
  HttpClient refused(test.port);
  const auto response = refused.Post("/echo", std::string(50'000, 'r'));
  CHECK(CodeOf(response) == "TOO_MANY_BYTES_IN_FLIGHT");
  CHECK(response->status == 429);
  CHECK(response->Header("retry-after") == "1");
  test.waiting.Take().Answer(Plain("done"));
  CHECK(holding.Read()->body == "done");
  HttpClient taken(test.port);
  CHECK(taken.Post("/echo", std::string(50'000, 'r'))->status == 200);
  CHECK(test.server->state().body_bytes_in_flight == 0);
}

TEST_CASE("an answer that does not come in time is 504, and nobody's when it comes") {
  HttpServerOptions options;
  options.answer_timeout = absl::Milliseconds(200);
  TestServer test(options);
  HttpClient client(test.port);
  CHECK(CodeOf(client.Post("/later", "")) == "ANSWER_TIMEOUT");
  CHECK(client.IsClosed());
  CHECK(test.server->state().requests_in_flight == 1);  // its handler has it still
  test.waiting.Take().Answer(Plain("too late"));
  CHECK(test.server->state().requests_in_flight == 0);
  HttpClient other(test.port);
  CHECK(other.Get("/hello")->status == 200);
}

TEST_CASE("a request that a handler drops is answered 500") {
  TestServer test;
  HttpClient client(test.port);
  client.Send(PostRequest("/later", ""));
  {
    const HttpDeferred dropped = test.waiting.Take();
  }
  CHECK(CodeOf(client.Read()) == "INTERNAL");
  CHECK(client.Get("/hello")->status == 200);
}

TEST_CASE("a client that has finished sending still gets its answers") {
  TestServer test;
  HttpClient client(test.port);
  client.Send(GetRequest("/hello") + PostRequest("/later", "x") + GetRequest("/hello"));
  client.FinishSending();
  CHECK(client.Read()->status == 200);
  test.waiting.Take().Answer(Plain("late"));
  CHECK(client.Read()->body == "late");
  CHECK(client.Read()->body == "hello\n");
  CHECK(client.IsClosed());
}

TEST_CASE("stopping answers what is in flight, closes the rest and takes nothing more") {
  TestServer test;
  HttpClient idle(test.port);
  CHECK(idle.Get("/hello")->status == 200);
  HttpClient waiting(test.port);
  waiting.Send(PostRequest("/later", "x"));
  HttpDeferred deferred = test.waiting.Take();
  HttpClient half(test.port);
  half.Send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nab");
  CHECK(Eventually([&] { return test.server->state().body_bytes_in_flight == 3; }));
  std::thread stopping([&] { test.server->Stop(); });
  CHECK(idle.IsClosed());
  CHECK_THROWS(HttpClient(test.port));
  half.Send("cd");
  const auto whole = half.Read();
  CHECK(whole->body == "abcd");
  CHECK(whole->Header("connection") == "close");
  CHECK(half.IsClosed());
  deferred.Answer(Plain("done"));
  const auto done = waiting.Read();
  CHECK(done->body == "done");
  CHECK(done->Header("connection") == "close");
  CHECK(waiting.IsClosed());
  stopping.join();
  CHECK(test.server->state().connections == 0);
}

TEST_CASE("stopping ends although a handler never answers") {
  HttpServerOptions options;
  options.stop_timeout = absl::Milliseconds(200);
  TestServer test(options);
  HttpClient client(test.port);
  client.Send(PostRequest("/later", "x"));
  HttpDeferred never = test.waiting.Take();
  test.server->Stop();
  CHECK(client.IsClosed());
  never.Answer(Plain("to nobody"));
  test.server.reset();
}

TEST_CASE("a server that cannot listen says why") {
  TestServer test;
  HttpServerOptions options;
  options.port = test.port;
  const auto start = [&] {
    return HttpServer::Start(options, std::make_shared<HttpRoutes>()).status();
  };
  CHECK(absl::IsFailedPrecondition(start()));
  CHECK(start().message().find(std::to_string(test.port)) != absl::string_view::npos);
  options.port = 0;
  options.address = "localhost";
  CHECK(absl::IsInvalidArgument(start()));
  options.address = "192.0.2.1";  // of documentation, so nobody's
  CHECK(absl::IsFailedPrecondition(start()));
  options.address = "::1";
  options.threads = 0;
  CHECK(absl::IsInvalidArgument(start()));
}

TEST_CASE("the observer is told of every answer with its route") {
  TestServer test;
  HttpClient client(test.port);
  client.Get("/hello");
  client.Get("/things/a/parts/b");
  client.Get("/nowhere");
  client.Post("/echo", std::string(kEchoBytes + 1, 'x'));
  CHECK(test.observer.seen() == std::vector<std::string>{"/hello 200",
                                                         "/things/{id}/parts/{part} 200", "- 404",
                                                         "/echo 413"});
}

TEST_CASE("many clients on all threads get their own answers") {
  HttpServerOptions options;
  options.threads = 4;
  TestServer test(options);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int thread = 0; thread < 16; ++thread) {
    threads.emplace_back([&, thread] {
      HttpClient client(test.port);
      for (int i = 0; i < 100; ++i) {
        const auto response = client.Get(fmt::format("/things/{}/parts/{}", thread, i));
        if (response && response->body == fmt::format("[{}][{}]", thread, i)) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 1600);
}

}  // namespace
}  // namespace flywheel
