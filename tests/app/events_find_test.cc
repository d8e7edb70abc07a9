#include "app/events_find.h"

#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

using nlohmann::json;

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";
constexpr std::string_view kLater = "2025-06-02T12:00:00Z";

std::string IdOf(const std::string& line) { return json::parse(line)["eventId"]; }

// The answer's lines; fails where the exit code is another.
std::vector<json> Find(Program& program, std::vector<std::string> options, int code = 0) {
  options.insert(options.begin(), {"--json", "events", "find"});
  const ProgramRun run = program.Run(options);
  INFO(run.err);
  CHECK(run.code == code);
  std::vector<json> found;
  for (const std::string& line : LinesOf(run.out)) found.push_back(json::parse(line));
  return found;
}

// "0@1 ACCEPTED", "0@3 REPEAT of 0@2", ...
std::vector<std::string> Told(const std::vector<json>& found) {
  std::vector<std::string> told;
  for (const json& each : found) {
    std::string line = each["place"];
    if (each.contains("index")) line += "#" + std::to_string(each["index"].get<int>());
    line += " " + each["state"].get<std::string>();
    if (each.contains("code")) line += " " + each["code"].get<std::string>();
    if (each.contains("of")) line += " of " + each["of"].get<std::string>();
    if (each.contains("closedAt")) line += " by " + each["closedAt"].get<std::string>();
    told.push_back(line);
  }
  return told;
}

using Lines = std::vector<std::string>;

void Publish(Program& program, const std::string& lines, const std::string& partitions = "1") {
  const ProgramRun run = program.Run({"publish", "--partitions", partitions}, lines);
  INFO(run.err);
  REQUIRE(run.code == 0);
}

// Appends records that no door makes, and closes the log again.
void Append(Program& program, const std::vector<log::v1::Record>& records) {
  Context context;
  context.folder = program.data();
  const auto engine = OpenOrMakeEngine(context, 0);
  REQUIRE(engine.ok());
  for (const log::v1::Record& record : records) {
    const std::string bytes = record.SerializeAsString();
    const std::string_view view = bytes;
    REQUIRE((*engine)->log().Append(Partition(0), {&view, 1}).ok());
  }
}

events::v1::Event EventOf(const std::string& line) {
  events::v1::Event event;
  REQUIRE(google::protobuf::util::JsonStringToMessage(line, &event).ok());
  return event;
}

log::v1::Record Decision(std::string_view id, uint64_t version, std::string_view order,
                         const std::vector<std::string>& lines) {
  log::v1::Record record;
  auto* decision = record.mutable_decision();
  decision->set_decision_id(std::string(id));
  decision->mutable_recorded_at()->set_seconds(1751284800);
  decision->set_seller_id("anna");
  decision->set_order_id(std::string(order));
  decision->set_order_version(version);
  for (const std::string& line : lines) *decision->add_events() = EventOf(line);
  return record;
}

log::v1::Record Refused(std::string_view source, std::string_view place) {
  log::v1::Record record;
  auto* refused = record.mutable_refused();
  refused->mutable_recorded_at()->set_seconds(1751284800);
  refused->set_source(std::string(source));
  refused->set_source_place(std::string(place));
  refused->set_sha256(std::string(32, 's'));
  refused->set_length(7);
  refused->set_code(log::v1::RefusalCode::UNDECODABLE);
  refused->set_sentence("the bytes are no event");
  refused->set_seller_id("anna");
  return record;
}

log::v1::Record Resubmitted(int64_t entry, const std::string& line) {
  log::v1::Record record;
  auto* resubmitted = record.mutable_resubmitted();
  resubmitted->mutable_recorded_at()->set_seconds(1751284801);
  resubmitted->set_entry_offset(entry);
  resubmitted->set_actor_id("olga");
  *resubmitted->mutable_event() = EventOf(line);
  return record;
}

log::v1::Record Discarded(int64_t entry) {
  log::v1::Record record;
  auto* discarded = record.mutable_discarded();
  discarded->mutable_recorded_at()->set_seconds(1751284802);
  discarded->set_entry_offset(entry);
  return record;
}

