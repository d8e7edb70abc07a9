// The doors of a node: a real log, real cells, real sockets.
#include "query/doors.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/events.h"
#include "base/instant_text.h"
#include "events/event_json.h"
#include "events/intake.h"
#include "projections/store/rows_damage.h"
#include "projections/views/rating_reader.h"
#include "query/eventually.h"
#include "query/exposition.h"
#include "query/http_doors.h"
#include "query/rating_json.h"

namespace flywheel {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string IdOf(const std::string& line) { return line.substr(line.find("0190b2c4"), 36); }

// ---------------------------------------------------------------- POST /v1/events

TEST_CASE("posted events are in the log, and each line says where") {
  Doors test;
  const std::string first = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  const std::string second = EventLine("2025-06-01T10:00:00Z", Placed("o2", "b1"), "anna");
  const auto response = test.client.Post("/v1/events", first + second);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->Header("content-type") == "application/x-ndjson");
  const int32_t partition = PartitionOf("anna", 4).number();
  CHECK(response->body ==
        fmt::format("{{\"line\":1,\"eventId\":\"{}\",\"status\":\"accepted\",\"partition\":{},"
                    "\"offset\":0}}\n"
                    "{{\"line\":2,\"eventId\":\"{}\",\"status\":\"accepted\",\"partition\":{},"
                    "\"offset\":1}}\n",
                    IdOf(first), partition, IdOf(second), partition));
  CHECK(test.node.EventIdsOf(Partition(partition)) ==
        std::vector<std::string>{IdOf(first), IdOf(second)});
}

TEST_CASE("each line has its outcome; what is refused stops nothing") {
  Doors test;
  const std::string good = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  std::string too_long = good;
  too_long.insert(too_long.size() - 2, std::string(kMaxJsonBytes, ' '));
  const std::string invalid = EventLine("2025-06-01T10:00:00Z", Placed("", "b1"), "anna");
  const auto response = test.client.Post(
      "/v1/events", "\n  \t\r\nno JSON\n" + invalid + too_long + good.substr(0, good.size() - 1));
  REQUIRE(response);
  CHECK(response->status == 207);
  const auto lines = Lines(response->body);
  REQUIRE(lines.size() == 4);
  CHECK(Has(lines[0], R"({"line":3,"status":"refused","code":"UNDECODABLE",)"));
  CHECK(Has(lines[1], R"({"line":4,"eventId":")"));
  CHECK(Has(lines[1], R"("status":"refused","code":"INVALID","field":"order_placed.order_id")"));
  CHECK(Has(lines[2], R"({"line":5,"status":"refused","code":"INVALID","reason":")"));
  CHECK(Has(lines[3], R"("line":6,)"));
  CHECK(Has(lines[3], R"("status":"accepted")"));
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 1);
}

TEST_CASE("where intake takes nothing the answer is 422 with the outcomes") {
  Doors test;
  const auto response = test.client.Post("/v1/events", "no JSON\n[]\n");
  REQUIRE(response);
  CHECK(response->status == 422);
  CHECK(response->Header("content-type") == "application/problem+json");
  CHECK(Has(response->body, R"("code":"EVENTS_REFUSED")"));
  CHECK(Has(response->body, R"("outcomes":[{"line":1,"status":"refused","code":"UNDECODABLE")"));
  CHECK(Has(response->body, R"(},{"line":2,"status":"refused","code":"INVALID")"));
}

TEST_CASE("an empty body is no events, all of which were taken") {
  Doors test;
  for (const char* body : {"", "\n", " \r\n\n"}) {
    const auto response = test.client.Post("/v1/events", body);
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body.empty());
  }
}

