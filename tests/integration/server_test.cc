// One-shot commands on a folder that a server holds: they run in the server, and nothing that was
// acknowledged goes with either of the two.
#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/events.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "integration/running_server.h"
#include "integration/simulated_events.h"
#include "query/eventually.h"
#include "query/http/http_get.h"
#include "query/http_client.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

TEST_CASE("commands run in the server that holds the folder, and find what they find without it") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(3, 60, 11);
  RunningServer server(folder);

  const ProgramEnd published = RunOn(folder, {"publish", "--json"}, JsonLines(events));
  CHECK(published.code == 0);
  CHECK(AcknowledgementsIn(published.out).size() == events.size());
  const std::vector<std::vector<std::string>> questions = {{"export", "rating", "--clock", "log"},
                                                           {"export", "sla", "--clock", "log"},
                                                           {"queue", "--clock", "log", "--json"}};
  std::vector<std::string> served;
  for (const std::vector<std::string>& question : questions) {
    const ProgramEnd end = RunOn(folder, question);
    CHECK(end.code == 0);
    served.push_back(end.out);
  }
  CHECK_FALSE(served[0].empty());
  CHECK_FALSE(served[1].empty());
  CHECK(RunOn(folder, {"verify"}).code == 0);
  CHECK(CountsOf(folder).accepted == events.size());
  // A file is written where the caller means it.
  const std::string out = files.Path("export.jsonl");
  CHECK(RunOn(folder, {"export", "rating", "--out", out}).code == 0);
  CHECK(std::filesystem::file_size(out) > 0);
  // What needs the folder for itself says so.
  const ProgramEnd rebuild = RunOn(folder, {"rebuild"});
  CHECK(rebuild.code == 4);
  CHECK(Contains(rebuild.err, "stop it first"));
  // A mistake is answered as ever.
  CHECK(RunOn(folder, {"query", "rating", "nobody"}).code == 3);
  CHECK(RunOn(folder, {"query", "rating"}).code == 2);

  server.program().Signal(SIGTERM);
  CHECK(server.program().Wait().code == 0);
  CHECK_FALSE(std::filesystem::exists(folder + "/flywheel.sock"));
  for (size_t i = 0; i < questions.size(); ++i) {
    CHECK(RunOn(folder, questions[i]).out == served[i]);
  }
  CheckWhole(folder);
}

TEST_CASE("the HTTP door answers what the command line answers") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(2, 40, 12);
  RunningServer server(folder);
  CHECK(RunOn(folder, {"publish"}, JsonLines(events)).code == 0);
  const std::string answer =
      RunOn(folder, {"query", "rating", "s-000001", "--json", "--clock", "log"}).out;
  const auto got = HttpGet(server.url(), "/v1/sellers/s-000001/rating?clock=log");
  REQUIRE(got.ok());
  CHECK(got->status == 200);
  CHECK(got->body == answer);
}

TEST_CASE("what is posted to a server is read back at once by its position") {
  const TemporaryFolder files;
  RunningServer server(files.Path("data"));
  const std::string& url = server.url();
  HttpClient client(static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  REQUIRE(Eventually([&] { return client.Get("/readyz")->status == 200; }));
  for (int i = 1; i <= 20; ++i) {
    const std::string order = "o" + std::to_string(i);
    const auto posted = client.Post(
        "/v1/events", EventLine("2025-06-01T10:00:00Z", Placed(order, "b" + order)) +
                          EventLine("2025-06-02T10:00:00Z", Reviewed(order, "b" + order, true)));
    REQUIRE(posted);
    REQUIRE(posted->status == 200);
    // Where a machine is busy it may take longer than a question waits.
    std::optional<ClientResponse> read;
    REQUIRE(Eventually([&] {
      read =
          client.Get("/v1/sellers/anna/rating?min_position=" + posted->Header("flywheel-position"));
      return !read || read->status != 503;
    }));
    REQUIRE(read);
    CHECK(read->status == 200);
    CHECK(read->body.find("\"lifetime\":{\"recommended\":" + std::to_string(i) + ",") !=
          std::string::npos);
  }
}

TEST_CASE("an operator publishes a policy and closes entries in a server") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  RunningServer server(folder);
  const std::string at = "2025-06-01T12:00:00Z";
  const std::string order = EventLine(at, Placed("o1", "b1"));
  REQUIRE(RunOn(folder, {"publish"},
                order + EventLine(at, Reviewed("o1", "b2", true)) +
                    EventLine(at, Reviewed("o1", "b3", true)))
              .code == 0);
  const std::string policy = R"({"defaults":{"rating":{"windowDays":10}}})";
  const std::vector<std::string> publish = {"--json", "policy",           "publish",
                                            "-",      "--effective-from", "2100-01-01T00:00:00Z"};
  CHECK(Contains(RunOn(folder, publish, policy).out, R"("status":"published")"));
  CHECK(Contains(RunOn(folder, publish, policy).out, R"("status":"there")"));
  CHECK(Contains(RunOn(folder, {"--json", "policy", "show", "--version", "1"}).out,
                 R"("windowDays":10)"));
  const ProgramEnd tried =
      RunOn(folder, {"quarantine", "resubmit", "--code", "WRONG_BUYER", "--dry-run"});
  CHECK(Contains(tried.out, "2 of 2 entries would be resubmitted: REFUSED WRONG_BUYER 2"));
  const ProgramEnd discarded =
      RunOn(folder, {"quarantine", "discard", "--seller", "anna", "--reason", "strangers"});
  CHECK(Contains(discarded.out, "2 of 2 entries discarded: DISCARDED 2"));
  CHECK(LinesOf(RunOn(folder, {"--json", "quarantine", "list"}).out).empty());
  server.program().Signal(SIGTERM);
  CHECK(server.program().Wait().code == 0);
  CheckWhole(folder);
}

