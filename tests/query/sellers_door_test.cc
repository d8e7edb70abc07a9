// POST /v1/sellers:query.
#include "query/sellers_door.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "query/doors.h"
#include "query/eventually.h"

namespace flywheel {
namespace {

constexpr const char* kPath = "/v1/sellers:query";
constexpr const char* kJson = "application/json";

// A list of that many sellers, as JSON.
std::string Sellers(size_t count) {
  std::string list;
  for (size_t i = 0; i < count; ++i) {
    list += fmt::format("{}\"s{}\"", i == 0 ? "" : ",", i);
  }
  return "[" + list + "]";
}

// What a door of one seller answers, without the end of its line.
std::string One(Doors& test, const std::string& target) {
  const auto response = test.client.Get(target);
  REQUIRE(response);
  REQUIRE(response->status == 200);
  return response->body.substr(0, response->body.size() - 1);
}

TEST_CASE("many sellers are answered with what their own doors answer, in the order asked") {
  Doors test;
  test.node.Publish(Sold(SellerOf(0), "o1") + Sold(SellerOf(3), "o2", false) +
                    Sold(SellerOf(3), "o3"));
  test.node.Fold();
  const std::string a = SellerOf(3);
  const std::string b = SellerOf(0);
  const auto response =
      test.client.Post(kPath,
                       fmt::format(R"({{"sellers":["{}","nobody","{}"],"market":"PL","window":7,)"
                                   R"("figures":["rating","smart","sla"]}})",
                                   a, b),
                       kJson);
  REQUIRE(response);
  CHECK(response->status == 200);
  const auto row = [&](const std::string& seller) {
    return fmt::format(R"({{"sellerId":"{0}","rating":{1},"smart":{2},"sla":{3}}})", seller,
                       One(test, "/v1/sellers/" + seller + "/rating?market=PL"),
                       One(test, "/v1/sellers/" + seller + "/smart?market=PL"),
                       One(test, "/v1/sellers/" + seller + "/sla?market=PL&window=7"));
  };
  CHECK(response->body ==
        fmt::format(
            R"({{"rows":[{},{{"sellerId":"nobody","rating":null,"smart":null,"sla":null}},{}],)"
            R"("asOf":"2025-06-30T12:00:00.000Z"}})"
            "\n",
            row(a), row(b)));
  // Of the partitions of those three alone.
  const std::string positions = response->Header("flywheel-position");
  CHECK(Has(positions, "0@2"));
  CHECK(Has(positions, "3@4"));
  CHECK(response->Header("flywheel-lag-events") == "0");
}

TEST_CASE(
    "what one seller's door has answered is given again to who asks for many, while it holds") {
  Doors test;
  const std::string anna = SellerOf(0);
  test.node.Publish(Sold(anna, "o1"));
  test.node.Fold();
  const std::string many =
      fmt::format(R"({{"sellers":["{}"],"market":"PL","figures":["rating","smart"]}})", anna);
  const auto from_cache = [&] {
    constexpr std::string_view kName = "flywheel_answers_total{from=\"cache\"} ";
    const std::string metrics = test.client.Get("/metrics")->body;
    const size_t at = metrics.find(kName);
    REQUIRE(at != std::string::npos);
    return std::stoll(metrics.substr(at + kName.size()));
  };
  const auto rows = [&] {
    return fmt::format(R"({{"rows":[{{"sellerId":"{0}","rating":{1},"smart":{2}}}],)"
                       R"("asOf":"2025-06-30T12:00:00.000Z"}})"
                       "\n",
                       anna, One(test, "/v1/sellers/" + anna + "/rating?market=PL"),
                       One(test, "/v1/sellers/" + anna + "/smart?market=PL"));
  };
  const std::string before = rows();
  const long long found = from_cache();
  CHECK(test.client.Post(kPath, many, kJson)->body == before);
  CHECK(from_cache() == found + 2);
  test.node.Publish(Sold(anna, "o2"));
  test.node.Fold();
  const auto after = test.client.Post(kPath, many, kJson);
  CHECK(after->body != before);
  CHECK(after->body == rows());
}

TEST_CASE("figures that are not asked for are not there, and instants count for all") {
  Doors test;
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  const auto response =
      test.client.Post(kPath,
                       R"({"sellers":["anna"],"figures":["rating"],)"
                       R"("asOf":"2025-06-02T09:00:00Z","knownAt":"2025-06-30T12:00:00Z"})",
                       kJson);
  CHECK(response->status == 200);
  CHECK(
      response->body ==
      "{\"rows\":[{\"sellerId\":\"anna\",\"rating\":" +
          One(test, Rating("anna") + "?as_of=2025-06-02T09:00:00Z&known_at=2025-06-30T12:00:00Z") +
          "}],\"asOf\":\"2025-06-02T09:00:00.000Z\"}\n");
  CHECK(Has(response->body, R"("recommended":{"total":0,)"));
}

TEST_CASE("a thousand sellers are answered, one more is refused") {
  Doors test;
  test.node.Publish(Sold("s7", "o1"));
  test.node.Fold();
  const auto all = test.client.Post(
      kPath, R"({"figures":["rating"],"sellers":)" + Sellers(kMaxSellersAsked) + "}", kJson);
  CHECK(all->status == 200);
  CHECK(Has(all->body, R"({"sellerId":"s999","rating":null}],)"));
  CHECK(Has(all->body, R"({"sellerId":"s7","rating":{"sellerId":"s7",)"));
  const auto more = test.client.Post(
      kPath, R"({"figures":["rating"],"sellers":)" + Sellers(kMaxSellersAsked + 1) + "}", kJson);
  CHECK(more->status == 400);
  CHECK(Has(more->body, "sellers: 1001 are asked for, at most 1000 may be"));
  CHECK(test.client.Post(kPath, std::string(kMaxSellersBodyBytes + 1, ' '), kJson)->status == 413);
}

TEST_CASE("of the past fewer sellers are answered at once") {
  Doors test;
  test.node.Fold();
  const auto ask = [&](size_t count) {
    return test.client.Post(
        kPath,
        R"({"figures":["rating"],"asOf":"2025-06-02T09:00:00Z","sellers":)" + Sellers(count) + "}",
        kJson);
  };
  CHECK(ask(kMaxSellersAskedOfPast)->status == 200);
  const auto more = ask(kMaxSellersAskedOfPast + 1);
  CHECK(more->status == 400);
  CHECK(Has(more->body, "sellers: 101 are asked for, at most 100 may be with asOf"));
}

TEST_CASE("a body that makes no sense is 400, and the member is named") {
  Doors test;
  test.node.Fold();
  const std::pair<const char*, const char*> wrong[] = {
      {"", "the body is no JSON object"},
      {"[]", "the body is no JSON object"},
      {R"({"sellers":["a"])", "the body is no JSON object"},
      {"\xff", "the body is no JSON object"},
      {R"({"figures":["rating"]})", "sellers: "},
      {R"({"sellers":[],"figures":["rating"]})", "sellers: "},
      {R"({"sellers":"a","figures":["rating"]})", "sellers: "},
      {R"({"sellers":["a",1],"figures":["rating"]})", "sellers: a list of texts"},
      {R"({"sellers":[""],"figures":["rating"]})", "sellers: '' is no seller"},
      {R"({"sellers":["*"],"figures":["rating"]})", "sellers: '*' is no seller"},
      {R"({"sellers":["a"]})", "figures: "},
      {R"({"sellers":["a"],"figures":[]})", "figures: "},
      {R"({"sellers":["a"],"figures":["stars"]})", "figures: 'stars' is none of"},
      {R"({"sellers":["a"],"figures":["smart"]})", "market: smart needs one"},
      {R"({"sellers":["a"],"figures":["sla"],"market":"PL"})", "window: sla needs one"},
      {R"({"sellers":["a"],"figures":["sla"],"window":7.5})", "window: '7.5'"},
      {R"({"sellers":["a"],"figures":["rating"],"asOf":"noon"})", "asOf: 'noon'"},
      {R"({"sellers":["a"],"figures":["rating"],"knownAt":{}})", "knownAt: "},
      {R"({"sellers":["a"],"figures":["rating"],"minPosition":"9@1"})", "minPosition: "},
      {R"({"sellers":["a"],"figures":["rating"],"as_of":"2025-06-30T12:00:00Z"})",
       "there is no parameter 'as_of'"},
      {R"({"sellers":["a"],"figures":["rating"],"markets":["PL"]})", "markets: "},
      {R"({"sellers":["a"],"sellers":["b"],"figures":["rating"]})",
       "sellers is given more than once"}};
  for (const auto& [body, sentence] : wrong) {
    INFO(body);
    const auto response = test.client.Post(kPath, body, kJson);
    CHECK(response->status == 400);
    CHECK(Has(response->body, R"("code":"BAD_PARAMETER")"));
    CHECK(Has(response->body, sentence));
  }
  // Deep nesting ends no process.
  CHECK(test.client.Post(kPath, std::string(100'000, '['), kJson)->status == 400);
  CHECK(test.client.Post(std::string(kPath) + "?market=PL", "{}", kJson)->status == 400);
}

TEST_CASE("sellers of partitions that are not here are said, and those that are here answered") {
  Doors test;
  test.node.Publish(Sold(SellerOf(0), "o1"));
  test.node.Fold();
  test.node.Lose(Partition(2), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  const auto ask = [&](const std::string& sellers) {
    return test.client.Post(
        kPath, fmt::format(R"({{"sellers":[{}],"figures":["rating"]}})", sellers), kJson);
  };
  const std::string here = '"' + SellerOf(0) + "\",\"" + SellerOf(1) + '"';
  const std::string there = '"' + SellerOf(2) + '"';
  CHECK(ask(here)->status == 200);
  const auto both = ask(here + "," + there);
  CHECK(both->status == 421);
  CHECK(Has(both->body, R"("missing":[{"partition":2,"state":"absent","owner":)"));
  const auto other = ask(there);
  CHECK(other->status == 307);
  CHECK(other->Header("location") == std::string("http://10.0.0.7:8081") + kPath);
  test.node.Lose(Partition(2), {CellStatus::State::kRestoring, ""}, test.node.address());
  CHECK(ask(here + "," + there)->status == 503);
}

TEST_CASE("many sellers are read back at once, each behind its own partition's place") {
  HttpDoorsOptions options;
  options.questions.position_wait = std::chrono::seconds(100);
  Doors test(TestNode::FourPartitions(), options);
  test.node.Fold();
  const std::string position =
      test.client.Post("/v1/events", Sold(SellerOf(0), "o1") + Sold(SellerOf(3), "o2"))
          ->Header("flywheel-position");
  CHECK(position == "0@2,3@2");
  HttpClient waiting(test.doors->port());
  waiting.Send(PostRequest(
      kPath,
      fmt::format(R"({{"sellers":["{}","{}"],"figures":["rating"],"minPosition":"{}"}})",
                  SellerOf(0), SellerOf(3), position),
      kJson));
  REQUIRE(Eventually(
      [&] { return Has(test.client.Get("/metrics")->body, "flywheel_positions_waiting 1\n"); }));
  test.node.Fold();
  const auto response = waiting.Read();
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK_FALSE(Has(response->body, "null"));
}

}  // namespace
}  // namespace flywheel
