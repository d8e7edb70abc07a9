// quarantine resubmit and discard: an operator mends what was refused, or gives it up.
#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"
#include "events/refused_record.h"

namespace flywheel {
namespace {

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void Publish(Program& program, const std::string& lines) {
  REQUIRE(program.Run({"publish", "--partitions", "1"}, lines).code == 0);
}

// 0@0 an order of b1, 0@1 a review of it by a stranger, 0@2 a review that waits for its order.
void Fill(Program& program) {
  Publish(program, EventLine(kNoon, Placed("o1", "b1")) +
                       EventLine(kNoon, Reviewed("o1", "b2", true)) +
                       EventLine(kNoon, Reviewed("o9", "b9", true)));
}

// What the inbox of Kafka leaves in the log: 0@N, refused at the door, about anna or nobody.
void AppendRefused(Program& program, std::string_view seller, std::string_view source_place) {
  Context context;
  context.folder = program.data();
  const auto engine = OpenEngine(context);
  REQUIRE(engine.ok());
  IntakeRefusal refusal{RefusalCode::kInvalid, "market", "market QQ is not known",
                        std::string(seller)};
  const PreparedRecord record =
      MakeRefused({"shop.inbox", source_place}, "bytes", refusal, program.now, 1);
  const std::array<std::string_view, 1> records = {record.record_bytes};
  REQUIRE((*engine)->log().Append(Partition(0), records).ok());
}

ProgramRun Resubmit(Program& program, std::vector<std::string> options,
                    std::string_view input = "") {
  options.insert(options.begin(), {"--json", "quarantine", "resubmit", "--actor", "eva"});
  return program.Run(options, input);
}

ProgramRun Discard(Program& program, std::vector<std::string> options) {
  options.insert(options.begin(),
                 {"--json", "quarantine", "discard", "--actor", "eva", "--reason", "spam"});
  return program.Run(options);
}

bool IsComplete(Program& program, const std::string& seller = "anna") {
  const ProgramRun run = program.Run({"--json", "query", "rating", seller});
  REQUIRE(run.code == 0);
  return Has(run.out, R"("complete":true)");
}

uint64_t Records(Program& program) {
  return LinesOf(program.Run({"log", "cat", "--limit", "100000"}).out).size();
}

TEST_CASE("a mended event is judged in place of the refused one, which is closed") {
  Program program;
  Fill(program);
  const ProgramRun run =
      Resubmit(program, {"0@1", "--payload", "-"}, EventLine(kNoon, Reviewed("o1", "b1", true)));
  CHECK(run.code == 0);
  CHECK(run.out == R"({"entry":"0@1","act":"resubmitted","place":"0@3","became":"ACCEPTED"})"
                   "\n");
  CHECK(run.err == "1 of 1 entries resubmitted: ACCEPTED 1\n");
  CHECK(Has(program.Run({"--json", "query", "rating", "anna"}).out,
            R"("recommended":{"total":1,"unique":1})"));
  const std::string shown = program.Run({"quarantine", "show", "0@1"}).out;
  CHECK(Has(shown, R"("state":"RESUBMITTED")"));
  CHECK(Has(shown, R"("closedAt":"0@3")"));
  CHECK(Has(shown, R"("closedBy":"eva")"));
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("what is not mended is refused again, as an entry of its own") {
  Program program;
  Fill(program);
  const ProgramRun run = Resubmit(program, {"0@1"});
  CHECK(run.code == 0);
  CHECK(Has(run.out, R"("place":"0@3","became":"REFUSED","code":"WRONG_BUYER","reason":")"));
  CHECK(run.err == "1 of 1 entries resubmitted: REFUSED WRONG_BUYER 1\n");
  const auto open =
      LinesOf(program.Run({"--json", "quarantine", "list", "--state", "refused"}).out);
  REQUIRE(open.size() == 1);
  CHECK(Has(open[0], R"("place":"0@3")"));
}

TEST_CASE("a dry run says what would become of it and writes nothing") {
  Program program;
  Fill(program);
  const auto tried = [&](std::string_view payload) {
    return Resubmit(program, {"0@1", "--payload", "-", "--dry-run"}, payload).out;
  };
  CHECK(tried(EventLine(kNoon, Reviewed("o1", "b1", true))) ==
        R"({"entry":"0@1","act":"tried","place":"0@3","became":"ACCEPTED"})"
        "\n");
  CHECK(Has(tried(EventLine(kNoon, Reviewed("o1", "b3", true))),
            R"("became":"REFUSED","code":"WRONG_BUYER")"));
  CHECK(Has(tried(EventLine(kNoon, Placed("o1", "b1"))), R"("became":"DUPLICATE","of":"0@0")"));
  CHECK(Has(tried(EventLine(kNoon, Reviewed("o5", "b5", true))), R"("became":"WAITING")"));
  // The same event once more than it waits already.
  CHECK(
      Has(tried(EventLine(kNoon, Reviewed("o9", "b9", true))), R"("became":"REPEAT","of":"0@2")"));
  CHECK(Records(program) == 3);
  const auto open =
      LinesOf(program.Run({"--json", "quarantine", "list", "--state", "refused"}).out);
  CHECK(open.size() == 1);
  const ProgramRun text =
      program.Run({"quarantine", "discard", "0@1", "--reason", "spam", "--dry-run"});
  CHECK(text.code == 0);
  CHECK(Has(text.out, "1 of 1 entries would be discarded: DISCARDED 1\n"));
  CHECK(Records(program) == 3);
}

TEST_CASE("a dry run of several sees what those before it would have done") {
  Program program;
  Fill(program);
  Publish(program, EventLine(kNoon, Reviewed("o1", "b4", false)));
  // Both are the same act once they are mended; unmended, both are refused.
  const ProgramRun run = Resubmit(program, {"0@1", "0@3", "0@1", "--dry-run"});
  CHECK(LinesOf(run.out).size() == 2);
  CHECK(run.err == "2 of 2 entries would be resubmitted: REFUSED WRONG_BUYER 2\n");
}

TEST_CASE("what cannot be closed is said with the reason") {
  Program program;
  Fill(program);
  const ProgramRun waits = Resubmit(program, {"0@2"});
  CHECK(waits.code == 1);
  CHECK(Has(waits.out, "it waits for order o9 of seller anna"));
  CHECK(Resubmit(program, {"0@7"}).code == 3);
  CHECK(Resubmit(program, {"9@7"}).code == 3);
  CHECK(Discard(program, {"0@1"}).code == 0);
  const ProgramRun closed = Discard(program, {"0@1"});
  CHECK(closed.code == 1);
  CHECK(Has(closed.out, "it is closed already: DISCARDED by the record at 0@3"));
  CHECK(Resubmit(program, {"0@1"}).code == 1);
  // One that is there is done, whatever becomes of the others.
  Publish(program, EventLine(kNoon, Reviewed("o1", "b5", true)));
  const ProgramRun mixed = Discard(program, {"0@7", "0@4"});
  CHECK(mixed.code == 3);
  CHECK(LinesOf(mixed.out).size() == 2);
  CHECK(mixed.err == "1 of 2 entries discarded: DISCARDED 1\n");
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("a payload goes through intake") {
  Program program;
  Fill(program);
  const auto refused = [&](std::string_view payload) {
    const ProgramRun run = Resubmit(program, {"0@1", "--payload", "-"}, payload);
    CHECK(run.code == 1);
    return run.out + run.err;
  };
  CHECK(Has(refused("{"), "the payload: UNDECODABLE: "));
  CHECK(Has(refused(R"({"nonsense":1})"), "the payload: INVALID nonsense: "));
  CHECK(Has(refused(EventLine(kNoon, Reviewed("o1", "b1", true, 7))),
            "INVALID review_posted.rates.service: "));
  CHECK(Has(refused(EventLine("2025-06-30T12:05:00.001Z", Reviewed("o1", "b1", true))),
            "INVALID occurred_at: "));
  CHECK(Has(refused(EventLine(kNoon, R"("policyPublished":{"version":1})")),
            "is made by Flywheel alone"));
  CHECK(Records(program) == 3);
}

TEST_CASE("an event of another partition is not taken") {
  Program program;
  // Of four partitions.
  REQUIRE(program
              .Run({"publish"}, EventLine(kNoon, Placed("o1", "b1")) +
                                    EventLine(kNoon, Reviewed("o1", "b2", true)))
              .code == 0);
  const std::string entry = program.Run({"--json", "quarantine", "list"}).out.substr(10, 3);
  std::string other = "bert";
  while (PartitionOf(other, 4) == PartitionOf("anna", 4)) other += "t";
  const ProgramRun run =
      Resubmit(program, {entry, "--payload", "-"}, EventLine(kNoon, Placed("o1", "b1"), other));
  CHECK(run.code == 1);
  CHECK(Has(run.out, "publish the event and discard this entry"));
}

TEST_CASE("answers are complete exactly while no refusal of a door about the seller is open") {
  Program program;
  Publish(program,
          EventLine(kNoon, Placed("o1", "b1")) + EventLine(kNoon, Placed("o1", "b1"), "bert"));
  AppendRefused(program, "anna", "0@7");
  AppendRefused(program, "anna", "0@8");
  AppendRefused(program, "", "0@9");
  CHECK_FALSE(IsComplete(program));
  CHECK(IsComplete(program, "bert"));
  CHECK(Has(Resubmit(program, {"0@2"}).out, "give the event with --payload"));
  CHECK(Resubmit(program, {"0@2", "--payload", "-"}, EventLine(kNoon, Reviewed("o1", "b1", true)))
            .code == 0);
  CHECK_FALSE(IsComplete(program));
  CHECK(Discard(program, {"0@3"}).code == 0);
  CHECK(IsComplete(program));
  // A resubmission that is refused in the fold is final: nothing is missing any more.
  AppendRefused(program, "anna", "0@10");
  CHECK_FALSE(IsComplete(program));
  CHECK(Resubmit(program, {"0@7", "--payload", "-"}, EventLine(kNoon, Reviewed("o1", "b7", true)))
            .code == 0);
  CHECK(IsComplete(program));
  // One that then waits for its order is.
  AppendRefused(program, "anna", "0@11");
  CHECK(Resubmit(program, {"0@9", "--payload", "-"}, EventLine(kNoon, Reviewed("o5", "b7", true)))
            .code == 0);
  CHECK_FALSE(IsComplete(program));
  Publish(program, EventLine(kNoon, Placed("o5", "b7")));
  CHECK(IsComplete(program));
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("many entries are closed by what they have in common, up to a limit") {
  Program program;
  Publish(program, EventLine(kNoon, Placed("o1", "b1")));
  std::string strangers;
  for (int i = 0; i < 30; ++i) {
    strangers += EventLine(kNoon, Reviewed("o1", "s" + std::to_string(i), true));
  }
  Publish(program, strangers + EventLine(kNoon, Reviewed("o9", "b9", true)));
  for (int i = 0; i < 5; ++i) AppendRefused(program, "bert", "0@" + std::to_string(i));

  const ProgramRun some = Discard(program, {"--code", "WRONG_BUYER", "--limit", "20"});
  CHECK(some.code == 0);
  CHECK(LinesOf(some.out).size() == 20);
  CHECK(Has(some.err, "20 of 20 entries discarded: DISCARDED 20\n"));
  CHECK(Has(some.err, "there are more than 20"));
  CHECK(LinesOf(Discard(program, {"--seller", "anna"}).out).size() == 10);
  const ProgramRun door = Discard(program, {"--source", "shop.inbox", "--code", "INVALID"});
  CHECK(door.err == "5 of 5 entries discarded: DISCARDED 5\n");
  CHECK(Discard(program, {"--code", "WRONG_BUYER"}).err == "0 of 0 entries discarded\n");
  // What waits was no refusal.
  CHECK(LinesOf(program.Run({"--json", "quarantine", "list"}).out).size() == 1);
  CHECK(program.Run({"verify"}).code == 0);
}

TEST_CASE("the options of the acts make sense or are refused") {
  Program program;
  Fill(program);
  CHECK(Resubmit(program, {}).code == 2);
  CHECK(Resubmit(program, {"0@1", "--code", "WRONG_BUYER"}).code == 2);
  CHECK(Resubmit(program, {"--code", "NONSENSE"}).code == 2);
  CHECK(Resubmit(program, {"first"}).code == 2);
  CHECK(Resubmit(program, {"0@1", "0@2", "--payload", "-"}, "{}").code == 2);
  CHECK(Resubmit(program, {"0@1", "--payload", program.Path("none.json")}).code == 3);
  CHECK(program.Run({"quarantine", "discard", "0@1"}).code == 2);
  CHECK(program.Run({"quarantine", "discard", "0@1", "--reason", " "}).code == 2);
  CHECK(program.Run({"quarantine", "discard", "0@1", "--reason", "a\nb"}).code == 2);
  CHECK(program.Run({"quarantine", "discard", "0@1", "--reason", "x", "--actor", "\x01"}).code ==
        2);
  CHECK(program.Run({"quarantine", "discard", "0@1", "--reason", std::string(2001, 'x')}).code ==
        2);
  CHECK(Records(program) == 3);
}

TEST_CASE("an act without --actor is the user's") {
  Program program;
  Fill(program);
  REQUIRE(program.Run({"quarantine", "discard", "0@1", "--reason", "spam"}).code == 0);
  const std::string shown = program.Run({"quarantine", "show", "0@1"}).out;
  CHECK(Has(shown, R"("closedBy":")"));
  CHECK(Has(shown, R"("closedBecause":"spam")"));
}

}  // namespace
}  // namespace flywheel
