// GET /v1/sellers/{id}/smart, /v1/sellers/{id}/sla and /v1/sla.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/instant_text.h"
#include "projections/views/sla_reader.h"
#include "projections/views/smart_reader.h"
#include "query/doors.h"
#include "query/sla_json.h"
#include "query/smart_json.h"

namespace flywheel {
namespace {

constexpr const char* kNow = "2025-06-30T12:00:00Z";
constexpr const char* kEarlier = "2025-06-02T10:00:00Z";

std::string Smart(const std::string& seller) { return "/v1/sellers/" + seller + "/smart"; }
std::string Sla(const std::string& seller) { return "/v1/sellers/" + seller + "/sla"; }

// Orders of two markets and a claim that nobody answers.
std::string AnnasTrade() {
  return Sold("anna", "o1") + Sold("anna", "o2", false) +
         EventLine("2025-06-01T10:00:00Z", Placed("o3", "b"), "anna", "CZ") +
         EventLine("2025-06-20T09:00:00Z",
                   R"("complaintOpened":{"orderId":"o1","complaintId":"c1","buyerId":"b-o1",)"
                   R"("kind":"CLAIM","reason":"OTHER","expectation":"REFUND"})",
                   "anna");
}

struct Trade : Doors {
  Trade() {
    node.Publish(AnnasTrade() + Sold(SellerOf(0), "o4"));
    node.Fold();
  }

  std::string Body(const std::string& target) {
    const auto response = client.Get(target);
    REQUIRE(response);
    INFO(target);
    CHECK(response->status == 200);
    CHECK(response->Header("content-type") == "application/json");
    return response->body;
  }

  template <class Query>
  static Query At(const char* as_of, const char* known_at = nullptr) {
    Query query;
    query.as_of = *ParseInstant(as_of);
    if (known_at != nullptr) query.known_at = *ParseInstant(known_at);
    return query;
  }
};

// The lines as the array of an answer.
std::string RowsOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : ",") + line.substr(0, line.size() - 1);
  }
  return "{\"rows\":[" + text + "]}\n";
}

TEST_CASE("Smart! of a market is the line of the command line, of all an array") {
  Trade test;
  const SmartReader reader(test.node.stores());
  const auto lines = [&](std::string_view market, const char* as_of, bool history,
                         const char* known_at = nullptr) {
    const auto answers = *reader.Of("anna", market, Trade::At<SmartQuery>(as_of, known_at));
    std::vector<std::string> texts;
    for (const SmartAnswer& answer : answers) texts.push_back(SmartJson(answer, history));
    return texts;
  };
  CHECK(lines("*", kNow, false).size() == 2);
  CHECK(test.Body(Smart("anna") + "?market=PL") == lines("PL", kNow, false).front());
  CHECK(test.Body(Smart("anna") + "?market=PL&history") == lines("PL", kNow, true).front());
  CHECK(test.Body(Smart("anna")) == RowsOf(lines("*", kNow, false)));
  CHECK(test.Body(Smart("anna") + "?market=*&clock=wall") == RowsOf(lines("*", kNow, false)));
  CHECK(test.Body(Smart("anna") + "?market=PL&as_of=" + kEarlier) ==
        lines("PL", kEarlier, false).front());
  CHECK(test.Body(Smart("anna") + "?market=CZ&known_at=" + kNow) ==
        lines("CZ", kNow, false, kNow).front());
  const auto response = test.client.Get(Smart("anna"));
  CHECK(response->Header("flywheel-position") ==
        fmt::format("{}@6", PartitionOf("anna", 4).number()));
  CHECK(response->Header("flywheel-lag-events") == "0");
}

