// `query smart`, `explain smart` and `export smart`, as the command line answers.
#include <catch2/catch.hpp>
#include <string>

#include "app/events.h"
#include "app/program.h"

namespace flywheel {
namespace {

const std::string kStanding =
    R"("sellerStandingChanged":{"feesPaid":true,"returnPolicy":{"freeReturns":true,"withdrawalDays":14}})";

// anna in PL, with five buyers who recommend.
std::string Anna() {
  std::string lines = EventLine("2025-06-01T10:00:00Z", R"("sellerRegistered":{"business":true})");
  lines += EventLine("2025-06-01T10:00:00Z", kStanding);
  for (int i = 0; i < 5; ++i) {
    const std::string number = std::to_string(i);
    lines += EventLine("2025-06-01T11:00:00Z", Placed("o" + number, "b" + number));
    lines +=
        EventLine("2025-06-02T10:00:0" + number + "Z", Reviewed("o" + number, "b" + number, true));
  }
  return lines;
}

TEST_CASE("query smart answers in JSON and for a person") {
  Program program;
  REQUIRE(program.Run({"publish"}, Anna()).code == 0);
  const ProgramRun json = program.Run(
      {"--json", "query", "smart", "anna", "--history", "--as-of", "2025-06-30T00:00:00Z"});
  REQUIRE(json.code == 0);
  CHECK(
      json.out.find(
          R"({"sellerId":"anna","market":"PL","asOf":"2025-06-30T00:00:00.000Z","fulfilled":true,)"
          R"("lastChanged":"2025-06-02T10:00:04.000Z","conditions":[)"
          R"({"code":"ratingPercentage","name":"Positive feedback","value":1,"threshold":0.98,"required":true,"fulfilled":true},)"
          R"({"code":"ratesCount","name":"Unique positive ratings","value":5,"threshold":5,"required":true,"fulfilled":true},)"
          R"({"code":"superSeller","name":"Super Seller","value":false,"required":false,"fulfilled":false},)"
          R"({"code":"goodStanding","name":"Account in good standing","value":true,"required":true,"fulfilled":true},)"
          R"({"code":"trackedShipments","name":"Tracked shipments","threshold":0.5,"required":false,"fulfilled":false},)"
          R"({"code":"returnPolicy","name":"Return policy","value":true,"required":true,"fulfilled":true}],)"
          R"("headroom":{"negativesUntilLost":1},"outlook":"2026-06-01T22:00:00.000Z","complete":true,)"
          R"("history":[{"at":"2025-06-02T10:00:04.000Z","fulfilled":true,"cause":{"event":"ReviewPosted","place":")") ==
      0);
  CHECK(json.out.find(R"("orderId":"o4"}}]})") != std::string::npos);
  const ProgramRun later = program.Run(
      {"--json", "query", "smart", "anna", "--history", "--as-of", "2026-06-01T22:00:00Z"});
  CHECK(later.out.find(R"({"at":"2026-06-01T22:00:00.000Z","fulfilled":false,"cause":)"
                       R"({"expired":"RATING_WINDOW","at":"2026-06-01T22:00:00.000Z"}}]})") !=
        std::string::npos);
  const ProgramRun table = program.Run({"query", "smart", "anna", "--history"});
  CHECK(table.out.find("eligible for Smart! since 2025-06-02T10:00:04.000Z") != std::string::npos);
  CHECK(table.out.find("lost after 1 more buyers who do not recommend") != std::string::npos);
  CHECK(table.out.find("of order o4") != std::string::npos);
}

TEST_CASE("query smart goes by what was known and says where there is nothing") {
  Program program;
  REQUIRE(program.Run({"publish"}, Anna()).code == 0);
  CHECK(program.Run({"query", "smart", "nobody"}).code == 3);
  CHECK(program.Run({"query", "smart", "anna", "--market", "CZ"}).code == 3);
  CHECK(program.Run({"query", "smart", "*"}).code == 2);
  CHECK(program.Run({"query", "smart", "anna", "--as-of", "2025-05-01T00:00:00Z"}).code == 3);
  CHECK(program.Run({"query", "smart", "anna", "--known-at", "2025-06-29T00:00:00Z"}).code == 3);
  CHECK(program.Run({"query", "smart", "anna", "--known-at", "2025-06-30T12:00:00Z"}).code == 0);
}

TEST_CASE("explain smart lists what is behind a condition, a page at a time") {
  Program program;
  REQUIRE(program.Run({"publish"}, Anna()).code == 0);
  const ProgramRun all = program.Run({"--json", "explain", "smart", "anna"});
  REQUIRE(LinesOf(all.out).size() == 7);  // the registration, the standing, five buyers
  CHECK(LinesOf(all.out)[0].find("SellerRegistered") != std::string::npos);
  const ProgramRun page = program.Run({"--json", "explain", "smart", "anna", "--condition",
                                       "ratesCount", "--limit", "2", "--offset", "1"});
  REQUIRE(LinesOf(page.out).size() == 2);
  CHECK(LinesOf(page.out)[0].find(
            R"("buyerId":"b1","orderId":"o1","reviewId":"r-o1","recommends":true,)"
            R"("countsIn":["ratingPercentage","ratesCount"],)"
            R"("expiries":[{"rule":"RATING_WINDOW","at":"2026-06-01T22:00:00.000Z"}],)"
            R"("events":[{"kind":"OrderPlaced")") != std::string::npos);
  CHECK(page.err.find("go on with --offset 3") != std::string::npos);
  CHECK(program.Run({"explain", "smart", "anna", "--condition", "rates"}).code == 2);
}

TEST_CASE("export smart writes a line for each seller and market") {
  Program program;
  REQUIRE(program
              .Run({"publish"}, Anna() + EventLine("2025-06-01T10:00:00Z", kStanding, "ada", "CZ") +
                                    EventLine("2025-06-01T10:00:00Z", kStanding, "ada", "PL"))
              .code == 0);
  const std::vector<std::string> lines = LinesOf(program.Run({"export", "smart"}).out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].find(R"({"sellerId":"ada","market":"CZ")") == 0);
  CHECK(lines[1].find(R"({"sellerId":"ada","market":"PL")") == 0);
  CHECK(lines[2].find(R"({"sellerId":"anna","market":"PL")") == 0);
  const std::vector<std::string> csv =
      LinesOf(program.Run({"export", "smart", "--format", "csv"}).out);
  REQUIRE(csv.size() == 4);
  CHECK(csv[0].find("sellerId,market,asOf,fulfilled,lastChanged,ratingPercentage.value,") == 0);
  CHECK(csv[3].find(
            "anna,PL,2025-06-30T12:00:00.000Z,true,2025-06-02T10:00:04.000Z,1,0.98,true,") == 0);
}

}  // namespace
}  // namespace flywheel
