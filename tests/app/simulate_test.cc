// A simulated marketplace with disorder and dirt, published: what is refused, and why.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "app/program.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

std::vector<std::string> Simulate(std::vector<std::string> more) {
  std::vector<std::string> arguments = {
      "--json", "simulate", "--sellers", "20", "--orders", "600",
      "--days", "60",       "--seed",    "5",  "--start",  "2024-01-01T00:00:00Z"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_CASE("every kind of dirt is refused with its code, and everything else accepted") {
  Program program;
  const ProgramRun run = program.Run(Simulate({"--dirt", "0.2"}));
  CHECK(run.code == 0);
  const Json summary = Json::parse(run.out);
  const Json& dirt = summary["dirt"];
  const Json& publish = summary["publish"];
  const Json& refused = publish["fold"]["refused"];
  REQUIRE(dirt.size() == 8);
  CHECK(publish["refused"] == dirt["undecodable"].get<int>() + dirt["unknownMarket"].get<int>());
  CHECK(refused["WRONG_MARKET"] == dirt["wrongMarket"]);
  CHECK(refused["WRONG_BUYER"] == dirt["wrongBuyer"]);
  CHECK(refused["OVER_REFUND"] == dirt["overRefund"]);
  CHECK(refused["OVER_RETURN"] == dirt["overReturn"]);
  CHECK(refused["REVIEW_TOO_LATE"] == dirt["lateReview"]);
  CHECK(publish["fold"]["waiting"] == dirt["unknownOrder"]);
  CHECK(publish["fold"]["duplicates"] == 0);
  int dirty = 0;
  for (const auto& [kind, count] : dirt.items()) {
    CHECK(count > 0);
    dirty += count.get<int>();
  }
  CHECK(publish["fold"]["accepted"] == summary["events"].get<int>() - dirty);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("a file of dirt is refused by publish as the simulation counts it") {
  Program program;
  for (const char* format : {"jsonl", "binary"}) {
    INFO(format);
    const std::string file = program.Path(std::string("events.") + format);
    const ProgramRun made =
        program.Run(Simulate({"--dirt", "0.1", "--out", file, "--format", format}));
    CHECK(made.code == 0);
    const Json dirt = Json::parse(made.out)["dirt"];
    const ProgramRun checked =
        program.Run({"--json", "publish", file, "--dry-run", "--format", format});
    CHECK(checked.code == 1);
    int undecodable = 0;
    int invalid = 0;
    for (const std::string& line : LinesOf(checked.out)) {
      const Json outcome = Json::parse(line);
      if (outcome["status"] != "refused") continue;
      ++(outcome["code"] == "UNDECODABLE" ? undecodable : invalid);
    }
    CHECK(undecodable == dirt["undecodable"]);
    CHECK(invalid == dirt["unknownMarket"]);
  }
}

TEST_CASE("disorder changes what arrives when, and no answer") {
  Program clean;
  Program disordered;
  REQUIRE(clean.Run(Simulate({})).code == 0);
  const ProgramRun run = disordered.Run(Simulate({"--disorder", "1"}));
  CHECK(run.code == 0);
  const Json fold = Json::parse(run.out)["publish"]["fold"];
  CHECK(fold["duplicates"] > 0);
  CHECK(fold["waiting"] == 0);
  const std::vector<std::string> question = {"--json", "export", "rating", "--as-of",
                                             "2025-06-30T00:00:00Z"};
  CHECK(clean.Run(question).out == disordered.Run(question).out);
}

TEST_CASE("the shares of disorder and dirt are from 0 to 1") {
  Program program;
  CHECK(program.Run(Simulate({"--dirt", "1.1"})).code == 2);
  CHECK(program.Run(Simulate({"--disorder", "-0.1"})).code == 2);
  CHECK(program.Run(Simulate({"--disorder", "1", "--late-ppm", "5"})).code == 2);
}

}  // namespace
}  // namespace flywheel
