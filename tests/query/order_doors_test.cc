// GET /v1/orders/{id}/timeline and /v1/search.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/instant_text.h"
#include "projections/views/order_timeline.h"
#include "query/doors.h"
#include "query/timeline_json.h"

namespace flywheel {
namespace {

std::string Timeline(const std::string& id) { return "/v1/orders/" + id + "/timeline"; }

std::string Parcel(const std::string& seller, const std::string& order, const std::string& parcel) {
  return EventLine("2025-06-03T10:00:00Z",
                   fmt::format(R"("parcelRegistered":{{"orderId":"{}","parcelId":"{}",)"
                               R"("carrierId":"c","direction":"OUTBOUND"}})",
                               order, parcel),
                   seller);
}

// Two sellers of two partitions; both have an order "o1", one of them one with a parcel besides.
struct Orders : Doors {
  Orders() {
    node.Publish(Sold(SellerOf(0), "o1") + Sold(SellerOf(3), "o1") + Sold(SellerOf(3), "o2") +
                 Parcel(SellerOf(3), "o2", "p/1"));
    node.Fold();
  }

  // The line of the command line.
  std::string Line(int32_t partition, const std::string& order,
                   const char* as_of = "2025-06-30T12:00:00Z") {
    const CellSources sources(node.stores());
    FactsUpTo cut;
    cut.as_of = *ParseInstant(as_of);
    const auto timeline = TimelineOf(*sources.Read(Partition(partition), std::nullopt), node.log(),
                                     SellerOf(partition), order, cut);
    REQUIRE(timeline.ok());
    return TimelineJson(**timeline);
  }
};

TEST_CASE("a timeline is the line of the command line, by order or parcel") {
  Orders test;
  const auto by_order = test.client.Get(Timeline("o2"));
  REQUIRE(by_order);
  CHECK(by_order->status == 200);
  CHECK(by_order->body == test.Line(3, "o2"));
  CHECK(Has(by_order->body, R"("kind":"ParcelRegistered")"));
  CHECK(by_order->Header("flywheel-position") == "0@2,1@0,2@0,3@5");
  CHECK(test.client.Get(Timeline("p%2F1"))->body == test.Line(3, "o2"));
  const auto of_seller = test.client.Get(Timeline("o1") + "?seller=" + SellerOf(0));
  CHECK(of_seller->body == test.Line(0, "o1"));
  CHECK(of_seller->Header("flywheel-position") == "0@2");
  CHECK(test.client.Get(Timeline("o2") + "?as_of=2025-06-02T00:00:00Z")->body ==
        test.Line(3, "o2", "2025-06-02T00:00:00Z"));
}

TEST_CASE("an order that nobody has is 404, one that several have is 409 with all of them") {
  Orders test;
  for (const std::string& target : {Timeline("o9"), Timeline("o2") + "?seller=" + SellerOf(0),
                                    Timeline("o2") + "?as_of=2025-05-01T00:00:00Z",
                                    Timeline("o2") + "?known_at=2025-05-01T00:00:00Z"}) {
    INFO(target);
    const auto response = test.client.Get(target);
    CHECK(response->status == 404);
    CHECK(Has(response->body, R"("code":"NO_SUCH_ORDER")"));
  }
  const auto several = test.client.Get(Timeline("o1"));
  CHECK(several->status == 409);
  CHECK(Has(several->body,
            fmt::format(R"("matches":[{{"idOf":"order","sellerId":"{}","orderId":"o1"}},)"
                        R"({{"idOf":"order","sellerId":"{}","orderId":"o1"}}])",
                        SellerOf(0), SellerOf(3))));
}

TEST_CASE("an id is told as what it is: seller, order, parcel") {
  Orders test;
  const auto search = [&](const std::string& id) {
    const auto response = test.client.Get("/v1/search?q=" + id);
    REQUIRE(response);
    CHECK(response->status == 200);
    return response->body;
  };
  CHECK(search("nothing") == "{\"hits\":[]}\n");
  CHECK(search(SellerOf(3)) ==
        fmt::format("{{\"hits\":[{{\"kind\":\"seller\",\"id\":\"{0}\",\"sellerId\":\"{0}\"}}]}}\n",
                    SellerOf(3)));
  CHECK(search("p/1") ==
        fmt::format(R"({{"hits":[{{"kind":"parcel","id":"p/1","sellerId":"{}","orderId":"o2",)"
                    R"("market":"PL"}}]}})"
                    "\n",
                    SellerOf(3)));
  CHECK(search("o1") ==
        fmt::format(R"({{"hits":[{{"kind":"order","id":"o1","sellerId":"{}","orderId":"o1",)"
                    R"("market":"PL"}},{{"kind":"order","id":"o1","sellerId":"{}",)"
                    R"("orderId":"o1","market":"PL"}}]}})"
                    "\n",
                    SellerOf(0), SellerOf(3)));
  CHECK(search("o").find("o1") == std::string::npos);  // the id itself, no part of it
}

TEST_CASE("of an id that very many have so many are told, and that there are more") {
  Doors test;
  std::string lines;
  for (int i = 0; i < 101; ++i) {
    lines += EventLine("2025-06-01T10:00:00Z", Placed("same", "b"), "s" + std::to_string(i));
  }
  test.node.Publish(lines);
  test.node.Fold();
  const std::string body = test.client.Get("/v1/search?q=same")->body;
  size_t hits = 0;
  for (size_t at = 0; (at = body.find("\"kind\"", at)) != std::string::npos; ++at) ++hits;
  CHECK(hits == 100);
  CHECK(body.ends_with("],\"more\":true}\n"));
  const std::string matches = test.client.Get(Timeline("same"))->body;
  size_t told = 0;
  for (size_t at = 0; (at = matches.find("\"idOf\"", at)) != std::string::npos; ++at) ++told;
  CHECK(told == 100);
}

TEST_CASE("parameters of timeline and search that make no sense are 400 and named") {
  Orders test;
  const std::pair<std::string, const char*> wrong[] = {
      {Timeline("o2") + "?market=PL", "there is no parameter 'market'"},
      {Timeline("o2") + "?clock=x", "clock: 'x'"},
      {Timeline("o2") + "?seller=a&seller=b", "seller is given more than once"},
      {"/v1/search", "q: an id is needed"},
      {"/v1/search?q=", "q: an id is needed"},
      {"/v1/search?q=a&as_of=2025-06-30T12:00:00Z", "there is no parameter 'as_of'"},
      {"/v1/search?q=a&min_position=7@1", "min_position: '7@1'"}};
  for (const auto& [target, sentence] : wrong) {
    const auto response = test.client.Get(target);
    CHECK(response->status == 400);
    CHECK(Has(response->body, sentence));
  }
}

TEST_CASE("timeline and search need every partition, a seller's timeline its own") {
  Orders test;
  test.node.Lose(Partition(1), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  CHECK(test.client.Get(Timeline("o2"))->status == 421);
  CHECK(test.client.Get("/v1/search?q=o2")->status == 421);
  CHECK(test.client.Get(Timeline("o2") + "?seller=" + SellerOf(3))->status == 200);
  CHECK(test.client.Get(Timeline("o2") + "?seller=" + SellerOf(1))->status == 307);
}

}  // namespace
}  // namespace flywheel
