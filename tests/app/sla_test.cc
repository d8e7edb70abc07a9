#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "app/events.h"
#include "app/program.h"
#include "app/sla_text.h"

namespace flywheel {
namespace {

std::string PlacedWithPromise(std::string_view order, std::string_view promised) {
  return fmt::format(
      R"("orderPlaced":{{"orderId":"{}","buyerId":"b","lines":[{{"lineId":"1","offerId":"o",)"
      R"("quantity":1,"unitPrice":{{"amountMinor":"1000","currency":"PLN"}}}}],)"
      R"("total":{{"amountMinor":"1000","currency":"PLN"}},)"
      R"("delivery":{{"method":"COURIER","promisedDispatchBy":"{}"}}}})",
      order, promised);
}

// As of Monday, 30 June 2025, 12:00 UTC: o1 was dispatched in time on Saturday, o3 is overdue since
// 8 o'clock, o2 is due tomorrow at 8; a claim about o1 was opened at 9 o'clock.
std::string AnnasClocks() {
  return EventLine("2025-06-28T10:00:00Z", PlacedWithPromise("o1", "2025-06-29T10:00:00Z")) +
         EventLine("2025-06-28T11:00:00Z",
                   R"("parcelRegistered":{"orderId":"o1","parcelId":"p","carrierId":"c",)"
                   R"("direction":"OUTBOUND"})") +
         EventLine("2025-06-28T12:00:00Z",
                   R"("parcelScanned":{"orderId":"o1","parcelId":"p","code":"IN_TRANSIT"})") +
         EventLine("2025-06-29T08:00:00Z", PlacedWithPromise("o3", "2025-06-30T08:00:00Z")) +
         EventLine("2025-06-30T08:00:00Z", PlacedWithPromise("o2", "2025-07-01T08:00:00Z")) +
         EventLine("2025-06-30T09:00:00Z",
                   R"("complaintOpened":{"orderId":"o1","complaintId":"c1","buyerId":"b",)"
                   R"("kind":"CLAIM","reason":"OTHER","expectation":"REFUND"})");
}

Program& Marketplace() {
  static Program* const program = [] {
    auto* made = new Program;
    made->Run({"publish"}, AnnasClocks());
    return made;
  }();
  return *program;
}

std::vector<std::string> JsonLines(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  const ProgramRun run = Marketplace().Run(std::move(arguments));
  CHECK(run.code == 0);
  return LinesOf(run.out);
}

TEST_CASE("query sla answers in the documented JSON, a line for each window") {
  const std::vector<std::string> lines = JsonLines({"query", "sla", "anna", "--market", "PL"});
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with(R"({"sellerId":"anna","market":"PL","windowDays":1,)"));
  CHECK(lines[1] ==
        R"({"sellerId":"anna","market":"PL","windowDays":7,"asOf":"2025-06-30T12:00:00.000Z",)"
        R"("firstResponse":{"within":0,"late":0,"pending":1,"overdue":0},)"
        R"("resolution":{"within":0,"late":0,"pending":1,"overdue":0},)"
        R"("decision":{"within":0,"late":0,"pending":1,"overdue":0},)"
        R"("dispatch":{"within":1,"late":0,"pending":1,"overdue":1,"compliance":0.5,)"
        R"("p50Seconds":7176.192,"p90Seconds":7176.192,"p99Seconds":7176.192},)"
        R"("refund":{"within":0,"late":0,"pending":0,"overdue":0},"complete":true})");
  CHECK(lines[0].find(R"("dispatch":{"within":0,"late":0,"pending":1,"overdue":0})") !=
        std::string::npos);
  CHECK(lines[2].find(R"("windowDays":30,)") != std::string::npos);
  CHECK(lines[3].find(R"("windowDays":90,)") != std::string::npos);
}

TEST_CASE("a window can be chosen, and has to be there") {
  CHECK(JsonLines({"query", "sla", "anna", "--window", "7"}).size() == 1);
  const ProgramRun none = Marketplace().Run({"query", "sla", "anna", "--window", "8"});
  CHECK(none.code == 3);
  CHECK(none.err.find("1, 7, 30, 90") != std::string::npos);
  CHECK(Marketplace().Run({"query", "sla", "bert"}).code == 3);
  CHECK(Marketplace().Run({"query", "sla", "anna", "--market", "CZ"}).code == 3);
  CHECK(Marketplace().Run({"query", "sla", "anna", "--window", "0"}).code == 2);
}

TEST_CASE("an earlier instant is answered from the facts of then") {
  // A millisecond before the scan nothing is dispatched.
  const std::vector<std::string> before =
      JsonLines({"query", "sla", "anna", "--window", "1", "--as-of", "2025-06-28T11:59:59.999Z"});
  CHECK(before[0].find(R"("dispatch":{"within":0,"late":0,"pending":1,"overdue":0})") !=
        std::string::npos);
  const std::vector<std::string> then =
      JsonLines({"query", "sla", "anna", "--window", "1", "--as-of", "2025-06-28T12:00:00Z"});
  CHECK(then[0].find(R"("dispatch":{"within":1,"late":0,"pending":0,"overdue":0)") !=
        std::string::npos);
  CHECK(
      Marketplace().Run({"query", "sla", "anna", "--known-at", "2025-06-30T11:59:59.999Z"}).code ==
      3);
}

TEST_CASE("people get tables") {
  const ProgramRun run = Marketplace().Run({"query", "sla", "anna", "--window", "7"});
  CHECK(run.out.find("opened in the last 7 local days") != std::string::npos);
  CHECK(run.out.find("50.0 %") != std::string::npos);
  CHECK(run.out.find("1:59:36") != std::string::npos);
  CHECK(DurationText(0) == "0.000 s");
  CHECK(DurationText(59'999) == "59.999 s");
  CHECK(DurationText(60'000) == "0:01:00");
  CHECK(DurationText(2 * kMillisPerDay + 3 * kMillisPerHour + 4'000) == "2 d 03:00:04");
}

TEST_CASE("explain sla lists the clocks behind a figure with the places of what decided") {
  const std::vector<std::string> lines =
      JsonLines({"explain", "sla", "anna", "--figure", "dispatch.within"});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with(
      R"({"sellerId":"anna","market":"PL","clock":"dispatch","id":"o1","orderId":"o1",)"
      R"("openedAt":"2025-06-28T10:00:00.000Z","due":"2025-06-29T10:00:00.000Z",)"
      R"("stoppedAt":"2025-06-28T12:00:00.000Z","durationSeconds":7200.000,"state":"WITHIN",)"
      R"("windows":[7,30,90],"events":[{"kind":"OrderPlaced",)"));
  CHECK(lines[0].find(R"("kind":"ParcelScanned")") != std::string::npos);
  CHECK(lines[0].find(R"("kind":"ParcelRegistered")") == std::string::npos);
  CHECK(lines[0].find("\"place\":\"") != std::string::npos);

  CHECK(JsonLines({"explain", "sla", "anna"}).size() == 6);
  CHECK(JsonLines({"explain", "sla", "anna", "--figure", "dispatch"}).size() == 3);
  CHECK(JsonLines({"explain", "sla", "anna", "--figure", "dispatch.compliance"}).size() == 2);
  CHECK(JsonLines({"explain", "sla", "anna", "--figure", "dispatch.p99Seconds"}).size() == 1);
  CHECK(JsonLines({"explain", "sla", "anna", "--window", "1"}).size() == 4);
  CHECK(Marketplace().Run({"explain", "sla", "anna", "--figure", "dispatch.none"}).code == 2);
  CHECK(Marketplace().Run({"explain", "sla", "anna", "--figure", "dispatch."}).code == 2);
  CHECK(Marketplace().Run({"explain", "sla", "*"}).code == 2);
  const ProgramRun page = Marketplace().Run({"explain", "sla", "anna", "--limit", "2"});
  CHECK(page.err.find("--offset 2") != std::string::npos);
}

TEST_CASE("export sla writes every seller, market and window, and the totals") {
  const std::vector<std::string> lines = JsonLines({"export", "sla"});
  REQUIRE(lines.size() == 16);
  CHECK(lines[0].starts_with(R"({"sellerId":"*","market":"*","windowDays":1,)"));
  CHECK(lines[4].starts_with(R"({"sellerId":"*","market":"PL","windowDays":1,)"));
  CHECK(lines[8].starts_with(R"({"sellerId":"anna","market":"*","windowDays":1,)"));
  CHECK(lines[13] == JsonLines({"query", "sla", "anna", "--market", "PL"})[1]);
  CHECK(lines[1] == JsonLines({"query", "sla", "*"})[1]);
  const std::vector<std::string> csv =
      LinesOf(Marketplace().Run({"export", "sla", "--format", "csv"}).out);
  REQUIRE(csv.size() == 17);
  CHECK(csv[0].starts_with("sellerId,market,windowDays,asOf,firstResponse.within,"));
  CHECK(csv[0].ends_with(",refund.p99Seconds,complete"));
  CHECK(csv[14] ==
        "anna,PL,7,2025-06-30T12:00:00.000Z,0,0,1,0,,,,,0,0,1,0,,,,,0,0,1,0,,,,,"
        "1,0,1,1,0.5,7176.192,7176.192,7176.192,0,0,0,0,,,,,true");
}

TEST_CASE("the queue has what is due first in front") {
  const std::vector<std::string> lines = JsonLines({"queue"});
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] ==
        R"({"sellerId":"anna","market":"PL","clock":"dispatch","id":"o3","orderId":"o3",)"
        R"("openedAt":"2025-06-29T08:00:00.000Z","due":"2025-06-30T08:00:00.000Z",)"
        R"("state":"OVERDUE"})");
  const char* const clocks[] = {"dispatch", "dispatch", "firstResponse", "resolution", "decision"};
  for (size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].find(fmt::format(R"("clock":"{}")", clocks[i])) != std::string::npos);
  }
  CHECK(lines[4].find(R"("due":"2025-07-14T21:59:59.999Z","state":"PENDING")") !=
        std::string::npos);
}

TEST_CASE("the queue can be narrowed") {
  // The next 20 hours end as o2 is due; a millisecond later it is not within 19 hours any more.
  CHECK(JsonLines({"queue", "--within-hours", "20"}).size() == 2);
  CHECK(JsonLines({"queue", "--within-hours", "19"}).size() == 1);
  CHECK(JsonLines({"queue", "--within-hours", "0"}).size() == 1);
  CHECK(JsonLines({"queue", "--kind", "dispatch"}).size() == 2);
  CHECK(JsonLines({"queue", "--seller", "anna", "--market", "PL"}).size() == 5);
  CHECK(JsonLines({"queue", "--seller", "bert"}).empty());
  CHECK(JsonLines({"queue", "--market", "CZ"}).empty());
  CHECK(JsonLines({"queue", "--as-of", "2025-06-30T08:00:00Z"}).size() == 2);
  CHECK(JsonLines({"queue", "--clock", "log"}).size() == 5);
  CHECK(Marketplace().Run({"queue", "--kind", "none"}).code == 2);
  CHECK(Marketplace().Run({"queue", "--limit", "0"}).code == 2);
}

TEST_CASE("the queue is read page by page") {
  const std::vector<std::string> whole = JsonLines({"queue"});
  std::vector<std::string> joined;
  std::vector<std::string> arguments = {"--json", "queue", "--limit", "2"};
  for (int page = 0; page < 3; ++page) {
    const ProgramRun run = Marketplace().Run(arguments);
    for (const std::string& line : LinesOf(run.out)) joined.push_back(line);
    const size_t token = run.err.find("--after ");
    CHECK((token != std::string::npos) == (page < 2));
    if (token == std::string::npos) break;
    const std::string rest = run.err.substr(token + 8);
    arguments = {"--json", "queue", "--limit", "2", "--after", rest.substr(0, rest.find('\n'))};
  }
  CHECK(joined == whole);
  CHECK(Marketplace().Run({"queue", "--after", "zz"}).code == 2);
  CHECK(Marketplace().Run({"queue", "--after", "0102"}).code == 2);
  const ProgramRun table = Marketplace().Run({"queue"});
  CHECK(table.out.find("4:00:00 ago") != std::string::npos);
  CHECK(table.out.find("20:00:00") != std::string::npos);
}

}  // namespace
}  // namespace flywheel
