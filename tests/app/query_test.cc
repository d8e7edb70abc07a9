#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"

namespace flywheel {
namespace {

// Seller anna sells 12 orders in PL to 11 buyers; buyer b1 first does not recommend, then does.
// Order o12's review is answered.
std::string AnnasReviews() {
  std::string lines;
  for (int i = 1; i <= 12; ++i) {
    const std::string order = "o" + std::to_string(i);
    const std::string buyer = "b" + std::to_string(i == 12 ? 1 : i);
    const std::string day = i < 10 ? "0" + std::to_string(i) : std::to_string(i);
    lines += EventLine("2025-05-" + day + "T10:00:00Z", Placed(order, buyer));
    lines += EventLine("2025-06-" + day + "T10:00:00Z", Reviewed(order, buyer, i > 2, 3 + i % 3));
  }
  return lines + EventLine("2025-06-13T10:00:00Z", Answered("o12"));
}

Program& Marketplace() {
  static Program* const program = [] {
    auto* made = new Program;
    made->Run({"publish"}, AnnasReviews());
    return made;
  }();
  return *program;
}

TEST_CASE("query rating answers in the documented JSON") {
  const ProgramRun run = Marketplace().Run({"--json", "query", "rating", "anna", "--market", "PL"});
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK(run.out ==
        R"({"sellerId":"anna","market":"PL","asOf":"2025-06-30T12:00:00.000Z",)"
        R"("recommended":{"total":10,"unique":10},"notRecommended":{"total":2,"unique":1},)"
        R"("recommendedPercentage":90.9,"rates":{)"
        R"("delivery":{"distribution":[0,0,0,0,0]},"deliveryCost":{"distribution":[0,0,0,0,0]},)"
        R"("description":{"distribution":[0,0,0,0,0]},)"
        R"("service":{"average":4.00,"distribution":[0,0,4,4,4]}},)"
        R"("answered":1,"removed":{"byBuyer":0,"byMarketplace":0,"byBuyerAfterCompensation":0},)"
        R"("lifetime":{"recommended":10,"notRecommended":2},"complete":true})"
        "\n");
}

TEST_CASE("--json stands before or after the command") {
  const std::string first = Marketplace().Run({"--json", "query", "rating", "anna"}).out;
  CHECK(Marketplace().Run({"query", "--json", "rating", "anna"}).out == first);
  CHECK(Marketplace().Run({"query", "rating", "anna", "--json"}).out == first);
  CHECK(first.front() == '{');
}

TEST_CASE("what is absent in the answer is absent in the JSON") {
  // Nine reviews so far: no average. The two that recommend nothing are all there is: 0.0 %.
  const std::string out =
      Marketplace()
          .Run({"--json", "query", "rating", "anna", "--as-of", "2025-06-02T23:00:00+02:00"})
          .out;
  CHECK(out.find(R"("asOf":"2025-06-02T21:00:00.000Z")") != std::string::npos);
  CHECK(out.find(R"("recommendedPercentage":0.0)") != std::string::npos);
  CHECK(out.find("average") == std::string::npos);
  const std::string before =
      Marketplace()
          .Run({"--json", "query", "rating", "anna", "--as-of", "2025-05-20T00:00:00Z"})
          .out;
  CHECK(before.find("recommendedPercentage") == std::string::npos);
  CHECK(before.find("history") == std::string::npos);
}

TEST_CASE("the history has a row for each day of the window") {
  const std::string out =
      Marketplace().Run({"--json", "query", "rating", "anna", "--market", "PL", "--history"}).out;
  CHECK(out.find(R"({"day":"2025-06-03","recommended":{"total":1,"unique":1},)"
                 R"("notRecommended":{"total":2,"unique":2},"recommendedPercentage":33.3})") !=
        std::string::npos);
  size_t days = 0;
  for (size_t at = out.find("\"day\""); at != std::string::npos; at = out.find("\"day\"", at + 1)) {
    ++days;
  }
  CHECK(days == 365);
}

TEST_CASE("the clock of the log is the latest instant in it") {
  const std::string out =
      Marketplace().Run({"--json", "query", "rating", "anna", "--clock", "log"}).out;
  CHECK(out.find(R"("asOf":"2025-06-13T10:00:00.000Z")") != std::string::npos);
}

TEST_CASE("known_at leaves out what was recorded later") {
  const ProgramRun nothing =
      Marketplace().Run({"query", "rating", "anna", "--known-at", "2025-06-30T11:59:59.999Z"});
  CHECK(nothing.code == 3);
  CHECK(Marketplace().Run({"query", "rating", "anna", "--known-at", "2025-06-30T12:00:00Z"}).code ==
        0);
}

TEST_CASE("at a position the log is taken to end there") {
  // Of each partition, none of which has a thousand records.
  const auto at = [](int partitions, int offset) {
    std::string position;
    for (int i = 0; i < partitions; ++i) {
      position += (i == 0 ? "" : ",") + std::to_string(i) + "@" + std::to_string(offset);
    }
    return position;
  };
  const auto run = [&](const std::string& command, const std::string& position) {
    std::vector<std::string> arguments = {"--json", "query",   command,
                                          "anna",   "--as-of", "2025-06-30T12:00:00Z"};
    if (!position.empty()) arguments.insert(arguments.end(), {"--at-position", position});
    return Marketplace().Run(arguments);
  };
  for (const std::string command : {"rating", "sla"}) {
    const ProgramRun all = run(command, "");
    REQUIRE(all.code == 0);
    CHECK(run(command, at(kDefaultPartitions, 0)).code == 3);
    const ProgramRun first = run(command, at(kDefaultPartitions, 1));
    CHECK(first.code == 0);
    // Anna's orders start no clock.
    CHECK((first.out == all.out) == (command == "sla"));
    CHECK(run(command, at(kDefaultPartitions + 1, 0)).code == 2);
    CHECK(run(command, at(kDefaultPartitions, 1000)).code == 4);
  }
  const std::string queue_at = at(kDefaultPartitions, 0);
  CHECK(Marketplace()
            .Run({"queue", "--as-of", "2025-06-30T12:00:00Z", "--at-position", queue_at})
            .code == 0);
  CHECK(Marketplace().Run({"query", "rating", "anna", "--at-position", queue_at}).code == 2);
  CHECK(
      Marketplace()
          .Run({"query", "rating", "*", "--as-of", "2025-06-30T12:00:00Z", "--at-position", "0@0"})
          .code == 2);
}

TEST_CASE("a seller or market without a row is not found") {
  const ProgramRun seller = Marketplace().Run({"query", "rating", "bert"});
  CHECK(seller.code == 3);
  CHECK(seller.out.empty());
  CHECK(seller.err.find("bert") != std::string::npos);
  CHECK(Marketplace().Run({"query", "rating", "anna", "--market", "CZ"}).code == 3);
  CHECK(Marketplace().Run({"query", "rating", "anna", "--market", "nowhere"}).code == 3);
  CHECK(Marketplace().Run({"query", "rating", "*"}).code == 0);
}

TEST_CASE("instants that are none are errors of the command line") {
  for (const char* text : {"yesterday", "2025-06-30", "2025-06-30T12:00:00", "2025-02-29T12:00:00Z",
                           "2025-06-30T24:00:00Z", "2025-06-30T12:00:60Z", "9999-01-01T00:00:00Z",
                           "1969-12-31T23:59:59Z", "2025-06-30T12:00:00.Z", "2025-06-30T12:00:00Zx",
                           "2200-01-01T00:00:00Z", "2025-06-30 12:00:00Z"}) {
    INFO(text);
    const ProgramRun run =
        Marketplace().Run({"query", "rating", "anna", std::string("--as-of=") + text});
    CHECK(run.code == 2);
    CHECK_FALSE(run.err.empty());
  }
  const ProgramRun both = Marketplace().Run(
      {"query", "rating", "anna", "--as-of", "2025-06-30T12:00:00Z", "--clock", "log"});
  CHECK(both.code == 2);
}

TEST_CASE("wrong command lines have exit code 2, and help has 0") {
  Program program;
  CHECK(program.Run({}).code == 2);
  CHECK(program.Run({"fly"}).code == 2);
  CHECK(program.Run({"query"}).code == 2);
  CHECK(program.Run({"query", "rating"}).code == 2);
  CHECK(program.Run({"query", "rating", "anna", "--clock", "sun"}).code == 2);
  CHECK(program.Run({"publish", "--format", "xml"}).code == 2);
  CHECK(program.Run({"publish", "--partitions", "0"}).code == 2);
  const ProgramRun help = program.Run({"--help"});
  CHECK(help.code == 0);
  CHECK(help.out.find("Exit codes: 0 done") != std::string::npos);
}

TEST_CASE("a folder without a log is said, and not made") {
  Program program;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"query", "rating", "anna"},
        {"export", "rating"},
        {"log", "info"},
        {"log", "check"},
        {"verify"},
        {"rebuild"},
        {"quarantine", "list"}}) {
    INFO(command[0]);
    const ProgramRun run = program.Run(command);
    CHECK(run.code == 3);
    CHECK(run.err.find(program.data()) != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(program.data()));
}

