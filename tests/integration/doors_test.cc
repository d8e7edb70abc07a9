// Garbage at every door: clear errors that name what is wrong, the good in between taken, the
// process alive to its end.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/instant_text.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/simulated_events.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

constexpr std::string_view kNoon = "2025-06-01T12:00:00Z";
constexpr int64_t kMostMemoryKib = 400 << 10;

std::string Instants(std::string_view occurred_at) {
  return fmt::format(R"("occurredAt":"{}",)", occurred_at);
}

// An event of a seller in a market, with an id of its own.
std::string Line(std::string_view instants, std::string_view payload,
                 std::string_view seller = "anna", std::string_view market = "PL") {
  static int number = 0;
  return fmt::format(
      R"({{"eventId":"0190b2c4-0000-7000-8000-{:012}",{}"sellerId":"{}","market":"{}",{}}})",
      ++number, instants, seller, market, payload);
}

std::string Paid(std::string_view order) {
  return fmt::format(R"("orderPaid":{{"orderId":"{}"}})", order);
}

std::string Placed(std::string_view order) {
  return fmt::format(
      R"("orderPlaced":{{"orderId":"{}","buyerId":"b","lines":[{{"lineId":"1","offerId":"o",)"
      R"("quantity":1,"unitPrice":{{"amountMinor":"100","currency":"PLN"}}}}],)"
      R"("total":{{"amountMinor":"100","currency":"PLN"}},"delivery":{{"method":"COURIER"}}}})",
      order);
}

std::string Review(std::string_view fields) {
  return fmt::format(R"("reviewPosted":{{"orderId":"o","reviewId":"r","buyerId":"b",{}}})", fields);
}

std::string Good() {
  static int number = 0;
  return Line(Instants(kNoon), Placed(fmt::format("good-{}", ++number)));
}

std::string MinutesFromNow(int64_t minutes) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return FormatInstant(Instant(now.count()).Plus(minutes * kMillisPerMinute));
}

std::string RandomBytes(size_t count) {
  std::mt19937_64 random(4711);
  std::string bytes;
  while (bytes.size() < count) {
    const char byte = static_cast<char>(random());
    if (byte != '\n') bytes.push_back(byte);
  }
  return bytes;
}

// A line that publish refuses.
struct Bad {
  std::string line;
  std::string code;
  std::string field;  // empty: no field can be named
};

std::vector<Bad> NoJson() {
  std::vector<Bad> lines;
  const auto undecodable = [&](std::string line) {
    lines.push_back({std::move(line), "UNDECODABLE", ""});
  };
  undecodable(RandomBytes(1000));
  undecodable(std::string(1000, '\0'));
  undecodable("NaN");
  undecodable("{");
  undecodable("{} {}");
  undecodable(Good() + ",");
  undecodable(R"({"sellerId":"unfinished)");
  undecodable("{\"sellerId\":\"\xc3\x28\"}");
  undecodable("{\"sellerId\":\"\xed\xa0\x80\"}");
  undecodable(Line(Instants(kNoon), Review(R"("rates":{"service":NaN})")));
  undecodable(Line(Instants(kNoon), Review(R"("rates":{"service":Infinity})")));
  return lines;
}