TEST_CASE("one event may be JSON over several lines, or protobuf") {
  Doors test;
  std::string json = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  std::string pretty = json;
  for (size_t at = 0; (at = pretty.find(',', at)) != std::string::npos; at += 2) {
    pretty.insert(at + 1, "\n");
  }
  const auto spread = test.client.Post("/v1/events", pretty, "application/json; charset=utf-8");
  CHECK(spread->status == 200);
  CHECK(Lines(spread->body).size() == 1);
  // The same type takes lines.
  CHECK(Lines(test.client.Post("/v1/events", json + json, "Application/JSON")->body).size() == 2);
  // JSON that is no event is one refusal, however many lines it has.
  const auto wrong = test.client.Post("/v1/events", "{\n\"a\":\n1}", "application/json");
  CHECK(wrong->status == 422);
  CHECK(Has(wrong->body, R"("code":"INVALID")"));
  CHECK_FALSE(Has(wrong->body, R"("line":2)"));
  const auto bytes = EventFromJson(json);
  REQUIRE(std::holds_alternative<std::string>(bytes));
  const auto binary =
      test.client.Post("/v1/events", std::get<std::string>(bytes), "application/protobuf");
  CHECK(binary->status == 200);
  CHECK(Has(binary->body, IdOf(json)));
  CHECK(test.client.Post("/v1/events", "\xff\xff", "application/x-protobuf")->status == 422);
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 4);
}

TEST_CASE("other media types are 415 and taken nothing of") {
  Doors test;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "",
                           "application/jsonx", "multipart/form-data; boundary=x"}) {
    INFO(type);
    const auto response = test.client.Post("/v1/events", "{}", type);
    CHECK(response->status == 415);
    CHECK(Has(response->body, R"("code":"MEDIA_TYPE")"));
  }
}

TEST_CASE("events of several batches are answered together, in their order") {
  Doors test;
  std::string body;
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    const std::string line =
        EventLine("2025-06-01T10:00:00Z", Placed("o" + std::to_string(i), "b"), "anna");
    ids.push_back(IdOf(line));
    body += line;
  }
  const auto response = test.client.Post("/v1/events", body);
  REQUIRE(response);
  CHECK(response->status == 200);
  const auto lines = Lines(response->body);
  REQUIRE(lines.size() == 10'000);
  CHECK(Has(lines[9'999], R"("line":10000,)"));
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)) == ids);
}

TEST_CASE("a body of too many lines or bytes is refused before any is taken") {
  Doors test;
  const std::string good = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  const auto lines = test.client.Post("/v1/events", good + std::string(65'536, '\n'));
  CHECK(lines->status == 413);
  CHECK(Has(lines->body, R"("code":"TOO_MANY_LINES")"));
  CHECK(test.client.Post("/v1/events", good + std::string(65'535, '\n'))->status == 200);
  CHECK(test.client.Post("/v1/events", good + std::string(size_t{8} << 20, ' '))->status == 413);
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 1);
}

TEST_CASE("nothing is answered before it is durable, and reading goes on meanwhile") {
  MemoryLogOptions log = TestNode::FourPartitions();
  log.complete_late = true;
  Doors test(log);
  HttpClient posting(test.doors->port());
  posting.Send(PostRequest("/v1/events",
                           EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna") +
                               EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), SellerOf(0))));
  // The records are there, but not yet reported.
  const auto are_there = [&] {
    return test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 1 &&
           !test.node.EventIdsOf(Partition(0)).empty();
  };
  REQUIRE(Eventually(are_there));
  CHECK(test.client.Get("/livez")->status == 200);
  CHECK(Has(test.client.Get("/metrics")->body, "flywheel_http_requests_in_flight 1\n"));
  size_t completed = 0;
  CHECK(Eventually([&] { return (completed += test.node.memory_log().CompletePending()) == 2; }));
  CHECK(posting.Read()->status == 200);
}

TEST_CASE("a log that takes nothing is 503 with the reason, and nothing is claimed") {
  Doors test;
  test.node.memory_log().FailNextAppend(absl::ResourceExhaustedError("the disk is full"), false);
  const std::string line = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  const auto full = test.client.Post("/v1/events", line + "no JSON\n");
  REQUIRE(full);
  CHECK(full->status == 503);
  CHECK_FALSE(full->Header("retry-after").empty());
  CHECK(Has(full->body,
            R"("code":"LOG_TOOK_NONE","detail":"the disk is full","outcomes":[{"line":1,)"));
  CHECK(Has(full->body, R"("status":"notPublished","reason":"the disk is full"},{"line":2,)"));
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).empty());
  // The connection is good, and so is the log again.
  CHECK(test.client.Post("/v1/events", line)->status == 200);
}

