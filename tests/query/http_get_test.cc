#include "query/http/http_get.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "query/http/http_server.h"
#include "query/http_client.h"
#include "query/node.h"

namespace flywheel {
namespace {

// A node's doors on a free port.
class Door {
 public:
  Door() {
    HttpDoorsOptions options;
    options.server.port = 0;
    auto doors = HttpDoors::Start(&node_, options);
    REQUIRE(doors.ok());
    doors_ = *std::move(doors);
  }
  std::string base() const { return "http://127.0.0.1:" + std::to_string(doors_->port()); }
  TestNode& node() { return node_; }

 private:
  TestNode node_;
  std::unique_ptr<HttpDoors> doors_;
};

TEST_CASE("a node is asked and answers") {
  Door door;
  const auto answer = HttpGet(door.base(), "/v1/node");
  INFO(answer.status());
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK_THAT(answer->body, Catch::StartsWith(R"({"node":"node-1",)"));
  const auto missing = HttpGet(door.base(), "/nowhere");
  REQUIRE(missing.ok());
  CHECK(missing->status == 404);
}

TEST_CASE("an answer beyond the limit is none") {
  Door door;
  HttpGetLimits limits;
  limits.body_bytes = 10;
  CHECK(absl::IsResourceExhausted(HttpGet(door.base(), "/v1/node", limits).status()));
}

TEST_CASE("nobody there is Unavailable, and names who was asked") {
  std::string base;
  {
    Door door;
    base = door.base();
  }
  const auto answer = HttpGet(base, "/v1/node");
  CHECK(absl::IsUnavailable(answer.status()));
  CHECK_THAT(std::string(answer.status().message()), Catch::StartsWith(base));
}

TEST_CASE("what is no address of a door is refused") {
  for (const std::string base : {"", "127.0.0.1:8080", "https://127.0.0.1:8080", "http://",
                                 "http://a b", "ftp://x", "http://user@host:80"}) {
    INFO(base);
    CHECK(absl::IsInvalidArgument(HttpGet(base, "/").status()));
  }
}

}  // namespace
}  // namespace flywheel
