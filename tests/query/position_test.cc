// Position tokens: reading back what was published.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "query/doors.h"
#include "query/eventually.h"
#include "query/exposition.h"
#include "query/log_position.h"

namespace flywheel {
namespace {

std::string Placing(const std::string& seller, const std::string& order = "o1") {
  return EventLine("2025-06-01T10:00:00Z", Placed(order, "b-" + order), seller);
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
  Doors test;
  test.node.Fold();
  const std::string token =
      test.client.Post("/v1/events", Placing("anna"))->Header("flywheel-position");
  REQUIRE_FALSE(token.empty());
  CHECK(test.client.Get(Rating("anna"))->status == 404);
  // Quick ones, long ones, and such as come to nothing wait alike.
  for (const std::string& target : {Rating("anna"), Rating("*"), Rating("bert")}) {
    INFO(target);
    Doors late;
    late.node.Fold();
    const std::string position = late.client.Post("/v1/events", Placing("anna") + Placing("bert"))
                                     ->Header("flywheel-position");
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
  HttpDoorsOptions options;
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
  Doors test;
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

TEST_CASE("doors that end do not wait for positions that nobody reaches") {
  HttpDoorsOptions options;
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
