// query timeline: what a support agent and a buyer look at.
#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/data_folder.h"
#include "app/events.h"
#include "app/program.h"
#include "app/timeline_text.h"
#include "events/intake.h"
#include "flywheel/log/v1/record.pb.h"

namespace flywheel {
namespace {

using Json = nlohmann::json;

std::string Of(std::string_view payload) { return std::string(payload); }

void PublishStory(Program& program) {
  const std::string lines =
      EventLine("2025-06-01T10:00:00Z", Placed("o1", "b1")) +
      EventLine("2025-06-01T10:05:00Z", Of(R"("orderPaid":{"orderId":"o1"})")) +
      EventLine("2025-06-02T09:00:00Z",
                Of(R"("parcelRegistered":{"orderId":"o1","parcelId":"p1","carrierId":"dhl",)"
                   R"("direction":"OUTBOUND"})")) +
      EventLine("2025-06-02T15:00:00.5Z",
                Of(R"("parcelScanned":{"orderId":"o1","parcelId":"p1","code":"IN_TRANSIT",)"
                   R"("location":"Poznan"})")) +
      EventLine("2025-06-29T18:00:00Z",
                Of(R"("complaintOpened":{"orderId":"o1","complaintId":"c1","buyerId":"b1",)"
                   R"("kind":"CLAIM","reason":"NOT_AS_DESCRIBED","expectation":"REFUND",)"
                   R"("message":"It is blue.\nI ordered red."})")) +
      EventLine("2025-06-30T08:00:00Z", Of(R"("returnAccepted":{"orderId":"o1","returnId":"r1"})"));
  REQUIRE(program.Run({"publish"}, lines).code == 0);
}

TEST_CASE("a timeline reads like a story, and says what is due") {
  Program program;
  PublishStory(program);
  const ProgramRun run = program.Run({"query", "timeline", "o1"});
  CHECK(run.code == 0);
  const std::string partition = std::to_string(PartitionOf("anna", 4).number());
  std::string expected =
      "order o1 of seller anna in PL, bought by b1, as of 2025-06-30T12:00:00.000Z\n"
      "\n"
      "2025-06-01T10:00:00.000Z  N@0  BUYER    order placed: 1 line, 10.00 PLN, COURIER\n"
      "2025-06-01T10:05:00.000Z  N@1  BUYER    order paid\n"
      "2025-06-02T09:00:00.000Z  N@2           parcel p1 registered with dhl\n"
      "2025-06-02T15:00:00.500Z  N@3  CARRIER  parcel p1 IN_TRANSIT at Poznan\n"
      "2025-06-29T18:00:00.000Z  N@4  BUYER    complaint c1 opened (CLAIM): NOT_AS_DESCRIBED, "
      "wants REFUND\n"
      "                                          \"It is blue. I ordered red.\"\n"
      "2025-06-30T08:00:00.000Z  N@5           return r1 accepted\n"
      "                                          not yet in effect: the return r1 is not known\n"
      "\n"
      "due                                by      what                            since\n"
      "2025-06-30T18:00:00.000Z  PENDING  SELLER  first response to complaint c1  "
      "2025-06-29T18:00:00.000Z\n"
      "2025-07-13T18:00:00.000Z  PENDING  SELLER  resolution of complaint c1      "
      "2025-06-29T18:00:00.000Z\n"
      "2025-07-13T21:59:59.999Z  PENDING  SELLER  decision on claim c1            "
      "2025-06-29T18:00:00.000Z\n";
  for (size_t at = expected.find("N@"); at != std::string::npos; at = expected.find("N@")) {
    expected.replace(at, 1, partition);
  }
  CHECK(run.out == expected);
  CHECK(program.Run({"query", "timeline", "p1"}).out == run.out);
  CHECK(program.Run({"query", "timeline", "o1", "--seller", "anna"}).out == run.out);
}

TEST_CASE("a timeline as JSON has the events as they stand in the log") {
  Program program;
  PublishStory(program);
  const ProgramRun run =
      program.Run({"--json", "query", "timeline", "o1", "--as-of", "2025-06-29T18:00:00Z"});
  CHECK(run.code == 0);
  const Json timeline = Json::parse(run.out);
  CHECK(timeline["orderId"] == "o1");
  CHECK(timeline["known"] == true);
  CHECK(timeline["complete"] == true);
  REQUIRE(timeline["entries"].size() == 5);
  const Json& opened = timeline["entries"][4];
  CHECK(opened["kind"] == "ComplaintOpened");
  CHECK(opened["actor"] == "BUYER");
  CHECK(opened["inEffect"] == true);
  CHECK(opened["recordedAt"] == "2025-06-30T12:00:00.000Z");
  CHECK(opened["event"]["complaintOpened"]["message"] == "It is blue.\nI ordered red.");
  REQUIRE(timeline["due"].size() == 3);
  CHECK(timeline["due"][0] == Json{{"clock", "firstResponse"},
                                   {"id", "c1"},
                                   {"openedAt", "2025-06-29T18:00:00.000Z"},
                                   {"due", "2025-06-30T18:00:00.000Z"},
                                   {"state", "PENDING"},
                                   {"by", "SELLER"}});
  CHECK(program.Run({"query", "timeline", "o1", "--as-of", "2025-06-01T09:59:59.999Z"}).code == 3);
  CHECK(program.Run({"query", "timeline", "o1", "--known-at", "2025-06-30T11:59:59.999Z"}).code ==
        3);
}

TEST_CASE("an id that fits several orders lists them and asks for the seller") {
  Program program;
  PublishStory(program);
  REQUIRE(program
              .Run({"publish"}, EventLine("2025-06-01T10:00:00Z", Placed("o1", "b7"), "bert") +
                                    EventLine("2025-06-01T10:00:00Z", Placed("o7", "b7"), "bert") +
                                    EventLine("2025-06-02T09:00:00Z",
                                              R"("parcelRegistered":{"orderId":"o7",)"
                                              R"("parcelId":"o1","direction":"OUTBOUND"})",
                                              "bert"))
              .code == 0);
  const ProgramRun run = program.Run({"--json", "query", "timeline", "o1"});
  CHECK(run.code == 2);
  CHECK(run.err == "flywheel: 3 orders fit o1: name one by its own id and --seller\n");
  CHECK(LinesOf(run.out).size() == 3);
  CHECK(program.Run({"query", "timeline", "o1", "--seller", "anna"}).code == 0);
  CHECK(program.Run({"query", "timeline", "o7"}).code == 0);
  CHECK(program.Run({"query", "timeline", "o8"}).code == 3);
  CHECK(program.Run({"query", "timeline", "o7", "--seller", "anna"}).code == 3);
  CHECK(program.Run({"query", "timeline"}).code == 2);
}

TEST_CASE("the words of an erased buyer are not shown") {
  Program program;
  PublishStory(program);
  {
    Context context;
    context.folder = program.data();
    const auto engine = OpenEngine(context);
    REQUIRE(engine.ok());
    log::v1::Record record;
    record.mutable_event()->mutable_occurred_at()->set_seconds(program.now.number() / 1000);
    *record.mutable_event()->mutable_recorded_at() = record.event().occurred_at();
    record.mutable_event()->mutable_buyer_erased()->set_buyer_id("b1");
    const std::string bytes = record.SerializeAsString();
    const std::array<std::string_view, 1> records = {bytes};
    for (Partition partition(0); partition < Partition(4); partition = partition.Plus(1)) {
      REQUIRE((*engine)->log().Append(partition, records).ok());
    }
  }
  const std::string text = program.Run({"query", "timeline", "o1"}).out;
  CHECK(text.find("bought by b1 (erased)") != std::string::npos);
  CHECK(text.find("(erased)\n") != std::string::npos);
  CHECK(text.find("blue") == std::string::npos);
  const std::string json = program.Run({"--json", "query", "timeline", "o1"}).out;
  CHECK(json.find("blue") == std::string::npos);
  CHECK(json.find(R"("textsErased":true)") != std::string::npos);
}

TEST_CASE("money is told in the digits of its currency") {
  events::v1::Money money;
  const auto text = [&](int64_t minor, const char* currency) {
    money.set_amount_minor(minor);
    money.set_currency(currency);
    return MoneyText(money);
  };
  CHECK(text(1005, "PLN") == "10.05 PLN");
  CHECK(text(5, "HUF") == "0.05 HUF");
  CHECK(text(1005, "JPY") == "1005 JPY");
  CHECK(text(1005, "KWD") == "1.005 KWD");
}

}  // namespace
}  // namespace flywheel
