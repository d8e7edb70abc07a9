// GET /v1/queue.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "projections/views/sla_reader.h"
#include "query/doors.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

std::string Opened(const std::string& seller, const std::string& complaint, const char* at) {
  return EventLine(at,
                   fmt::format(R"("complaintOpened":{{"orderId":"o1","complaintId":"{}",)"
                               R"("buyerId":"b-o1","kind":"CLAIM","reason":"OTHER",)"
                               R"("expectation":"REFUND"}})",
                               complaint),
                   seller);
}

// Two sellers of two partitions, whose claims are open.
struct Claims : Doors {
  Claims() {
    for (const std::string& seller : {SellerOf(0), SellerOf(3)}) {
      node.Publish(Sold(seller, "o1") + Opened(seller, "c1-" + seller, "2025-06-29T09:00:00Z") +
                   Opened(seller, "c2-" + seller, "2025-06-30T09:00:00Z"));
    }
    node.Fold();
  }

  // What the reader gives, as the answer's items.
  std::string Items(const QueueSelection& selection, const char* as_of = "2025-06-30T12:00:00Z") {
    SlaQuery query;
    query.as_of = *ParseInstant(as_of);
    const QueuePage page = *SlaReader(node.stores()).Queue(selection, query);
    CHECK_FALSE(page.clocks.empty());
    std::string items;
    for (const QueuedClock& clock : page.clocks) {
      const std::string line = QueuedClockJson(clock, query.as_of);
      items += (items.empty() ? "" : ",") + line.substr(0, line.size() - 1);
    }
    return "{\"items\":[" + items + "],";
  }

  std::string Body(const std::string& parameters) {
    const auto response = client.Get("/v1/queue" + parameters);
    REQUIRE(response);
    INFO(parameters);
    CHECK(response->status == 200);
    return response->body;
  }
};

TEST_CASE("the queue is the lines of the command line, by every selection") {
  Claims test;
  CHECK(test.Body("") == test.Items({}) + "\"asOf\":\"2025-06-30T12:00:00.000Z\"}\n");
  QueueSelection selection;
  selection.seller = SellerOf(3);
  CHECK(test.Body("?seller=" + SellerOf(3)).starts_with(test.Items(selection)));
  selection.market = "PL";
  selection.clock = SlaClock::kFirstResponse;
  CHECK(test.Body("?seller=" + SellerOf(3) + "&market=PL&kind=firstResponse")
            .starts_with(test.Items(selection)));
  QueueSelection soon;
  soon.clock = SlaClock::kFirstResponse;
  soon.due_by = *ParseInstant("2025-06-30T12:00:00Z");
  CHECK(test.Body("?kind=firstResponse&within_hours=0").starts_with(test.Items(soon)));
  CHECK(
      test.Body("?as_of=2025-06-29T10:00:00Z").starts_with(test.Items({}, "2025-06-29T10:00:00Z")));
  CHECK(test.Body("?seller=nobody") == "{\"items\":[],\"asOf\":\"2025-06-30T12:00:00.000Z\"}\n");
  CHECK(test.client.Get("/v1/queue")->Header("flywheel-position") == "0@4,1@0,2@0,3@4");
  CHECK(test.client.Get("/v1/queue?seller=" + SellerOf(3))->Header("flywheel-position") == "3@4");
}

TEST_CASE("pages of the queue follow one another to the end") {
  Claims test;
  const std::string all = test.Body("");
  std::vector<std::string> pages;
  std::string items;
  std::string next;
  do {
    const std::string body = test.Body("?limit=1" + (next.empty() ? "" : "&after=" + next));
    const size_t begin = body.find('[') + 1;
    items += (items.empty() ? "" : ",") + body.substr(begin, body.find(']') - begin);
    const size_t at = body.find("\"next\":\"");
    next = at == std::string::npos ? "" : body.substr(at + 8, body.find('"', at + 8) - at - 8);
    pages.push_back(body);
    REQUIRE(pages.size() < 100);
  } while (!next.empty());
  CHECK(pages.size() > 3);
  CHECK(all.starts_with("{\"items\":[" + items + "],"));
}

TEST_CASE("parameters of the queue that make no sense are 400 and named") {
  Claims test;
  const std::pair<const char*, const char*> wrong[] = {
      {"kind=lunch", "kind: 'lunch' is none of firstResponse, resolution, decision, dispatch"},
      {"within_hours=-1", "within_hours: '-1' is no whole number from 0 to"},
      {"limit=0", "limit: '0' is no whole number from 1 to 1000"},
      {"limit=1001", "limit: '1001'"},
      {"after=xyz", "after: the token is none"},
      {"as_of=x", "as_of: 'x'"},
      {"page=2", "there is no parameter 'page'"}};
  for (const auto& [query, sentence] : wrong) {
    const auto response = test.client.Get(std::string("/v1/queue?") + query);
    CHECK(response->status == 400);
    CHECK(Has(response->body, sentence));
  }
  CHECK(test.client.Get("/v1/queue?limit=1000")->status == 200);
}

TEST_CASE("the queue of a seller needs its partition, that of all every one") {
  Claims test;
  test.node.Lose(Partition(3), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  CHECK(test.client.Get("/v1/queue")->status == 421);
  CHECK(test.client.Get("/v1/queue?seller=" + SellerOf(3))->status == 307);
  CHECK(test.client.Get("/v1/queue?seller=" + SellerOf(0))->status == 200);
}

}  // namespace
}  // namespace flywheel