TEST_CASE("explain lists the reviews behind a figure with their events") {
  const ProgramRun run = Marketplace().Run({"--json", "explain", "rating", "anna", "--market", "PL",
                                            "--figure", "notRecommended.unique"});
  CHECK(run.code == 0);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(R"("orderId":"o2","buyerId":"b2","reviewId":"r-o2")") != std::string::npos);
  CHECK(lines[0].find(R"({"kind":"ReviewPosted","occurredAt":"2025-06-02T10:00:00.000Z")") !=
        std::string::npos);
  CHECK(Marketplace().Run({"explain", "rating", "anna", "--figure", "stars"}).code == 2);
  CHECK(Marketplace().Run({"explain", "rating", "bert"}).code == 3);
}

TEST_CASE("explain gives what is behind ratios and groups, in pages") {
  const auto count = [](const std::string& figure) {
    return LinesOf(
               Marketplace().Run({"--json", "explain", "rating", "anna", "--figure", figure}).out)
        .size();
  };
  CHECK(count("recommendedPercentage") == 11);
  CHECK(count("recommended") == 10);
  CHECK(count("rates.service.average") == 12);
  CHECK(count("rates.service.distribution.4") == 4);
  CHECK(count("rates.delivery") == 0);
  CHECK(count("answered") == 1);
  const ProgramRun page =
      Marketplace().Run({"--json", "explain", "rating", "anna", "--limit", "5", "--offset", "5"});
  CHECK(LinesOf(page.out).size() == 5);
  CHECK(page.err == "5 of 12 reviews; go on with --offset 10\n");
  CHECK(Marketplace().Run({"explain", "rating", "anna", "--offset", "99"}).code == 0);
}

