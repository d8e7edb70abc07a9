// policy show, diff, validate, publish: how a threshold changes.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"
#include "events/policy_record.h"
#include "events/policy_text.h"

namespace flywheel {
namespace {

constexpr std::string_view kShortWindow = R"({"defaults":{"rating":{"windowDays":10}}})";
constexpr const char* kFrom = "2025-06-30T22:00:00Z";  // the Polish midnight after `now`

// Sellers on all four partitions, each with a review 20 days before `now` and one of yesterday.
const std::vector<std::string> kSellers = {"anna", "bert", "carl", "dora", "emil",
                                           "fred", "gina", "hans", "ines", "jana"};

void PublishReviews(Program& program) {
  std::string lines;
  for (const std::string& seller : kSellers) {
    for (const auto& [order, day] :
         {std::pair("o1", "2025-06-10"), std::pair("o2", "2025-06-29")}) {
      const std::string at = fmt::format("{}T10:00:00Z", day);
      lines += EventLine(at, Placed(order, fmt::format("b-{}", order)), seller);
      lines += EventLine(at, Reviewed(order, fmt::format("b-{}", order), true), seller);
    }
  }
  REQUIRE(program.Run({"publish"}, lines).code == 0);
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int RecommendedAsOf(Program& program, const std::string& seller, const std::string& as_of) {
  const ProgramRun run = program.Run({"--json", "query", "rating", seller, "--as-of", as_of});
  REQUIRE(run.code == 0);
  const std::string key = R"("recommended":{"total":)";
  return std::stoi(run.out.substr(run.out.find(key) + key.size()));
}

uint64_t RecordsIn(Program& program) {
  uint64_t records = 0;
  const std::string out = program.Run({"--json", "log", "info"}).out;
  const std::string key = R"("end":)";
  for (size_t at = out.find(key); at != std::string::npos; at = out.find(key, at + 1)) {
    records += std::stoull(out.substr(at + key.size()));
  }
  return records;
}

// What an interrupted command leaves: the copy of partition 0 alone.
void PublishHalf(Program& program) {
  Context context;
  context.folder = program.data();
  const auto engine = OpenEngine(context);
  REQUIRE(engine.ok());
  const std::string record =
      PolicyRecord(ReadPolicy(kShortWindow).policy, 1, *ParseInstant(kFrom), program.now);
  const std::array<std::string_view, 1> records = {record};
  REQUIRE((*engine)->log().Append(Partition(0), records).ok());
}

TEST_CASE("a published policy changes the figures of every partition exactly from its instant on") {
  Program program;
  PublishReviews(program);
  for (const std::string& seller : kSellers) {
    CHECK(RecommendedAsOf(program, seller, kFrom) == 2);
  }
  const ProgramRun run =
      program.Run({"policy", "publish", "-", "--effective-from", kFrom}, kShortWindow);
  CHECK(run.err.empty());
  CHECK(run.code == 0);
  CHECK(Has(run.out, "version 1 holds from 2025-06-30T22:00:00.000Z on\n"));
  CHECK(Has(run.out, "all      rules.rating.window_days     365     10"));
  for (const std::string& seller : kSellers) {
    CHECK(RecommendedAsOf(program, seller, "2025-06-30T21:59:59.999Z") == 2);
    CHECK(RecommendedAsOf(program, seller, kFrom) == 1);
    CHECK(RecommendedAsOf(program, seller, "2025-07-08T21:59:59.999Z") == 1);
    CHECK(RecommendedAsOf(program, seller, "2025-07-08T22:00:00Z") == 0);
  }
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("the same publication again writes nothing, and one that was interrupted is completed") {
  Program program;
  PublishReviews(program);
  PublishHalf(program);
  const uint64_t before = RecordsIn(program);
  CHECK(Has(program.Run({"policy", "show"}).err, "published half: not on partition 1, 2, 3"));
  // There is less time left than a new policy needs, and enough for the copies.
  program.now = ParseInstant(kFrom)->Plus(-11 * kMillisPerMinute);
  const std::vector<std::string> publish = {"--json", "policy",           "publish",
                                            "-",      "--effective-from", kFrom};
  const ProgramRun completed = program.Run(publish, kShortWindow);
  CHECK(completed.code == 0);
  CHECK(Has(completed.out, R"("version":1,)"));
  CHECK(Has(completed.out, R"("status":"published")"));
  CHECK(Has(completed.out, R"("written":3)"));
  CHECK(RecordsIn(program) == before + 3);
  for (const std::string& seller : kSellers) CHECK(RecommendedAsOf(program, seller, kFrom) == 1);
  program.now = *ParseInstant("2025-08-01T00:00:00Z");
  const ProgramRun again = program.Run(publish, kShortWindow);
  CHECK(again.code == 0);
  CHECK(Has(again.out, R"("status":"there")"));
  CHECK(RecordsIn(program) == before + 3);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("a publication that can no longer be completed is said to be so") {
  Program program;
  PublishReviews(program);
  PublishHalf(program);
  program.now = ParseInstant(kFrom)->Plus(-10 * kMillisPerMinute + 1);
  const ProgramRun run =
      program.Run({"policy", "publish", "-", "--effective-from", kFrom}, kShortWindow);
  CHECK(run.code == 4);
  CHECK(Has(run.err, "version 1 was published half and can no longer be completed"));
}

TEST_CASE("a policy holds from twenty minutes ahead at the earliest") {
  Program program;
  PublishReviews(program);
  const auto publish = [&](std::string_view from) {
    return program.Run(
        {"policy", "publish", "-", "--dry-run", "--effective-from", std::string(from)},
        kShortWindow);
  };
  CHECK(publish("2025-06-30T12:20:00Z").code == 0);
  const ProgramRun near = publish("2025-06-30T12:19:59.999Z");
  CHECK(near.code == 2);
  CHECK(Has(near.err, "which now is 2025-06-30T12:20:00.000Z"));
  CHECK(publish("2025-06-30").code == 2);
  CHECK(program.Run({"policy", "publish", "-"}, kShortWindow).code == 2);
  // A dry run has written nothing.
  CHECK(RecordsIn(program) == 4 * kSellers.size());
}

TEST_CASE("a version never changes") {
  Program program;
  PublishReviews(program);
  const auto publish = [&](std::string_view policy, std::vector<std::string> more) {
    more.insert(more.begin(), {"policy", "publish", "-"});
    return program.Run(more, policy);
  };
  CHECK(publish(kShortWindow, {"--effective-from", kFrom, "--version", "7"}).code == 0);
  CHECK(publish(kShortWindow, {"--effective-from", kFrom, "--version", "7"}).code == 0);
  const ProgramRun other = publish("{}", {"--effective-from", kFrom, "--version", "7"});
  CHECK(other.code == 2);
  CHECK(Has(other.err, "says something else"));
  const ProgramRun later =
      publish(kShortWindow, {"--effective-from", "2025-07-02T00:00:00Z", "--version", "7"});
  CHECK(later.code == 2);
  CHECK(publish("{}", {"--effective-from", kFrom, "--version", "0"}).code == 2);
  const ProgramRun next = publish("{}", {"--effective-from", "2025-07-02T00:00:00Z"});
  CHECK(next.code == 0);
  CHECK(Has(next.out, "version 8 holds from 2025-07-02T00:00:00.000Z on"));
  CHECK(Has(next.out, "against version 7"));
}

TEST_CASE("a policy is shown so that it can be published again") {
  Program program;
  const ProgramRun built_in = program.Run({"policy", "show"});
  CHECK(built_in.code == 0);
  CHECK(Has(built_in.out, R"("windowDays": 365)"));
  CHECK(Has(built_in.err, "v0 (now)"));
  CHECK_FALSE(std::filesystem::exists(program.data()));
  PublishReviews(program);
  program.Write("policy.json", built_in.out);
  const std::string file = program.Path("policy.json");
  CHECK(program.Run({"policy", "diff", "0", file}).out == "no value differs\n");
  REQUIRE(program.Run({"policy", "publish", "-", "--effective-from", kFrom}, kShortWindow).code ==
          0);
  const ProgramRun now = program.Run({"--json", "policy", "show"});
  CHECK(Has(now.out, R"({"version":0,)"));
  const ProgramRun then = program.Run({"--json", "policy", "show", "--at", kFrom});
  CHECK(Has(then.out, R"({"version":1,"effectiveFrom":"2025-06-30T22:00:00.000Z","policy":{)"));
  CHECK(Has(then.out, R"("rating":{"windowDays":10,"ratesForAverage":10})"));
  CHECK(Has(then.out, R"("recordedAt":"2025-06-30T12:00:00.000Z","places":["0@)"));
  CHECK(program.Run({"--json", "policy", "show", "--version", "1"}).out == then.out);
  const ProgramRun market =
      program.Run({"--json", "policy", "show", "--version", "1", "--market", "PL"});
  CHECK(Has(market.out, R"("market":{"code":"PL","timeZone":"Europe/Warsaw")"));
  CHECK(program.Run({"policy", "show", "--market", "DE"}).code == 3);
  CHECK(program.Run({"policy", "show", "--version", "2"}).code == 3);
  CHECK(program.Run({"policy", "show", "--version", "1", "--at", kFrom}).code == 2);
}

TEST_CASE("diff lists what differs between versions and files") {
  Program program;
  PublishReviews(program);
  REQUIRE(program.Run({"policy", "publish", "-", "--effective-from", kFrom}, kShortWindow).code ==
          0);
  program.Write("polish.json",
                R"({"defaults":{"rating":{"windowDays":10}},
                    "markets":[{"code":"PL","rules":{"rating":{"windowDays":20}}}]})");
  const std::string file = program.Path("polish.json");
  CHECK(program.Run({"policy", "diff", "1", file}).out ==
        "markets  value                     before  after\n"
        "PL       rules.rating.window_days      10     20\n");
  CHECK(program.Run({"--json", "policy", "diff", file, "1"}).out ==
        R"({"market":"PL","path":"rules.rating.window_days","before":20,"after":10})"
        "\n");
  CHECK(Has(program.Run({"policy", "diff", "0", file}).out,
            "defaults BR CZ HR HU SI SK  rules.rating.window_days     365     10"));
  CHECK(program.Run({"policy", "diff", "0", "9"}).code == 3);
  CHECK(program.Run({"policy", "diff", "0", program.Path("none.json")}).code == 3);
  CHECK(program.Run({"policy", "diff", "0", "-"}, "{").code == 2);
}

TEST_CASE("validate gives every reason, and opens no folder") {
  Program program;
  const ProgramRun wrong = program.Run(
      {"policy", "validate", "-"},
      R"({"defaults":{"rating":{"windowDays":0}},"markets":[{"code":"DE"}],"market":[]})");
  CHECK(wrong.code == 1);
  CHECK(wrong.out.empty());
  CHECK(wrong.err ==
        "market: is no field of Policy\n"
        "defaults.rating.window_days: 0 is not between 1 and 3660\n"
        "standard input: refused for 2 reasons\n");
  CHECK(
      program.Run({"--json", "policy", "validate", "-"}, R"({"markets":[{"code":"DE"}]})").out ==
      R"({"status":"refused","faults":[)"
      R"({"path":"markets[0].currency","reason":"is required for a market that is not built in"},)"
      R"({"path":"markets[0].time_zone","reason":"is required for a market that is not built in"}]})"
      "\n");
  const ProgramRun valid = program.Run({"policy", "validate"}, kShortWindow);
  CHECK(valid.code == 0);
  CHECK(valid.out == "valid; 8 values differ from the built-in policy\n");
  CHECK(program.Run({"policy", "validate"}, "").code == 1);
  CHECK(program.Run({"policy", "validate", program.Path("none.json")}).code == 3);
  CHECK_FALSE(std::filesystem::exists(program.data()));
}

TEST_CASE("what is wrong is not published, and a market keeps its time zone") {
  Program program;
  PublishReviews(program);
  const auto publish = [&](std::string_view policy, const char* from) {
    return program.Run({"policy", "publish", "-", "--effective-from", from}, policy);
  };
  CHECK(publish(R"({"defaults":{"rating":{"windowDays":0}}})", kFrom).code == 1);
  CHECK(publish(R"({"markets":[{"code":"DE","currency":"EUR","timeZone":"Europe/Berlin"}]})", kFrom)
            .code == 0);
  const ProgramRun moved =
      publish(R"({"markets":[{"code":"DE","currency":"EUR","timeZone":"Europe/Paris"}]})",
              "2025-07-02T00:00:00Z");
  CHECK(moved.code == 1);
  CHECK(Has(moved.err, "markets[0].time_zone: is Europe/Berlin for ever, not Europe/Paris"));
  CHECK(RecordsIn(program) == 4 * kSellers.size() + 4);
}

TEST_CASE("a policy is no event for a door") {
  Program program;
  const ProgramRun run = program.Run(
      {"publish"}, R"({"eventId":"0190b2c4-0000-7000-8000-000000000001",)"
                   R"("occurredAt":"2025-06-30T12:00:00Z","policyPublished":{"version":1}})");
  CHECK(run.code == 1);
  CHECK(Has(run.err, "is made by Flywheel alone"));
}

}  // namespace
}  // namespace flywheel
