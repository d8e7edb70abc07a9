// Position tokens: reading back what was published.
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "query/doors.h"
#include "query/eventually.h"
#include "query/exposition.h"
#include "query/log_position.h"

namespace flywheel {
namespace {

std::string Placing(const std::string& seller, const std::string& order = "o1") {
  return EventLine("2025-06-01T10:00:00Z", Placed(order, "b-" + order), seller);
}

// Waiting lasts longer than a test may take.
HttpDoorsOptions Patient() {
  HttpDoorsOptions options;
  options.questions.position_wait = std::chrono::seconds(100);
  return options;
}

// How many questions wait for a position.
double Waiting(Doors& test) {
  return ParseExposition(test.client.Get("/metrics")->body)["flywheel_positions_waiting"];
}

TEST_CASE("a position is read as it is written, and nothing else is one") {
  for (const char* text : {"0@0", "3@12", "0@5,1@7,3@9223372036854775806"}) {
    const auto position = LogPosition::Parse(text, 4);
    REQUIRE(position.ok());
    CHECK(position->Format() == text);
  }
  for (const char* text : {"", ",", "0", "0@", "@1", "0@-1", "-1@0", "0@1,", "0@1,0@2", "1@1,0@1",
                           "4@0", "0@1 ,1@1", "0@9223372036854775808", "0@1x", "latest"}) {
    INFO(text);
    CHECK_FALSE(LogPosition::Parse(text, 4).ok());
  }
}

TEST_CASE("a position keeps the later place of a partition") {
  LogPosition position;
  position.RaiseTo(Partition(2), Offset(7));
  position.RaiseTo(Partition(0), Offset(3));
  position.RaiseTo(Partition(2), Offset(5));
  CHECK(position.Format() == "0@3,2@7");
  CHECK(position.Of(Partition(2)) == Offset(7));
  CHECK_FALSE(position.Of(Partition(1)));
}

TEST_CASE("posted events are answered with the position behind them, of each partition") {
  Doors test;
  const auto posted = test.client.Post(
      "/v1/events", Placing(SellerOf(3)) + Placing(SellerOf(1), "o1") + Placing(SellerOf(1), "o2"));
  CHECK(posted->status == 200);
  CHECK(posted->Header("flywheel-position") == "1@2,3@1");
  const auto part = test.client.Post("/v1/events", Placing(SellerOf(1), "o3") + "no JSON\n");
  CHECK(part->status == 207);
  CHECK(part->Header("flywheel-position") == "1@3");
  CHECK(test.client.Post("/v1/events", "no JSON\n")->Header("flywheel-position").empty());
  CHECK(test.client.Post("/v1/events", "")->Header("flywheel-position").empty());
}

TEST_CASE("what was posted is in an answer that asks for its position") {
  // Quick ones and long ones wait alike.
  for (const std::string& target : {Rating("anna"), Rating("*"), Rating("bert")}) {
    INFO(target);
    Doors late(TestNode::FourPartitions(), Patient());
    late.node.Fold();
    const std::string position = late.client.Post("/v1/events", Placing("anna") + Placing("bert"))
                                     ->Header("flywheel-position");
    CHECK(late.client.Get(target)->status == 404);
    HttpClient waiting(late.doors->port());
    waiting.Send(GetRequest(target + "?min_position=" + position));
    REQUIRE(Eventually([&] { return Waiting(late) == 1; }));
    late.node.Fold();
    const auto answer = waiting.Read();
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(Has(answer->body, R"("recommended":{"total":0,)"));
    CHECK(Eventually([&] { return Waiting(late) == 0; }));
    // Now it need not wait any more.
    CHECK(late.client.Get(target + "?min_position=" + position)->status == 200);
  }
}

TEST_CASE("only the partitions that the question needs are waited for") {
  Doors test;
  test.node.Publish(Placing(SellerOf(1)));
  test.node.Fold();
  CHECK(test.client.Get(Rating(SellerOf(1)) + "?min_position=0@1000,1@1,2@7")->status == 200);
  CHECK(test.client.Get(Rating(SellerOf(1)) + "?min_position=3@1000")->status == 200);
}

TEST_CASE("a position that is not reached in time is said, with how far the rows are") {
  HttpDoorsOptions options;
  options.questions.position_wait = std::chrono::milliseconds(1);
  Doors test(TestNode::FourPartitions(), options);
  test.node.Publish(Placing(SellerOf(1)));
  test.node.Fold();
  const auto late = test.client.Get(Rating(SellerOf(1)) + "?min_position=1@2");
  REQUIRE(late);
  CHECK(late->status == 503);
  CHECK(late->Header("retry-after") == "1");
  CHECK(late->Header("flywheel-position") == "1@1");
  CHECK(Has(late->body, R"("code":"NOT_THERE_YET")"));
  CHECK(Has(late->body, "1@2"));
  CHECK(test.client.Get(Rating(SellerOf(1)) + "?min_position=1@1")->status == 200);
}

TEST_CASE("a position that is none, or of another log, is 400") {
  Doors test;
  test.node.Fold();
  for (const char* wrong : {"", "0@x", "7", "1@1,0@1", "4@0"}) {
    INFO(wrong);
    const auto response = test.client.Get(Rating("anna") + "?min_position=" + wrong);
    CHECK(response->status == 400);
    CHECK(Has(response->body, R"("code":"BAD_PARAMETER","detail":"min_position: )"));
  }
}

TEST_CASE("more questions than may wait for a position are told to come back") {
  HttpDoorsOptions options = Patient();
  options.questions.max_waiting_positions = 1;
  Doors test(TestNode::FourPartitions(), options);
  test.node.Fold();
  test.node.Publish(Placing("anna"));
  const std::string target =
      Rating("anna") + "?min_position=" + std::to_string(PartitionOf("anna", 4).number()) + "@1";
  HttpClient first(test.doors->port());
  first.Send(GetRequest(target));
  REQUIRE(Eventually([&] { return Waiting(test) == 1; }));
  const auto refused = test.client.Get(target);
  CHECK(refused->status == 429);
  CHECK(refused->Header("retry-after") == "1");
  CHECK(Has(refused->body, R"("code":"TOO_MANY_WAIT")"));
  test.node.Fold();
  CHECK(first.Read()->status == 200);
}

TEST_CASE("a partition that leaves while its position is waited for is sent after") {
  Doors test(TestNode::FourPartitions(), Patient());
  test.node.Fold();
  HttpClient waiting(test.doors->port());
  const std::string target = Rating(SellerOf(2)) + "?min_position=2@1";
  waiting.Send(GetRequest(target));
  REQUIRE(Eventually([&] { return Waiting(test) == 1; }));
  test.node.Lose(Partition(2), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  const auto answer = waiting.Read();
  REQUIRE(answer);
  CHECK(answer->status == 307);
  CHECK(answer->Header("location") == "http://10.0.0.7:8081" + target);
}

// ---------------------------------------------------------------- at_position

// A claim about the seller's order, and a parcel of it.
std::string Trouble(const std::string& seller, const std::string& order) {
  return EventLine("2025-06-03T10:00:00Z",
                   R"("complaintOpened":{"orderId":")" + order + R"(","complaintId":"c-)" + order +
                       R"(","buyerId":"b-)" + order +
                       R"(","kind":"CLAIM","reason":"OTHER","expectation":"REFUND"})",
                   seller) +
         EventLine("2025-06-03T11:00:00Z",
                   R"("parcelRegistered":{"orderId":")" + order + R"(","parcelId":"p-)" + order +
                       R"(","carrierId":"c","direction":"OUTBOUND"})",
                   seller);
}