TEST_CASE("a log that takes a part is 207, and each line says which") {
  Doors test;
  test.node.memory_log().FailNextAppend(absl::UnavailableError("gone"), false);
  const auto response = test.client.Post(
      "/v1/events", EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), SellerOf(0)) +
                        EventLine("2025-06-01T10:00:00Z", Placed("o2", "b1"), SellerOf(1)));
  REQUIRE(response);
  CHECK(response->status == 207);
  const auto lines = Lines(response->body);
  REQUIRE(lines.size() == 2);
  CHECK(Has(lines[0], R"("status":"notPublished","reason":"gone")"));
  CHECK(Has(lines[1], R"("status":"accepted","partition":1,"offset":0)"));
}

TEST_CASE("what stands behind a batch that the log does not take is not tried") {
  Doors test;
  std::string body;
  for (int i = 0; i < 5'000; ++i) {
    body += EventLine("2025-06-01T10:00:00Z", Placed("o" + std::to_string(i), "b"), "anna");
  }
  test.node.memory_log().FailNextAppend(absl::UnavailableError("gone"), false);
  const auto response = test.client.Post("/v1/events", body);
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(Has(response->body, R"({"line":5000,"status":"notPublished","reason":"not tried, )"));
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).empty());
}

TEST_CASE("requests of many clients are under way at once") {
  MemoryLogOptions log = TestNode::FourPartitions();
  log.complete_late = true;
  Doors test(log);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<HttpClient>(test.doors->port()));
    clients.back()->Send(PostRequest(
        "/v1/events", EventLine("2025-06-01T10:00:00Z", Placed("o" + std::to_string(i), "b"))));
  }
  REQUIRE(Eventually([&] { return test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 20; }));
  CHECK(test.node.memory_log().CompletePending() == 20);
  for (const auto& client : clients) CHECK(client->Read()->status == 200);
}

TEST_CASE("beyond the bytes in flight a client is told to come back") {
  MemoryLogOptions log = TestNode::FourPartitions();
  log.complete_late = true;
  HttpDoorsOptions options;
  options.server.max_body_bytes_in_flight = 2000;
  Doors test(log, options);
  const std::string line = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  HttpClient first(test.doors->port());
  first.Send(PostRequest("/v1/events", line + std::string(1500, '\n')));
  REQUIRE(Eventually([&] { return !test.node.EventIdsOf(PartitionOf("anna", 4)).empty(); }));
  const auto refused = test.client.Post("/v1/events", line + std::string(500, '\n'));
  CHECK(refused->status == 429);
  CHECK(refused->Header("retry-after") == "1");
  CHECK(test.node.memory_log().CompletePending() == 1);
  CHECK(first.Read()->status == 200);
}