TEST_CASE("events find tells of every event of an order what became of it") {
  Program program;
  const std::string stranger = EventLine(kNoon, Reviewed("o1", "b2", true));
  const std::string reviewed = EventLine(kNoon, Reviewed("o1", "b1", true));
  Publish(program, EventLine(kNoon, Reviewed("o9", "b9", true)) +
                       EventLine(kNoon, Placed("o1", "b1")) + stranger + stranger + reviewed +
                       EventLine(kNoon, Reviewed("o1", "b1", false)));

  const std::vector<json> found = Find(program, {"--order", "o1"});
  CHECK(Told(found) == Lines{"0@1 ACCEPTED", "0@2 REFUSED WRONG_BUYER", "0@4 ACCEPTED"});
  REQUIRE(found.size() == 3);
  CHECK(found[1]["repeats"] == 1);
  CHECK(found[1]["decidedAt"] == "0@2");
  CHECK(found[2]["kind"] == "ReviewPosted");
  CHECK(found[2]["eventId"] == IdOf(reviewed));
  CHECK(found[2]["sellerId"] == "anna");
  CHECK(found[2]["orderId"] == "o1");
  CHECK(found[2]["market"] == "PL");
  CHECK(found[2]["source"] == "test");
  CHECK(found[2]["occurredAt"] == "2025-06-01T12:00:00.000Z");
  CHECK(found[2]["recordedAt"] == "2025-06-30T12:00:00.000Z");
  CHECK(found[2]["record"] == "event");

  CHECK(Told(Find(program, {"--order", "o1", "--thorough"})) ==
        Lines{"0@1 ACCEPTED", "0@2 REFUSED WRONG_BUYER", "0@3 REPEAT of 0@2", "0@4 ACCEPTED",
              "0@5 DUPLICATE of 0@4"});
  CHECK(program.Run({"events", "find", "--order", "o1"}).err ==
        "2 more records name the order: duplicates, repeats or stale decisions; --thorough reads "
        "the log for them\n");
  CHECK(program.Run({"events", "find", "--order", "o1", "--thorough"}).err.empty());
}

TEST_CASE("events find follows an event that waits until its order comes") {
  Program program;
  const std::string review = EventLine(kNoon, Reviewed("o9", "b9", true));
  Publish(program, review + review);
  CHECK(Told(Find(program, {"--order", "o9"})) == Lines{"0@0 WAITING"});
  CHECK(Told(Find(program, {"--id", IdOf(review)})) == Lines{"0@0 WAITING", "0@1 REPEAT of 0@0"});
  Publish(program, EventLine(kNoon, Placed("o9", "b9")));
  CHECK(Told(Find(program, {"--order", "o9"})) == Lines{"0@0 ACCEPTED", "0@2 ACCEPTED"});
  CHECK(Told(Find(program, {"--id", IdOf(review)})) ==
        Lines{"0@0 ACCEPTED", "0@1 DUPLICATE of 0@0"});
}

TEST_CASE("a duplicate is told of its own act among others of its kind") {
  Program program;
  const auto scanned = [](std::string_view parcel, std::string_view code) {
    return EventLine(kNoon, fmt::format(R"("parcelScanned":{{"orderId":"o1","parcelId":"{}",)"
                                        R"("code":"{}"}})",
                                        parcel, code));
  };
  const std::string again = scanned("p2", "DELIVERED");
  Publish(program, EventLine(kNoon, Placed("o1", "b1")) + scanned("p1", "IN_TRANSIT") +
                       scanned("p2", "IN_TRANSIT") + scanned("p1", "DELIVERED") +
                       scanned("p2", "DELIVERED") + scanned("p2", "RETURNED") + again);
  CHECK(Told(Find(program, {"--id", IdOf(again)})) == Lines{"0@6 DUPLICATE of 0@4"});
}

TEST_CASE("events find names what an event that waited is refused for") {
  Program program;
  Publish(program, EventLine(kNoon, Reviewed("o9", "stranger", true)) +
                       EventLine(kNoon, Placed("o9", "b9")));
  const std::vector<json> found = Find(program, {"--order", "o9"});
  CHECK(Told(found) == Lines{"0@0 REFUSED WRONG_BUYER", "0@1 ACCEPTED"});
  CHECK(found[0]["decidedAt"] == "0@1");
}

TEST_CASE(
    "an order id that several sellers use is found with all of them, one of them by --seller") {
  Program program;
  std::string lines;
  for (const char* seller : {"anna", "bert", "carl", "dora", "emil"}) {
    lines += EventLine(kNoon, Placed("o1", "b1"), seller);
  }
  lines += EventLine(kNoon, Placed("o2", "b1"), "fred");
  Publish(program, lines, "4");
  const std::vector<json> found = Find(program, {"--order", "o1"});
  std::set<std::string> sellers;
  std::set<std::string> partitions;
  for (const json& each : found) {
    sellers.insert(each["sellerId"]);
    partitions.insert(each["place"].get<std::string>().substr(0, 1));
    CHECK(each["state"] == "ACCEPTED");
  }
  CHECK(sellers == std::set<std::string>{"anna", "bert", "carl", "dora", "emil"});
  CHECK(partitions.size() > 1);
  const std::vector<json> one = Find(program, {"--order", "o1", "--seller", "dora"});
  REQUIRE(one.size() == 1);
  CHECK(one[0]["sellerId"] == "dora");
  CHECK(Find(program, {"--order", "o2", "--seller", "dora"}, 3).empty());
  CHECK(Find(program, {"--order", "o1", "--limit", "3"}).size() == 3);
}