TEST_CASE("an answer's position reproduces it, whatever came later and at the same instants") {
  Doors test;
  const std::string a = SellerOf(0);
  const std::string b = SellerOf(3);
  const auto waiting = EventLine("2025-06-05T10:00:00Z", Reviewed("o9", "b-o9", true), a);
  test.node.Publish(Sold(a, "o1") + Trouble(a, "o1") + Sold(b, "o2") + waiting);
  test.node.Fold();
  const std::string as_of = "as_of=2025-06-30T12:00:00Z";
  const std::string targets[] = {Rating(a) + "?" + as_of,
                                 Rating(a) + "?market=PL&history&" + as_of,
                                 Rating("*") + "?" + as_of,
                                 Rating("nobody") + "?" + as_of,
                                 "/v1/sellers/" + a + "/sla?" + as_of,
                                 "/v1/sla?market=PL&window=30&" + as_of,
                                 "/v1/queue?" + as_of,
                                 "/v1/queue?limit=50&seller=" + a + "&" + as_of,
                                 "/v1/orders/o1/timeline?seller=" + a + "&" + as_of};
  std::vector<ClientResponse> before;
  for (const std::string& target : targets) before.push_back(*test.client.Get(target));
  CHECK(Has(before[0].body, R"("complete":false)"));
  // What waited is accepted, orders and facts come on, all with the same recorded_at.
  test.node.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o9", "b-o9"), a) + Sold(a, "o3") +
                    Trouble(a, "o3") + Sold(b, "o4") + Sold("nobody", "o5") +
                    EventLine("2025-06-04T10:00:00Z",
                              R"("parcelScanned":{"orderId":"o1","parcelId":"p-o1",)"
                              R"("code":"DELIVERED"})",
                              a));
  test.node.Fold();
  for (size_t i = 0; i < before.size(); ++i) {
    INFO(targets[i]);
    CHECK(test.client.Get(targets[i])->body != before[i].body);
    const std::string position = before[i].Header("flywheel-position");
    const auto again = test.client.Get(targets[i] + "&at_position=" + position);
    REQUIRE(again);
    CHECK(again->status == before[i].status);
    CHECK(again->body == before[i].body);
    CHECK(again->Header("flywheel-position") == position);
  }
  const auto many = test.client.Post(
      "/v1/sellers:query",
      R"({"sellers":[")" + a + R"("],"figures":["rating"],"asOf":"2025-06-30T12:00:00Z",)" +
          R"("atPosition":"0@5"})",
      "application/json");
  CHECK(Has(many->body, before[0].body.substr(0, before[0].body.size() - 1)));
}

