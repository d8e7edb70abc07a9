// GET /v1/quarantine and /v1/quarantine/{place}.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "projections/views/quarantine_entries.h"
#include "query/doors.h"
#include "query/quarantine_json.h"

namespace flywheel {
namespace {

// Each of two sellers has a review by somebody else than the buyer, which is refused, and one of an
// order that is not there, which waits.
struct Refusals : Doors {
  Refusals() {
    for (const std::string& seller : {SellerOf(0), SellerOf(3)}) {
      node.Publish(EventLine("2025-06-01T10:00:00Z", Placed("o1", "b"), seller) +
                   EventLine("2025-06-02T10:00:00Z", Reviewed("o1", "other", true), seller) +
                   EventLine("2025-06-02T11:00:00Z", Reviewed("o9", "b", true), seller));
    }
    node.Fold();
  }

  std::string Line(LogPlace place) {
    const auto entry = EntryAt(node.stores(), place);
    REQUIRE(entry.ok());
    const std::string line = EntryJson(*entry);
    return line.substr(0, line.size() - 1);
  }

  std::string Body(const std::string& parameters) {
    const auto response = client.Get("/v1/quarantine" + parameters);
    REQUIRE(response);
    INFO(parameters);
    CHECK(response->status == 200);
    return response->body;
  }
};

TEST_CASE("the quarantine is the lines of the command line, by every selection") {
  Refusals test;
  const std::string a = test.Line({Partition(0), Offset(1)});
  const std::string b = test.Line({Partition(0), Offset(2)});
  const std::string c = test.Line({Partition(3), Offset(1)});
  const std::string d = test.Line({Partition(3), Offset(2)});
  CHECK(Has(a, R"("state":"REFUSED","code":"WRONG_BUYER")"));
  const auto items = [](const std::string& lines) { return "{\"items\":[" + lines + "]}\n"; };
  CHECK(test.Body("") == items(a + "," + b + "," + c + "," + d));
  CHECK(test.Body("?seller=" + SellerOf(3)) == items(c + "," + d));
  CHECK(test.Body("?code=WRONG_BUYER") == items(a + "," + c));
  CHECK(test.Body("?state=waiting&seller=" + SellerOf(0)) == items(b));
  CHECK(test.Body("?state=closed") == items(""));
  CHECK(test.Body("?state=all&source=test&code=WRONG_BUYER&after=0@1") == items(c));
  CHECK(test.Body("?seller=nobody") == items(""));
  CHECK(test.Body("?limit=3") == "{\"items\":[" + a + "," + b + "," + c + "],\"next\":\"3@1\"}\n");
  CHECK(test.Body("?limit=3&after=3@1") == items(d));
}

TEST_CASE("an entry comes with its event") {
  Refusals test;
  const auto response = test.client.Get("/v1/quarantine/3@1");
  REQUIRE(response);
  CHECK(response->status == 200);
  const std::string line = test.Line({Partition(3), Offset(1)});
  CHECK(response->body.starts_with(line.substr(0, line.size() - 1) + ",\"event\":{"));
  CHECK(Has(response->body, R"("buyerId":"other")"));
  CHECK(response->Header("flywheel-position") == "3@3");
  const auto accepted = test.client.Get("/v1/quarantine/3@0");
  CHECK(accepted->status == 404);
  CHECK(Has(accepted->body, R"("code":"NO_SUCH_ENTRY")"));
  CHECK(test.client.Get("/v1/quarantine/2@1000")->status == 404);
}

TEST_CASE("parameters of the quarantine that make no sense are 400 and named") {
  Refusals test;
  const std::pair<const char*, const char*> wrong[] = {
      {"?code=WRONG", "code: no such code; they are UNDECODABLE"},
      {"?state=ajar", "state: 'ajar' is none of open, waiting, refused, closed, all"},
      {"?limit=0", "limit: '0'"},
      {"?limit=1001", "limit: '1001'"},
      {"?after=first", "after: 'first' is no place"},
      {"?min_position=x", "min_position: 'x'"},
      {"?as_of=2025-06-30T12:00:00Z", "there is no parameter 'as_of'"},
      {"/first", "place: 'first' is no place"},
      {"/4@0", "place: the log has 4 partitions"},
      {"/3@1?limit=1", "there is no parameter 'limit'"}};
  for (const auto& [target, sentence] : wrong) {
    const auto response = test.client.Get(std::string("/v1/quarantine") + target);
    CHECK(response->status == 400);
    CHECK(Has(response->body, sentence));
  }
}

TEST_CASE("the quarantine of a seller and an entry need their partition, the list every one") {
  Refusals test;
  test.node.Lose(Partition(3), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  CHECK(test.client.Get("/v1/quarantine")->status == 421);
  CHECK(test.client.Get("/v1/quarantine?seller=" + SellerOf(0))->status == 200);
  CHECK(test.client.Get("/v1/quarantine?seller=" + SellerOf(3))->status == 307);
  const auto entry = test.client.Get("/v1/quarantine/3@1");
  CHECK(entry->status == 307);
  CHECK(entry->Header("location") == "http://10.0.0.7:8081/v1/quarantine/3@1");
}

}  // namespace
}  // namespace flywheel