TEST_CASE("stopping lets a posted event become durable and be answered") {
  MemoryLogOptions log = TestNode::FourPartitions();
  log.complete_late = true;
  Doors test(log);
  HttpClient posting(test.doors->port());
  posting.Send(PostRequest("/v1/events", EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"))));
  REQUIRE(Eventually([&] { return !test.node.EventIdsOf(PartitionOf("anna", 4)).empty(); }));
  std::thread stopping([&] { test.doors->Stop(); });
  CHECK(test.client.IsClosed());
  CHECK(test.node.memory_log().CompletePending() == 1);
  CHECK(posting.Read()->status == 200);
  stopping.join();
}

TEST_CASE("an append that ends after the doors are gone harms nobody") {
  MemoryLogOptions log = TestNode::FourPartitions();
  log.complete_late = true;
  HttpDoorsOptions options;
  options.server.stop_timeout = absl::Milliseconds(50);
  Doors test(log, options);
  HttpClient posting(test.doors->port());
  posting.Send(PostRequest("/v1/events", EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"))));
  REQUIRE(Eventually([&] { return !test.node.EventIdsOf(PartitionOf("anna", 4)).empty(); }));
  test.doors.reset();
  CHECK_FALSE(posting.Read());
  CHECK(test.node.memory_log().CompletePending() == 1);
}

TEST_CASE("events are taken once the policies are known, and from then on") {
  Doors test;
  test.node.SetPolicies(nullptr);
  const std::string line = EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1"), "anna");
  const auto early = test.client.Post("/v1/events", line);
  REQUIRE(early);
  CHECK(early->status == 503);
  CHECK(Has(early->body, R"("code":"NOT_READY")"));
  CHECK_FALSE(early->Header("retry-after").empty());
  test.node.SetPolicies(std::make_shared<const PolicyBook>(PolicyBook::BuiltIn()));
  CHECK(test.client.Post("/v1/events", line)->status == 200);
  test.node.SetPolicies(nullptr);  // the node gave its partitions up
  CHECK(test.client.Post("/v1/events", line)->status == 200);
  CHECK(test.node.EventIdsOf(PartitionOf("anna", 4)).size() == 2);
}

// ---------------------------------------------------------------- GET rating

TEST_CASE("a rating is the line of the command line, with its place and age in the header") {
  Doors test;
  test.node.Publish(Sold("anna", "o1") + Sold("anna", "o2", false));
  test.node.Fold();
  const auto response = test.client.Get(Rating("anna"));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->Header("content-type") == "application/json");
  CHECK(response->body ==
        R"({"sellerId":"anna","market":"*","asOf":"2025-06-30T12:00:00.000Z",)"
        R"("recommended":{"total":1,"unique":1},"notRecommended":{"total":1,"unique":1},)"
        R"("recommendedPercentage":50.0,"rates":{)"
        R"("delivery":{"distribution":[0,0,0,0,0]},"deliveryCost":{"distribution":[0,0,0,0,0]},)"
        R"("description":{"distribution":[0,0,0,0,0]},)"
        R"("service":{"distribution":[0,0,0,2,0]}},)"
        R"("answered":0,"removed":{"byBuyer":0,"byMarketplace":0,"byBuyerAfterCompensation":0},)"
        R"("lifetime":{"recommended":1,"notRecommended":1},"complete":true})"
        "\n");
  CHECK(response->Header("flywheel-position") ==
        fmt::format("{}@4", PartitionOf("anna", 4).number()));
  CHECK(response->Header("flywheel-lag-events") == "0");
  CHECK(response->Header("flywheel-lag-seconds") == "0.000");
  CHECK(response->Header("flywheel-fresh-at") == "2025-06-30T12:00:00.000Z");
}

TEST_CASE("every parameter gives what the reader gives") {
  Doors test;
  test.node.Publish(Sold("anna", "o1") + Sold("anna", "o2", false) + Sold(SellerOf(0), "o3") +
                    EventLine("2025-06-20T10:00:00Z", Answered("o1"), "anna"));
  test.node.Fold();
  const RatingReader reader(test.node.stores());
  const auto expected = [&](std::string_view seller, std::string_view market, const char* as_of,
                            bool history, const char* known_at = nullptr) {
    RatingQuery query;
    query.as_of = *ParseInstant(as_of);
    query.history = history;
    if (known_at != nullptr) query.known_at = *ParseInstant(known_at);
    return RatingJson(**reader.One(seller, market, query), history);
  };
  const auto get = [&](const std::string& target) {
    const auto response = test.client.Get(target);
    REQUIRE(response);
    CHECK(response->status == 200);
    return response->body;
  };
  const char* const now = "2025-06-30T12:00:00Z";
  CHECK(get(Rating("anna") + "?market=PL") == expected("anna", "PL", now, false));
  CHECK(get(Rating("anna") + "?history=true") == expected("anna", "*", now, true));
  CHECK(get(Rating("anna") + "?history=false&clock=wall") == expected("anna", "*", now, false));
  CHECK(get(Rating("anna") + "?as_of=2025-06-02T12:00:00%2B02:00") ==
        expected("anna", "*", "2025-06-02T10:00:00Z", false));
  CHECK(get(Rating("anna") + "?as_of=2025-06-02T12:00:00+02:00&market=PL&history") ==
        expected("anna", "PL", "2025-06-02T10:00:00Z", true));
  CHECK(get(Rating("anna") + "?clock=log") == expected("anna", "*", "2025-06-20T10:00:00Z", false));
  CHECK(get(Rating("anna") + "?known_at=2025-06-30T12:00:00Z") ==
        expected("anna", "*", now, false, now));
  CHECK(get(Rating("*")) == expected("*", "*", now, false));
  CHECK(get(Rating("%2A") + "?market=PL") == expected("*", "PL", now, false));
}

TEST_CASE("all sellers are answered with the places of all partitions") {
  Doors test;
  test.node.Publish(Sold(SellerOf(0), "o1") + Sold(SellerOf(3), "o2"));
  test.node.Fold();
  const auto response = test.client.Get(Rating("*"));
  CHECK(response->status == 200);
  CHECK(response->Header("flywheel-position") == "0@2,1@0,2@0,3@2");
}

TEST_CASE("sellers with any characters are found when they are percent-encoded") {
  Doors test;
  const std::pair<const char*, const char*> sellers[] = {
      {"a/b", "a%2Fb"}, {"50%", "50%25"},
      {"a b", "a%20b"}, {"\xC5\xBC\xC3\xB3\xC5\x82w", "%C5%BC%c3%b3%C5%82w"},
      {"..", "%2E%2E"}, {"a?b#c", "a%3Fb%23c"},
      {"a+b", "a+b"},   {"a;b=c,d", "a;b=c,d"}};
  std::string lines;
  for (const auto& [seller, encoded] : sellers) lines += Sold(seller, "o1");
  test.node.Publish(lines);
  test.node.Fold();
  for (const auto& [seller, encoded] : sellers) {
    INFO(seller);
    const auto response = test.client.Get(Rating(encoded));
    CHECK(response->status == 200);
    CHECK(Has(response->body, fmt::format(R"("sellerId":"{}")", seller)));
  }
  CHECK(test.client.Get(Rating("a%2"))->status == 400);
  CHECK(test.client.Get(Rating("a%00%FF"))->status == 404);
}

TEST_CASE("a seller or market without a row is 404, as late as it is") {
  Doors test;
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  const auto response = test.client.Get(Rating("bert"));
  CHECK(response->status == 404);
  CHECK(Has(response->body, R"("code":"NO_SUCH_ROW")"));
  CHECK(Has(response->body, "bert"));
  CHECK(response->Header("flywheel-lag-events") == "0");
  CHECK(test.client.Get(Rating("anna") + "?market=CZ")->status == 404);
  CHECK(test.client.Get(Rating("anna") + "?market=nowhere")->status == 404);
  CHECK(test.client.Get(Rating("anna") + "?as_of=2025-05-01T00:00:00Z")->status == 404);
  CHECK(test.client.Get("/v1/sellers//rating")->status == 404);
}

TEST_CASE("parameters that make no sense are 400 and named") {
  Doors test;
  test.node.Fold();
  const std::pair<const char*, const char*> wrong[] = {
      {"as_of=yesterday", "as_of: 'yesterday'"},
      {"as_of=2025-06-30", "as_of"},
      {"as_of=", "as_of"},
      {"known_at=2200-01-01T00:00:00Z", "known_at"},
      {"clock=sun", "clock: 'sun' is none of log, wall"},
      {"history=maybe", "history: 'maybe' is none of true, false"},
      {"as-of=2025-06-30T12:00:00Z", "there is no parameter 'as-of'"},
      {"market=PL&market=CZ", "market is given more than once"},
      {"as_of=2025-06-30T12:00:00Z&clock=log", "as_of and clock"}};
  for (const auto& [query, sentence] : wrong) {
    const auto response = test.client.Get(Rating("anna") + "?" + query);
    CHECK(response->status == 400);
    CHECK(Has(response->body, R"("code":"BAD_PARAMETER")"));
    CHECK(Has(response->body, sentence));
  }
}

TEST_CASE("a late answer says how late it is") {
  Doors test;
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  test.node.now = Instant(test.node.now.number() + 90'500);
  test.node.Publish(Sold("anna", "o2"));
  const auto response = test.client.Get(Rating("anna"));
  CHECK(Has(response->body, R"("recommended":{"total":1,)"));
  CHECK(response->Header("flywheel-position") ==
        fmt::format("{}@2", PartitionOf("anna", 4).number()));
  CHECK(response->Header("flywheel-lag-events") == "2");
  CHECK(response->Header("flywheel-lag-seconds") == "90.500");
  CHECK(response->Header("flywheel-fresh-at") == "2025-06-30T12:00:00.000Z");
  test.node.Fold();
  CHECK(Has(test.client.Get(Rating("anna"))->body, R"("recommended":{"total":2,)"));
}

TEST_CASE("another node's seller is sent there, with the same target") {
  Doors test;
  test.node.Publish(Sold(SellerOf(2), "o1"));
  test.node.Fold();
  test.node.Lose(Partition(2), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  const std::string target = Rating(SellerOf(2)) + "?market=PL&as_of=2025-06-30T12:00:00%2B02:00";
  const auto response = test.client.Get(target);
  REQUIRE(response);
  CHECK(response->status == 307);
  CHECK(response->Header("location") == "http://10.0.0.7:8081" + target);
  CHECK(Has(response->body, R"("code":"OWNED_ELSEWHERE")"));
  CHECK(Has(response->body, R"("partition":2,"state":"absent","owner":"http://10.0.0.7:8081")"));
  CHECK(test.client.Get(Rating(SellerOf(1)))->status == 404);  // its own, and nothing there
}

TEST_CASE("a partition that nobody can answer for is 503, never a wrong answer") {
  Doors test;
  test.node.Publish(Sold(SellerOf(2), "o1"));
  test.node.Fold();
  const auto code = [&](CellStatus::State state, std::optional<std::string> owner) {
    test.node.Lose(Partition(2), {state, ""}, std::move(owner));
    const auto response = test.client.Get(Rating(SellerOf(2)));
    REQUIRE(response);
    CHECK(response->status == 503);
    CHECK(response->Header("retry-after") == "1");
    const size_t at = response->body.find("\"code\":\"") + 8;
    return response->body.substr(at, response->body.find('"', at) - at);
  };
  using State = CellStatus::State;
  CHECK(code(State::kRestoring, test.node.address()) == "RESTORING");
  CHECK(code(State::kRestoring, "http://10.0.0.7:8081") == "RESTORING");
  CHECK(code(State::kAbsent, std::nullopt) == "NO_OWNER");
  CHECK(code(State::kAbsent, test.node.address()) == "NO_OWNER");  // no redirect to itself
  CHECK(code(State::kStopped, test.node.address()) == "STOPPED");
  test.node.Lose(Partition(2), {State::kStopped, "the disk of the rows is full"}, std::nullopt);
  CHECK(Has(test.client.Get(Rating(SellerOf(2)))->body, "the disk of the rows is full"));
}

TEST_CASE("an answer that needs every partition is not made of some") {
  Doors test;
  test.node.Publish(Sold(SellerOf(1), "o1") + Sold(SellerOf(2), "o2"));
  test.node.Fold();
  test.node.Lose(Partition(2), {CellStatus::State::kRestoring, ""}, test.node.address());
  const auto restoring = test.client.Get(Rating("*"));
  CHECK(restoring->status == 503);
  CHECK(restoring->Header("retry-after") == "1");
  CHECK(Has(restoring->body, R"("missing":[{"partition":2,"state":"restoring","owner":)"));
  test.node.Lose(Partition(3), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  const auto elsewhere = test.client.Get(Rating("*"));
  CHECK(elsewhere->status == 421);
  CHECK(
      Has(elsewhere->body, R"({"partition":3,"state":"absent","owner":"http://10.0.0.7:8081"}]})"));
  // The log's clock is the latest instant of all partitions.
  CHECK(test.client.Get(Rating(SellerOf(1)) + "?clock=log")->status == 421);
  CHECK(test.client.Get(Rating(SellerOf(1)))->status == 200);
}

TEST_CASE("rows that cannot be read are said, not answered from") {
  Doors test;
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  test.node.Damage(PartitionOf("anna", 4), absl::DataLossError("block 7 is damaged"));
  const auto damaged = test.client.Get(Rating("anna"));
  CHECK(damaged->status == 500);
  CHECK(Has(damaged->body, R"("code":"ROWS_DAMAGED","detail":"block 7 is damaged")"));
  test.node.Damage(PartitionOf("anna", 4), OfRows(absl::DataLossError("block 7 is damaged")));
  const auto restoring = test.client.Get(Rating("anna"));
  CHECK(restoring->status == 503);
  CHECK(Has(restoring->body, R"("code":"RESTORING")"));
  test.node.Damage(PartitionOf("anna", 4), absl::UnavailableError("the disk does not answer"));
  CHECK(test.client.Get(Rating("*"))->status == 503);
}

TEST_CASE("a bad block of a table that a question meets is noted, and no answer is made of it") {
  const std::string events = Sold("anna", "o1") + Sold("anna", "o2", false);
  const Partition partition = PartitionOf("anna", 4);
  Doors test;
  test.node.Publish(events);
  test.node.Fold();
  const RowsOnDisk rows(*test.node.View(partition)->rows);
  test.node.SetRows(partition, rows.Snapshot());
  rows.DamageTables();
  CHECK(rows.damage().ok());

  // The figures of a seller, which may be kept; a sum, an order, a list and a search.
  for (const std::string& question :
       {Rating("anna"), Rating("anna"), Rating("*"), std::string("/v1/sellers/anna/smart"),
        std::string("/v1/sellers/anna/sla"), std::string("/v1/queue?seller=anna"),
        std::string("/v1/orders/o1/timeline?seller=anna"),
        std::string("/v1/quarantine?seller=anna"), std::string("/v1/search?q=o1")}) {
    INFO(question);
    const auto restoring = test.client.Get(question);
    INFO(restoring->body);
    CHECK(restoring->status == 503);
    CHECK(Has(restoring->body, R"("code":"RESTORING")"));
    CHECK(restoring->Header("retry-after") == "1");
  }
  CHECK(IsRowsDamage(rows.damage()));

  Doors whole;
  whole.node.Publish(events);
  whole.node.Fold();
  test.node.Fold();  // the rows are made anew
  const auto answer = test.client.Get(Rating("anna"));
  CHECK(answer->status == 200);
  CHECK(answer->body == whole.client.Get(Rating("anna"))->body);
}

TEST_CASE("long questions over their limit are told to come back, the quick ones go on") {
  HttpDoorsOptions options;
  options.work_threads = 1;
  options.max_waiting_work = 1;
  Doors test(TestNode::FourPartitions(), options);
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  std::string many;
  for (int i = 0; i < 50; ++i) many += GetRequest(Rating("*"));
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<HttpClient>(test.doors->port()));
    clients.back()->Send(many);
  }
  CHECK(test.client.Get(Rating("anna"))->status == 200);
  int answered = 0;
  int refused = 0;
  for (const auto& client : clients) {
    for (int i = 0; i < 50; ++i) {
      const auto response = client->Read();
      REQUIRE(response);
      answered += response->status == 200 ? 1 : 0;
      refused += Has(response->body, "TOO_MUCH_WORK") ? 1 : 0;
    }
  }
  CHECK(answered + refused == 400);
  CHECK(answered > 0);
}

TEST_CASE("HEAD of a rating has its header alone") {
  Doors test;
  test.node.Publish(Sold("anna", "o1"));
  test.node.Fold();
  const auto response = test.client.Ask(
      "HEAD " + Rating("anna") + " HTTP/1.1\r\nHost: test\r\n\r\n", /*is_head=*/true);
  CHECK(response->status == 200);
  CHECK(response->Header("flywheel-lag-events") == "0");
  CHECK(test.client.Get("/livez")->body == "alive\n");
}

// ---------------------------------------------------------------- the node

TEST_CASE("the node says what it holds, how far it is, and who owns the rest") {
  Doors test;
  test.node.Publish(Sold(SellerOf(0), "o1"));
  test.node.Fold();
  test.node.Publish(Sold(SellerOf(0), "o2"));
  test.node.Lose(Partition(1), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  test.node.Lose(Partition(2), {CellStatus::State::kRestoring, "3 of 7 records"},
                 test.node.address());
  test.node.Lose(Partition(3), {CellStatus::State::kAbsent, ""}, std::nullopt);
  CHECK(test.client.Get("/v1/node")->body ==
        R"({"node":"node-1","address":"http://127.0.0.1:8080","ready":false,)"
        R"("why":"partition 2 is being restored","partitions":4,"cells":[)"
        R"({"partition":0,"state":"serving","owner":"http://127.0.0.1:8080","position":"0@2",)"
        R"("end":"0@4","lagEvents":2,"lagSeconds":0.000,"freshAt":"2025-06-30T12:00:00.000Z"},)"
        R"({"partition":1,"state":"absent","owner":"http://10.0.0.7:8081"},)"
        R"({"partition":2,"state":"restoring","sentence":"3 of 7 records",)"
        R"("owner":"http://127.0.0.1:8080"},)"
        R"({"partition":3,"state":"absent"}]})"
        "\n");
}

TEST_CASE("the node is alive while it restores, and ready afterwards") {
  Doors test;
  test.node.Lose(Partition(2), {CellStatus::State::kRestoring, ""}, test.node.address());
  CHECK(test.client.Get("/livez")->status == 200);
  const auto restoring = test.client.Get("/readyz");
  CHECK(restoring->status == 503);
  CHECK(Has(restoring->body, R"("code":"NOT_READY","detail":"partition 2 is being restored")"));
  test.node.Lose(Partition(2), {CellStatus::State::kServing, ""}, test.node.address());
  CHECK(test.client.Get("/readyz")->body == "ready\n");
}

TEST_CASE("the metrics are what a scraper can read, and count what has happened") {
  Doors test;
  test.doors->metrics().Add([](MetricsText& text) {
    text.Family("flywheel_inbox_messages_total", MetricsText::Type::kCounter, "Of the inbox.");
    text.Sample({{"outcome", "accepted"}}, int64_t{42});
  });
  test.node.Publish(Sold(SellerOf(0), "o1"));
  test.node.Fold();
  test.client.Post("/v1/events",
                   EventLine("2025-06-01T10:00:00Z", Placed("o2", "b"), SellerOf(0)) + "x\n[]\n");
  for (int i = 0; i < 3; ++i) test.client.Get(Rating(SellerOf(0)));
  test.client.Get("/nowhere");
  test.node.Lose(Partition(3), {CellStatus::State::kAbsent, ""}, std::nullopt);
  const auto response = test.client.Get("/metrics");
  REQUIRE(response);
  CHECK(response->Header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  Exposition samples = ParseExposition(response->body);
  const std::string rating = R"(route="/v1/sellers/{id}/rating",method="GET")";
  CHECK(samples["flywheel_http_requests_total{" + rating + R"(,code="200"})"] == 3);
  CHECK(samples["flywheel_http_request_duration_seconds_count{" + rating + "}"] == 3);
  CHECK(samples[R"(flywheel_http_requests_total{route="/v1/events",method="POST",code="207"})"] ==
        1);
  CHECK(samples[R"(flywheel_http_requests_total{route="none",method="",code="404"})"] == 1);
  CHECK(samples["flywheel_http_connections"] == 1);
  CHECK(samples["flywheel_http_requests_in_flight"] == 0);
  CHECK(samples["flywheel_http_body_bytes_in_flight"] == 0);
  CHECK(samples["flywheel_events_accepted_total"] == 1);
  CHECK(samples[R"(flywheel_events_refused_total{code="UNDECODABLE"})"] == 1);
  CHECK(samples[R"(flywheel_events_refused_total{code="INVALID"})"] == 1);
  CHECK(samples["flywheel_events_not_published_total"] == 0);
  CHECK(samples[R"(flywheel_cell_position{partition="0"})"] == 2);
  CHECK(samples[R"(flywheel_cell_lag_events{partition="0"})"] == 1);
  CHECK(samples[R"(flywheel_cell_state{partition="0",state="serving"})"] == 1);
  CHECK(samples[R"(flywheel_cell_state{partition="3",state="absent"})"] == 1);
  CHECK(samples.count(R"(flywheel_cell_position{partition="3"})") == 0);
  CHECK(samples[R"(flywheel_cell_records_total{partition="0",outcome="accepted"})"] == 2);
  CHECK(samples[R"(flywheel_inbox_messages_total{outcome="accepted"})"] == 42);
}

TEST_CASE("each path answers its own methods alone") {
  Doors test;
  const auto allowed = [&](const std::string& method, const std::string& path) {
    const auto response = test.client.Ask(method + " " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(response->status == 405);
    return response->Header("allow");
  };
  CHECK(allowed("GET", "/v1/events") == "POST");
  CHECK(allowed("POST", Rating("anna")) == "GET, HEAD");
  CHECK(allowed("DELETE", "/metrics") == "GET, HEAD");
  CHECK(allowed("PUT", "/v1/node") == "GET, HEAD");
}

}  // namespace
}  // namespace flywheel