TEST_CASE("the SLA of a window is the line of the command line, of all windows an array") {
  Trade test;
  const SlaReader reader(test.node.stores());
  const auto lines = [&](std::string_view seller, std::string_view market, const char* as_of) {
    const auto answers = *reader.One(seller, market, Trade::At<SlaQuery>(as_of));
    std::vector<std::string> texts;
    for (const SlaAnswer& answer : answers) texts.push_back(SlaJson(answer));
    return texts;
  };
  const std::vector<std::string> all = lines("anna", "*", kNow);
  REQUIRE(all.size() > 1);
  REQUIRE(Has(all[1], R"("windowDays":7,)"));
  CHECK(test.Body(Sla("anna")) == RowsOf(all));
  CHECK(test.Body(Sla("anna") + "?window=7") == all[1]);
  CHECK(test.Body(Sla("anna") + "?market=PL&window=7") == lines("anna", "PL", kNow)[1]);
  CHECK(test.Body(Sla("anna") + "?market=PL&as_of=" + kEarlier) ==
        RowsOf(lines("anna", "PL", kEarlier)));
  // Of the marketplace, under both its names.
  CHECK(test.Body("/v1/sla") == RowsOf(lines("*", "*", kNow)));
  CHECK(test.Body("/v1/sla?market=PL&window=7") == lines("*", "PL", kNow)[1]);
  CHECK(test.Body(Sla("*")) == RowsOf(lines("*", "*", kNow)));
  CHECK(test.client.Get("/v1/sla")->Header("flywheel-position").find("0@2,1@") == 0);
}

TEST_CASE("a seller, market or window without a row is 404") {
  Trade test;
  for (const std::string& target :
       {Smart("bert"), Smart("anna") + "?market=SK", Smart("anna") + "?as_of=2025-05-01T00:00:00Z",
        Sla("bert"), Sla("anna") + "?market=SK", Sla("anna") + "?window=5",
        std::string("/v1/sla?market=SK")}) {
    INFO(target);
    const auto response = test.client.Get(target);
    CHECK(response->status == 404);
    CHECK(Has(response->body, R"("code":"NO_SUCH_ROW")"));
    CHECK(response->Header("flywheel-lag-events") == "0");
  }
  CHECK(Has(test.client.Get(Sla("anna") + "?window=5")->body, "there is no window of 5 days"));
}

TEST_CASE("parameters of Smart! and SLA that make no sense are 400 and named") {
  Trade test;
  const std::pair<std::string, const char*> wrong[] = {
      {Smart("*"), "id: name a seller"},
      {Smart("anna") + "?window=7", "there is no parameter 'window'"},
      {Smart("anna") + "?history=2", "history: '2' is none of true, false"},
      {Smart("anna") + "?as_of=now", "as_of: 'now'"},
      {Sla("anna") + "?window=0", "window: '0' is no whole number from 1 to"},
      {Sla("anna") + "?window=seven", "window: 'seven'"},
      {Sla("anna") + "?window=99999999999999999999", "window: '99999999999999999999'"},
      {Sla("anna") + "?history=true", "there is no parameter 'history'"},
      {"/v1/sla?window=7&window=7", "window is given more than once"},
      {"/v1/sla?known_at=x", "known_at: 'x'"},
      {"/v1/sla?as_of=2025-06-30T12:00:00Z&clock=wall", "as_of and clock"},
      {"/v1/sla?seller=anna", "there is no parameter 'seller'"}};
  for (const auto& [target, sentence] : wrong) {
    const auto response = test.client.Get(target);
    CHECK(response->status == 400);
    CHECK(Has(response->body, R"("code":"BAD_PARAMETER")"));
    CHECK(Has(response->body, sentence));
  }
}

TEST_CASE("Smart! and SLA of another node's seller are sent there, totals need every partition") {
  Trade test;
  test.node.Lose(Partition(2), {CellStatus::State::kAbsent, ""}, "http://10.0.0.7:8081");
  for (const std::string& target :
       {Smart(SellerOf(2)) + "?market=PL", Sla(SellerOf(2)) + "?window=7"}) {
    const auto response = test.client.Get(target);
    CHECK(response->status == 307);
    CHECK(response->Header("location") == "http://10.0.0.7:8081" + target);
  }
  CHECK(test.client.Get("/v1/sla")->status == 421);
  test.node.Lose(Partition(2), {CellStatus::State::kRestoring, ""}, test.node.address());
  CHECK(test.client.Get("/v1/sla")->status == 503);
  CHECK(test.client.Get(Smart(SellerOf(2)))->status == 503);
  CHECK(test.client.Get(Sla(SellerOf(0)))->status == 200);
}

}  // namespace
}  // namespace flywheel