std::vector<Bad> NoEvent() {
  std::vector<Bad> lines;
  const auto invalid = [&](std::string line, std::string field) {
    lines.push_back({std::move(line), "INVALID", std::move(field)});
  };
  invalid("null", "");
  invalid("[]", "");
  invalid("17", "");
  invalid("1e400", "");
  invalid(std::string(100'000, '['), "");
  invalid(R"({"noSuchField":1})", "noSuchField");
  invalid(R"({"eventId":5})", "event_id");
  invalid(R"({"sellerId":["anna"]})", "seller_id");
  invalid(R"({"occurredAt":12})", "occurred_at");
  invalid(R"({"occurredAt":"yesterday"})", "occurred_at");
  invalid(Line(Instants(kNoon), R"("parcelScanned":[])"), "parcel_scanned");
  invalid(Line(Instants(kNoon),
               R"("parcelScanned":{"orderId":"o","parcelId":"p","code":"LOST_IN_SPACE"})"),
          "parcel_scanned.code");
  invalid(Line(Instants(kNoon), Review(R"("recommended":"no")")), "review_posted.recommended");
  invalid(Line(Instants(kNoon), Review(R"("rates":{"service":1e400})")),
          "review_posted.rates.service");
  invalid(Line(Instants(kNoon), Review(R"("rates":{"service":4.5})")),
          "review_posted.rates.service");
  invalid(R"({"orderPaid":)" + std::string(100'000, '[') + "}", "order_paid");
  return lines;
}

std::vector<Bad> BadEvents() {
  std::vector<Bad> lines;
  const auto invalid = [&](std::string line, std::string field) {
    lines.push_back({std::move(line), "INVALID", std::move(field)});
  };
  const std::string noon = Instants(kNoon);
  invalid("{}", "event_id");
  invalid(Line("", Paid("o")), "occurred_at");
  invalid(Line(Instants("9999-12-31T23:59:59Z"), Paid("o")), "occurred_at");
  invalid(Line(Instants("0001-01-01T00:00:00Z"), Paid("o")), "occurred_at");
  invalid(Line(Instants(MinutesFromNow(6)), Paid("o")), "occurred_at");
  invalid(Line(noon, Paid("o"), "*"), "seller_id");
  invalid(Line(noon, Paid("o"), ""), "seller_id");
  invalid(Line(noon, Paid("o"), std::string(257, 's')), "seller_id");
  invalid(Line(noon, Paid("o"), R"(a\u0000b)"), "seller_id");
  invalid(Line(noon, Paid("o"), R"(a\u0085b)"), "seller_id");
  invalid(Line(noon, Paid("o"), "anna", "XX"), "market");
  invalid(Line(noon, Paid("o"), "anna", ""), "market");
  invalid(Line(noon, Paid("")), "order_paid.order_id");
  invalid(Line(noon, Paid(std::string(257, 'o'))), "order_paid.order_id");
  invalid(Line(noon, Paid(R"(o\n1)")), "order_paid.order_id");
  invalid(Line(noon, Review(R"("rates":{"service":6})")), "review_posted.rates.service");
  invalid(Line(noon, Review(R"("rates":{"delivery":-1})")), "review_posted.rates.delivery");
  invalid(Line(noon, R"("refundIssued":{"orderId":"o","refundId":"r","kind":"ORDER",)"
                     R"("amount":{"amountMinor":"-5","currency":"PLN"}})"),
          "refund_issued.amount");
  invalid(Line(noon, R"("timePassed":{})"), "");
  invalid(Line(noon, R"("buyerErased":{"buyerId":"b"})"), "");
  invalid(Line(noon, Review(fmt::format(R"("comment":"{}")", std::string(300'000, 'c')))), "");
  return lines;
}

std::vector<Bad> AllBad() {
  std::vector<Bad> all = NoJson();
  for (const std::vector<Bad>& more : {NoEvent(), BadEvents()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// The text between `from` and the next quote.
std::string After(const std::string& text, std::string_view from) {
  const size_t start = text.find(from);
  if (start == std::string::npos) return {};
  const size_t end = text.find('"', start + from.size());
  return text.substr(start + from.size(), end - start - from.size());
}

TEST_CASE("each bad line is named with its code, field and reason, and each good one is taken") {
  const TemporaryFolder folders;
  const std::vector<Bad> bad = AllBad();
  std::string input;
  for (const Bad& each : bad) input += each.line + "\n" + Good() + "\n";

  SECTION("in JSON") {
    const ProgramEnd end = RunOn(folders.Path("data"), {"--json", "publish"}, input);
    CHECK(end.code == 1);
    const std::vector<std::string> answers = LinesOf(end.out);
    REQUIRE(answers.size() == 2 * bad.size());
    for (size_t i = 0; i < bad.size(); ++i) {
      const std::string& answer = answers[2 * i];
      INFO(bad[i].line.substr(0, 200) << "\n" << answer.substr(0, 500));
      CHECK(Contains(answer, fmt::format(R"({{"line":{},)", 2 * i + 1)));
      CHECK(After(answer, R"("status":")") == "refused");
      CHECK(After(answer, R"("code":")") == bad[i].code);
      if (!bad[i].field.empty()) CHECK(Contains(After(answer, R"("field":")"), bad[i].field));
      CHECK(After(answer, R"("reason":")").size() > 5);
      CHECK(answer.size() < 2000);
      CHECK(After(answers[2 * i + 1], R"("status":")") == "accepted");
    }
    CHECK(AcknowledgementsIn(end.out).size() == bad.size());
  }
  SECTION("for a person") {
    const ProgramEnd end = RunOn(folders.Path("data"), {"publish"}, input);
    CHECK(end.code == 1);
    const std::vector<std::string> answers = LinesOf(end.err);
    REQUIRE(answers.size() == bad.size());
    for (size_t i = 0; i < bad.size(); ++i) {
      INFO(bad[i].line.substr(0, 200) << "\n" << answers[i].substr(0, 500));
      CHECK(answers[i].rfind(fmt::format("line {}: {}", 2 * i + 1, bad[i].code), 0) == 0);
      CHECK(Contains(answers[i], bad[i].field));
    }
    CHECK(Contains(end.out, fmt::format("{} lines, {} accepted, {} refused", 2 * bad.size(),
                                        bad.size(), bad.size())));
  }
  CHECK(CountsOf(folders.Path("data")).accepted == bad.size());
  CheckWhole(folders.Path("data"));
}

TEST_CASE("five minutes ahead are taken") {
  const TemporaryFolder folders;
  const std::string line = Line(Instants(MinutesFromNow(4)), Placed("o")) + "\n";
  CHECK(RunOn(folders.Path("data"), {"publish"}, line).code == 0);
}

TEST_CASE("an empty input and empty lines are no error") {
  const TemporaryFolder folders;
  CHECK(RunOn(folders.Path("data"), {"publish"}).code == 0);
  const ProgramEnd end = RunOn(folders.Path("data"), {"publish"}, "\n\r\n  \n\t\n");
  CHECK(end.code == 0);
  CHECK(Contains(end.out, "0 accepted, 0 refused, 4 empty lines"));
}

// Feeds `count` bytes of one value without holding them, then a good line.
ProgramEnd PublishLongLine(const std::string& folder, char byte, size_t count,
                           const std::string& format) {
  RunningProgram program(On(folder, {"--json", "publish", "--format", format}));
  const std::string piece(size_t{1} << 20, byte);
  for (size_t fed = 0; fed < count; fed += piece.size()) {
    program.Feed(piece);
    while (program.unfed() > 0 && !program.ended()) program.Pump(std::chrono::milliseconds(50));
  }
  program.Feed("\n" + Good() + "\n");
  program.EndInput();
  return program.Wait();
}

TEST_CASE("lines without end are refused in bounded memory") {
  const TemporaryFolder folders;
  for (const auto& [byte, mebibytes] : {std::pair('\0', 100), std::pair('[', 10)}) {
    INFO("byte " << static_cast<int>(byte));
    const ProgramEnd end =
        PublishLongLine(folders.Path("data"), byte, static_cast<size_t>(mebibytes) << 20, "jsonl");
    INFO(end.err);
    CHECK(end.code == 1);
    CHECK(end.max_resident_kib < kMostMemoryKib);
    const std::vector<std::string> answers = LinesOf(end.out);
    REQUIRE(answers.size() == 2);
    CHECK(Contains(answers[0], R"({"line":1,"status":"refused","code":"INVALID")"));
    CHECK(Contains(answers[1], R"({"line":2,)"));
    CHECK(Contains(answers[1], R"("status":"accepted")"));
  }
}

TEST_CASE("a binary stream of zeros is a refusal for each event in bounded memory") {
  const TemporaryFolder folders;
  const ProgramEnd end =
      RunOn(folders.Path("data"), {"publish", "--format", "binary"}, std::string(200'000, '\0'));
  CHECK(end.code == 1);
  CHECK(end.max_resident_kib < kMostMemoryKib);
  CHECK(Contains(end.out, "200000 events, 0 accepted, 200000 refused"));
  CHECK(LinesOf(end.err).size() == 200'000);
}

TEST_CASE("a binary stream of garbage leaves the good events before it taken") {
  const TemporaryFolder folders;
  const std::vector<SimulatedEvent> events = SimulatedEvents(2, 2, 3);
  // Events in frames, a frame of garbage between them, and no frame at the end.
  std::string input = events[0].BinaryFrame() + "\x07garbage" + events[1].BinaryFrame() +
                      std::string(12, '\xff') + events[2].BinaryFrame();
  const ProgramEnd end =
      RunOn(folders.Path("data"), {"--json", "publish", "--format", "binary"}, input);
  CHECK(end.code == 1);
  const std::vector<std::string> answers = LinesOf(end.out);
  REQUIRE(answers.size() == 4);
  CHECK(Contains(answers[0], "accepted"));
  CHECK(Contains(answers[1], "refused"));
  CHECK(Contains(answers[2], "accepted"));
  CHECK(Contains(answers[3], "UNDECODABLE"));
  CHECK(AcknowledgementsIn(end.out).size() == 2);
}

constexpr std::string_view kTables[] = {"orders", "order_items", "order_reviews", "customers"};

std::string TableName(std::string_view table) { return fmt::format("olist_{}_dataset.csv", table); }

TEST_CASE("import olist says what is wrong with its folder and makes no data folder") {
  const TemporaryFolder folders;
  const std::string data = folders.Path("data");
  const std::string source = folders.Path("source");
  const auto import = [&] { return RunOn(data, {"import", "olist", source}); };

  SECTION("that is not there") {
    const ProgramEnd end = import();
    CHECK(end.code == 3);
    CHECK(Contains(end.err, source));
  }
  SECTION("that is a file") {
    folders.Write("source", "order_id\n");
    const ProgramEnd end = import();
    CHECK(end.code != 0);
    CHECK(Contains(end.err, source));
  }
  SECTION("that is empty") {
    std::filesystem::create_directory(source);
    const ProgramEnd end = import();
    CHECK(end.code == 3);
    CHECK(Contains(end.err, TableName("orders")));
  }
  SECTION("whose files have other columns") {
    std::filesystem::create_directory(source);
    for (const std::string_view table : kTables) {
      folders.Write("source/" + TableName(table), "alpha,beta\n1,2\n");
    }
    const ProgramEnd end = import();
    CHECK(end.code == 2);
    CHECK(Contains(end.err, TableName("orders")));
    CHECK(Contains(end.err, "order_id"));
  }
  SECTION("whose files are garbage") {
    std::filesystem::create_directory(source);
    for (const std::string_view table : kTables) {
      folders.Write("source/" + TableName(table), RandomBytes(100'000));
    }
    const ProgramEnd end = import();
    CHECK(end.code > 0);
    CHECK(Contains(end.err, TableName("orders")));
  }
  CHECK_FALSE(std::filesystem::exists(data));
}

TEST_CASE("questions that make no sense get a sentence and exit 2, what is not there exit 3") {
  const TemporaryFolder folders;
  const std::string data = folders.Path("data");
  REQUIRE(RunOn(data, {"publish"}, JsonLines(SimulatedEvents(3, 20, 5))).code == 0);
  struct Question {
    std::vector<std::string> arguments;
    int code;
    std::string says;
  };
  const std::vector<Question> questions = {
      {{"query", "rating", "s-000001", "--as-of", "soon"}, 2, "'soon' is no instant"},
      {{"query", "rating", "s-000001", "--as-of", "2025-02-30T00:00:00Z"}, 2, "does not exist"},
      {{"query", "rating", "s-000001", "--as-of", "9999-01-01T00:00:00Z"}, 2, "2199"},
      {{"query", "rating", "s-000001", "--known-at", "1e400"}, 2, "'1e400'"},
      {{"query", "rating", "s-000001", "--clock", "sun"}, 2, "--clock: sun is none of log, wall"},
      {{"query", "rating", "s-000001", "--market", "XX"}, 3, "market XX"},
      {{"query", "rating", "nobody"}, 3, "nobody"},
      {{"query", "rating", "\xff\xfe"}, 3, "no accepted event"},
      {{"query", "rating", std::string(100'000, 's')}, 3, "no accepted event"},
      {{"query", "rating"}, 2, "SELLER"},
      {{"explain", "rating", "nobody"}, 3, "nobody"},
      {{"explain", "rating", "s-000001", "--figure", "luck"}, 2, "luck"},
      {{"export", "rating", "--as-of", "2025-06-01"}, 2, "'2025-06-01' is no instant"},
      {{"export", "rating", "--format", "xml"}, 2, "--format: xml is none of csv, jsonl"},
      {{"export", "rating", "--out", folders.Path("no/such/folder")}, 3, "no/such/folder"},
      {{"quarantine", "show", "somewhere"}, 2, "'somewhere' is no place"},
      {{"quarantine", "show", "0@123456"}, 3, "0@123456"},
      {{"quarantine", "list", "--state", "sad"}, 2, "--state: sad is none of"},
      {{"log", "cat", "--partition", "77"}, 3, "77"},
      {{"nonsense"}, 2, "nonsense"},
      {{}, 2, "COMMAND is required"}};
  for (const Question& question : questions) {
    INFO(fmt::format("{:.200}", fmt::join(question.arguments, " ")));
    const ProgramEnd end = RunOn(data, question.arguments);
    INFO(end.err);
    CHECK(end.code == question.code);
    CHECK(end.out.empty());
    CHECK(Contains(end.err, question.says));
  }
}

}  // namespace
}  // namespace flywheel