TEST_CASE("export has a line for each row and total, and query agrees with it") {
  const ProgramRun run = Marketplace().Run({"export", "rating"});
  CHECK(run.code == 0);
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 4);
  const auto query = [](const char* seller, const char* market) {
    return Marketplace().Run({"--json", "query", "rating", seller, "--market", market}).out;
  };
  CHECK(lines[0] + "\n" == query("*", "*"));
  CHECK(lines[1] + "\n" == query("*", "PL"));
  CHECK(lines[2] + "\n" == query("anna", "*"));
  CHECK(lines[3] + "\n" == query("anna", "PL"));
}

TEST_CASE("export writes CSV with the JSON paths as columns") {
  const ProgramRun run = Marketplace().Run({"export", "rating", "--format", "csv"});
  const auto lines = LinesOf(run.out);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] ==
        "sellerId,market,asOf,recommended.total,recommended.unique,notRecommended.total,"
        "notRecommended.unique,recommendedPercentage,rates.delivery.average,"
        "rates.delivery.distribution.1,rates.delivery.distribution.2,rates.delivery.distribution.3,"
        "rates.delivery.distribution.4,rates.delivery.distribution.5,rates.deliveryCost.average,"
        "rates.deliveryCost.distribution.1,rates.deliveryCost.distribution.2,"
        "rates.deliveryCost.distribution.3,rates.deliveryCost.distribution.4,"
        "rates.deliveryCost.distribution.5,rates.description.average,"
        "rates.description.distribution.1,rates.description.distribution.2,"
        "rates.description.distribution.3,rates.description.distribution.4,"
        "rates.description.distribution.5,rates.service.average,rates.service.distribution.1,"
        "rates.service.distribution.2,rates.service.distribution.3,rates.service.distribution.4,"
        "rates.service.distribution.5,answered,removed.byBuyer,removed.byMarketplace,"
        "removed.byBuyerAfterCompensation,lifetime.recommended,lifetime.notRecommended,complete");
  CHECK(lines[4] ==
        "anna,PL,2025-06-30T12:00:00.000Z,10,10,2,1,90.9,,0,0,0,0,0,,0,0,0,0,0,,0,0,0,0,0,4.00,0,0,"
        "4,4,4,1,0,0,0,10,2,true");
}

TEST_CASE("CSV quotes what it has to") {
  Program program;
  REQUIRE(
      program
          .Run({"publish"}, EventLine("2025-06-01T12:00:00Z", Placed("o1", "b1"), R"(a \"b\", c)"))
          .code == 0);
  const auto lines = LinesOf(program.Run({"export", "rating", "--format", "csv"}).out);
  REQUIRE(lines.size() == 5);
  CHECK(lines[4].rfind(R"("a ""b"", c",PL,)", 0) == 0);
}

TEST_CASE("export puts its file in place as a whole or not at all") {
  Program program;
  REQUIRE(program.Run({"publish"}, AnnasReviews()).code == 0);
  CHECK(program.Run({"export", "rating", "--out", program.Path("ratings.jsonl")}).code == 0);
  CHECK(LinesOf(program.Read("ratings.jsonl")).size() == 4);
  CHECK(program.Run({"export", "rating", "--out", program.Path("no/such/folder")}).code == 3);
  CHECK(program.Run({"export", "rating", "--out", "/"}).code == 2);
  for (const auto& entry : std::filesystem::directory_iterator(program.Path(""))) {
    CHECK(entry.path().extension() != ".part");
  }
}

}  // namespace
}  // namespace flywheel