TEST_CASE("an event is found by its id in the time when it was recorded, and nowhere else") {
  Program program;
  const std::string twice = EventLine(kNoon, Placed("o-twice", "b1"));
  const Instant start = program.now;
  for (int hour = 0; hour < 8; ++hour) {
    program.now = start.Plus(hour * kMillisPerHour);
    std::string lines;
    for (int i = 0; i < 40; ++i) {
      lines += EventLine(kNoon, Placed(fmt::format("o{}-{}", hour, i), "b1"));
    }
    if (hour == 2 || hour == 5) lines += twice;
    Publish(program, lines);
  }
  const std::string id = IdOf(twice);
  CHECK(Told(Find(program, {"--id", id})) == Lines{"0@120 ACCEPTED", "0@241 DUPLICATE of 0@120"});
  // 12:00 is the start.
  const auto at = [&](std::string_view time, std::string_view within) {
    return Told(Find(program, {"--id", id, "--at", fmt::format("2025-06-30T{}Z", time), "--within",
                               std::string(within)}));
  };
  CHECK(at("14:00:00", "1m") == Lines{"0@120 ACCEPTED"});
  CHECK(at("14:04:59", "1m") == Lines{"0@120 ACCEPTED"});
  CHECK(at("17:00:00", "0s") == Lines{"0@241 DUPLICATE of 0@120"});
  CHECK(at("13:30:00", "3h30m") == Lines{"0@120 ACCEPTED", "0@241 DUPLICATE of 0@120"});
  for (const char* time : {"14:05:01", "12:59:00", "19:30:00", "10:00:00"}) {
    INFO(time);
    const ProgramRun run =
        program.Run({"events", "find", "--id", id, "--at", fmt::format("2025-06-30T{}Z", time)});
    CHECK(run.code == 3);
    CHECK(run.err.find("was recorded from 2025-06-30T") != std::string::npos);
  }
  std::string capitals = id;
  for (char& c : capitals) c = static_cast<char>(std::toupper(c));
  CHECK(Find(program, {"--id", capitals, "--seller", "anna"}).size() == 2);
  CHECK(Find(program, {"--id", capitals, "--seller", "bert"}, 3).empty());
}

TEST_CASE("events of a decision are found one by one") {
  Program program;
  Publish(program, EventLine(kNoon, Placed("o1", "b1")));
  const std::string review = EventLine(kLater, Reviewed("o1", "b1", true));
  const std::string answer = EventLine(kLater, Answered("o1"));
  const auto taken = Decision("0123456789abcdef", 1, "o1", {review, answer});
  Append(program, {taken, taken, Decision("fedcba9876543210", 1, "o1", {answer})});
  const std::vector<json> found = Find(program, {"--id", IdOf(answer)});
  CHECK(Told(found) == Lines{"0@1#1 ACCEPTED", "0@2#1 DUPLICATE of 0@1", "0@3#0 STALE"});
  CHECK(found[0]["record"] == "decision");
  CHECK(Told(Find(program, {"--order", "o1"})) ==
        Lines{"0@0 ACCEPTED", "0@1#0 ACCEPTED", "0@1#1 ACCEPTED"});
  CHECK(Find(program, {"--order", "o1", "--thorough"}).size() == 6);
}

TEST_CASE("a refusal at the inbox is found by its place there, and what an operator did with it") {
  Program program;
  Publish(program, EventLine(kNoon, Placed("o1", "b1")));
  Append(program, {Refused("shop.inbox", "3@1278"), Refused("shop.inbox", "3@1279"),
                   Refused("else.inbox", "3@1278"), Discarded(2)});
  const std::vector<json> found =
      Find(program, {"--source-place", "3@1278", "--source", "shop.inbox"});
  CHECK(Told(found) == Lines{"0@1 REFUSED UNDECODABLE"});
  REQUIRE(found.size() == 1);
  CHECK(found[0]["source"] == "shop.inbox");
  CHECK(found[0]["sourcePlace"] == "3@1278");
  CHECK(found[0]["reason"] == "the bytes are no event");
  CHECK_FALSE(found[0].contains("kind"));
  CHECK(Told(Find(program, {"--source-place", "3@1278"})) ==
        Lines{"0@1 REFUSED UNDECODABLE", "0@3 REFUSED UNDECODABLE"});
  CHECK(Told(Find(program, {"--source-place", "3@1279"})) ==
        Lines{"0@2 DISCARDED UNDECODABLE by 0@4"});
  CHECK(Find(program, {"--source-place", "3@1280"}, 3).empty());
}