TEST_CASE("a server that is killed in the middle of a publish has lost nothing it acknowledged") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(4, 400, 13);
  std::string acknowledged;
  {
    RunningServer server(folder);
    RunningProgram client(On(folder, {"publish", "--json"}));
    const size_t half = events.size() / 2;
    for (size_t i = 0; i < half; ++i) client.Feed(events[i].JsonLine() + "\n");
    REQUIRE(client.PumpUntil(events[half - 1].event_id));
    for (size_t i = half; i < events.size(); ++i) client.Feed(events[i].JsonLine() + "\n");
    client.EndInput();
    server.program().Signal(SIGKILL);
    server.program().Wait();
    const ProgramEnd& end = client.Wait();
    CHECK(end.code == 4);
    CHECK(Contains(end.err, "went away before the command was done"));
    acknowledged = end.out;
  }
  const std::vector<Acknowledgement> taken = AcknowledgementsIn(acknowledged);
  CHECK(taken.size() >= events.size() / 2);
  // The socket that the server left is in nobody's way.
  CHECK(std::filesystem::exists(folder + "/flywheel.sock"));
  CheckWhole(folder);
  CHECK(CountsOf(folder).records >= taken.size());
  const ProgramEnd again = RunOn(folder, {"publish"}, JsonLines(events));
  CHECK(again.code == 0);
  CHECK(CountsOf(folder).accepted == events.size());
}

TEST_CASE("an interrupted client ends with its code, and the server goes on") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(1, 5, 14);
  RunningServer server(folder);
  {
    RunningProgram client(On(folder, {"publish", "--json"}));
    client.Feed(events[0].JsonLine() + "\n");
    REQUIRE(client.PumpUntil(events[0].event_id));
    client.Signal(SIGINT);
    const ProgramEnd& end = client.Wait();
    CHECK(end.code == 130);
    CHECK(Contains(end.err, "1 accepted"));
  }
  {
    // One that is killed says nothing any more; its command ends all the same.
    RunningProgram client(On(folder, {"publish", "--json"}));
    client.Feed(events[1].JsonLine() + "\n");
    REQUIRE(client.PumpUntil(events[1].event_id));
    client.Signal(SIGKILL);
    client.Wait();
  }
  CHECK(RunOn(folder, {"publish"}, JsonLines(events)).code == 0);
  server.program().Signal(SIGTERM);
  CHECK(server.program().Wait().code == 0);
  CHECK(CountsOf(folder).accepted == events.size());
  CheckWhole(folder);
}

TEST_CASE("a server that stops ends the commands that run in it") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  const std::vector<SimulatedEvent> events = SimulatedEvents(1, 5, 15);
  RunningServer server(folder);
  RunningProgram client(On(folder, {"publish", "--json"}));
  client.Feed(events[0].JsonLine() + "\n");
  REQUIRE(client.PumpUntil(events[0].event_id));
  server.program().Signal(SIGTERM);
  CHECK(server.program().Wait().code == 0);
  CHECK(client.Wait().code == 143);
  CHECK(CountsOf(folder).accepted == 1);
}

TEST_CASE("a second server is told who holds the folder, and a taken port is named") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  RunningServer server(folder);
  const ProgramEnd second = RunOn(folder, {"serve", "--listen", "127.0.0.1:0"});
  CHECK(second.code == 4);
  CHECK(Contains(second.err, "is held by process "));
  const std::string port = server.url().substr(server.url().rfind(':') + 1);
  const ProgramEnd other = RunOn(files.Path("other"), {"serve", "--listen", "127.0.0.1:" + port});
  CHECK(other.code == 4);
  CHECK(Contains(other.err, port));
  for (const std::string listen : {"", "nowhere", "127.0.0.1:", ":80", "127.0.0.1:99999"}) {
    INFO(listen);
    CHECK(RunOn(files.Path("third"), {"serve", "--listen", listen}).code == 2);
  }
}

}  // namespace
}  // namespace flywheel