TEST_CASE("an at_position that is not reached is waited for") {
  Doors test(TestNode::FourPartitions(), Patient());
  test.node.Fold();
  test.node.Publish(Placing(SellerOf(1)));
  HttpClient waiting(test.doors->port());
  waiting.Send(GetRequest(Rating(SellerOf(1)) + "?as_of=2025-06-30T12:00:00Z&at_position=1@1"));
  REQUIRE(Eventually([&] { return Waiting(test) == 1; }));
  test.node.Fold();
  CHECK(waiting.Read()->status == 200);
}

TEST_CASE("an at_position without its as_of, or of other partitions, or of Smart! is 400") {
  Doors test;
  test.node.Publish(Placing(SellerOf(1)) +
                    EventLine("2025-06-02T10:00:00Z", Reviewed("o9", "b", true), SellerOf(1)));
  test.node.Fold();
  const std::string as_of = "as_of=2025-06-30T12:00:00Z&";
  const std::pair<std::string, const char*> wrong[] = {
      {Rating(SellerOf(1)) + "?at_position=1@1", "at_position needs as_of"},
      {Rating(SellerOf(1)) + "?at_position=1@1&clock=log", "at_position needs as_of"},
      {Rating(SellerOf(1)) + "?" + as_of + "at_position=x", "at_position: 'x'"},
      {Rating(SellerOf(1)) + "?" + as_of + "at_position=0@1",
       "at_position names no place of partition 1"},
      {Rating("*") + "?" + as_of + "at_position=0@1,1@1,3@1",
       "at_position names no place of partition 2"},
      {"/v1/sellers/anna/smart?" + as_of + "at_position=0@1", "at_position: Smart!"},
      {"/v1/orders/o1/timeline?" + as_of + "at_position=0@1,1@1,2@1,3@1",
       "at_position: name the seller"},
      {"/v1/orders/o9/timeline?seller=" + SellerOf(1) + "&" + as_of + "at_position=1@2",
       "at_position: the seller's order was not known there"},
      {"/v1/quarantine?at_position=0@1", "there is no parameter 'at_position'"},
      {"/v1/search?q=a&at_position=0@1", "there is no parameter 'at_position'"}};
  for (const auto& [target, sentence] : wrong) {
    const auto response = test.client.Get(target);
    CHECK(response->status == 400);
    CHECK(Has(response->body, sentence));
  }
}

TEST_CASE("doors that end do not wait for positions that nobody reaches") {
  HttpDoorsOptions options = Patient();
  options.server.stop_timeout = absl::Milliseconds(50);
  Doors test(TestNode::FourPartitions(), options);
  test.node.Fold();
  HttpClient waiting(test.doors->port());
  waiting.Send(GetRequest(Rating(SellerOf(2)) + "?min_position=2@1"));
  REQUIRE(Eventually([&] { return Waiting(test) == 1; }));
  test.doors.reset();
  CHECK_FALSE(waiting.Read());
}

}  // namespace
}  // namespace flywheel