TEST_CASE("an event that was mended is found with the entry that it closed") {
  Program program;
  const std::string stranger = EventLine(kNoon, Reviewed("o1", "b2", true));
  Publish(program, EventLine(kNoon, Placed("o1", "b1")) + stranger);
  const std::string mended = EventLine(kNoon, Reviewed("o1", "b1", true));
  Append(program, {Resubmitted(1, mended), Resubmitted(1, mended)});
  const std::vector<json> found = Find(program, {"--order", "o1"});
  CHECK(Told(found) == Lines{"0@0 ACCEPTED", "0@1 RESUBMITTED WRONG_BUYER by 0@2", "0@2 ACCEPTED"});
  CHECK(found[2]["record"] == "resubmitted");
  CHECK(Told(Find(program, {"--id", IdOf(mended)})) == Lines{"0@2 ACCEPTED", "0@3 NO_EFFECT"});
}

TEST_CASE("seller events are found by their id") {
  Program program;
  const std::string registered = EventLine(kNoon, R"("sellerRegistered":{"business":true})");
  const std::string again = EventLine(kLater, R"("sellerRegistered":{"business":false})");
  const std::string standing = EventLine(kNoon, R"("sellerStandingChanged":{"feesPaid":true})");
  Publish(program, registered + again + standing + standing);
  CHECK(Told(Find(program, {"--id", IdOf(registered)})) == Lines{"0@0 ACCEPTED"});
  CHECK(Told(Find(program, {"--id", IdOf(again)})) == Lines{"0@1 DUPLICATE of 0@0"});
  CHECK(Told(Find(program, {"--id", IdOf(standing)})) ==
        Lines{"0@2 ACCEPTED", "0@3 DUPLICATE of 0@2"});
}

TEST_CASE("events find without JSON is a table") {
  Program program;
  Publish(program,
          EventLine(kNoon, Placed("o1", "b1")) + EventLine(kNoon, Reviewed("o1", "b2", true)));
  const std::vector<std::string> lines =
      LinesOf(program.Run({"events", "find", "--order", "o1"}).out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].rfind("place", 0) == 0);
  CHECK(lines[1].find("ACCEPTED") != std::string::npos);
  CHECK(lines[2].find("WRONG_BUYER, ") != std::string::npos);
}

TEST_CASE("events find says what makes no sense of its options, and what is not there") {
  Program program;
  const std::string placed = EventLine(kNoon, Placed("o1", "b1"));
  CHECK(program.Run({"events", "find", "--order", "o1"}).code == 3);  // no log
  Publish(program, placed);
  const std::string id = IdOf(placed);
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "one of --id, --order and --source-place is needed"},
      {{"--id", id, "--order", "o1"}, "one of --id, --order and --source-place is needed"},
      {{"--id", "17"}, "--id 17: is not a UUID of 36 characters"},
      {{"--id", id, "--at", "yesterday"}, "--at yesterday: "},
      {{"--id", id, "--within", "1h"}, "--within goes with --at"},
      {{"--id", id, "--at", "2025-06-30T12:00:00Z", "--within", "long"}, "--within long: "},
      {{"--id", id, "--at", "2025-06-30T12:00:00Z", "--within", "-1h"}, "--within -1h: "},
      {{"--order", "o1", "--at", "2025-06-30T12:00:00Z"}, "--at and --within go with --id alone"},
      {{"--id", id, "--thorough"}, "--thorough goes with --order alone"},
      {{"--id", id, "--source", "x"}, "--source goes with --source-place alone"},
      {{"--source-place", "1@1", "--seller", "anna"}, "--seller goes with --id or --order"}};
  for (const auto& [options, sentence] : wrong) {
    std::vector<std::string> arguments = {"events", "find"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramRun run = program.Run(arguments);
    INFO(sentence);
    CHECK(run.code == 2);
    CHECK(run.err.find(sentence) != std::string::npos);
    CHECK(run.out.empty());
  }
  const ProgramRun none = program.Run({"events", "find", "--order", "o7"});
  CHECK(none.code == 3);
  CHECK(none.err == "flywheel: no record names an order o7\n");
  CHECK(program.Run({"events", "find", "--id", "0190b2c4-0000-7000-8000-ffffffffffff"}).code == 3);
  CHECK(program.Run({"events", "find", "--order", "o1", "--limit", "0"}).code == 2);
}

TEST_CASE("an interrupted search ends as one") {
  Program program;
  Publish(program, EventLine(kNoon, Placed("o1", "b1")));
  program.interrupt.Raise(SIGINT);
  CHECK(program.Run({"events", "find", "--order", "o1"}).code == 130);
}

}  // namespace
}  // namespace flywheel
