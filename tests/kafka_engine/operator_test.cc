// What an operator does about refused events and about the policy, on Kafka: by a command of its
// own, and by one that runs in a server.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "app/events.h"
#include "base/instant_text.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "kafka/broker.h"
#include "kafka/plain_client.h"
#include "kafka_engine/log_on_kafka.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

constexpr int32_t kPartitions = 3;

std::string InMinutes(int minutes) {
  return FormatInstant(Instant(absl::ToUnixMillis(absl::Now()) + minutes * kMillisPerMinute));
}

template <class Condition>
void Eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + RunningProgram::kPatience;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// The place of the only open entry of that code.
std::string EntryOf(const DataFolder& folder, const std::string& code) {
  const ProgramEnd list = RunOn(folder, {"--json", "quarantine", "list", "--code", code});
  const std::vector<std::string> lines = LinesOf(list.out);
  INFO(list.out << list.err);
  REQUIRE(lines.size() == 1);
  const size_t begin = std::string_view(R"({"place":")").size();
  return lines[0].substr(begin, lines[0].find('"', begin) - begin);
}

// Publishes an order and a stranger's review of it, mends the review, publishes a policy.
void ActAsOperator(const DataFolder& folder) {
  const std::string at = InMinutes(-60);
  REQUIRE(RunOn(folder, {"publish"},
                EventLine(at, Placed("o1", "b1")) + EventLine(at, Reviewed("o1", "b2", true)))
              .code == 0);
  const std::string entry = EntryOf(folder, "WRONG_BUYER");
  const std::string mended = EventLine(at, Reviewed("o1", "b1", true));
  const std::vector<std::string> resubmit = {"--json",    "quarantine", "resubmit", entry,
                                             "--payload", "-",          "--actor",  "eva"};
  std::vector<std::string> dry_run = resubmit;
  dry_run.emplace_back("--dry-run");
  const ProgramEnd tried = RunOn(folder, dry_run, mended);
  INFO(tried.out << tried.err);
  CHECK(tried.code == 0);
  CHECK(Contains(tried.out, R"("act":"tried")"));
  CHECK(Contains(tried.out, R"("became":"ACCEPTED")"));
  CHECK(EntryOf(folder, "WRONG_BUYER") == entry);
  const ProgramEnd done = RunOn(folder, resubmit, mended);
  INFO(done.out << done.err);
  CHECK(done.code == 0);
  CHECK(Contains(done.out, R"("became":"ACCEPTED")"));
  CHECK(RunOn(folder, resubmit, mended).code == 1);
  CHECK(Contains(RunOn(folder, {"--json", "query", "rating", "anna"}).out,
                 R"("recommended":{"total":1,"unique":1})"));

  const std::string from = InMinutes(60);
  const std::vector<std::string> publish = {"--json", "policy",           "publish",
                                            "-",      "--effective-from", from};
  const std::string policy = R"({"defaults":{"rating":{"windowDays":10}}})";
  const ProgramEnd published = RunOn(folder, publish, policy);
  INFO(published.out << published.err);
  CHECK(published.code == 0);
  CHECK(Contains(published.out, fmt::format(R"("written":{})", kPartitions)));
  CHECK(Contains(RunOn(folder, publish, policy).out, R"("status":"there")"));
  CHECK(Contains(RunOn(folder, {"--json", "policy", "show", "--at", from}).out,
                 R"("windowDays":10,)"));
}

TEST_CASE("an operator mends and publishes on a log on Kafka, with no server") {
  const TemporaryFolder folders;
  const DataFolder folder =
      NewOnKafka(folders.Path("rows"), SharedBroker(), kPartitions, kPartitions);
  ActAsOperator(folder);
  CheckWhole(folder);
}

TEST_CASE("an operator mends and publishes in a server, and what the inbox refused too") {
  const TemporaryFolder folders;
  const DataFolder folder =
      NewOnKafka(folders.Path("rows"), SharedBroker(), kPartitions, kPartitions);
  RunningProgram server(On(folder, {"serve", "--listen", "127.0.0.1:0"}));
  REQUIRE(server.PumpUntil("serving on http://"));
  // Until the group has given it the partitions.
  Eventually([&] { return RunOn(folder, {"quarantine", "list"}).code == 0; });
  ActAsOperator(folder);

  const std::string at = InMinutes(-60);
  const std::string inbox = folder.log.substr(folder.log.rfind('/') + 1) + ".inbox";
  const std::string invalid = EventLine(at, Placed("o2", "b2"), "anna", "QQ");
  REQUIRE(ProducePlain({{"bootstrap.servers", SharedBroker().address()}}, inbox,
                       {{{}, invalid.substr(0, invalid.size() - 1)}})
              .ok());
  const auto is_complete = [&] {
    return Contains(RunOn(folder, {"--json", "query", "rating", "anna"}).out, R"("complete":true)");
  };
  Eventually([&] { return !is_complete(); });
  const std::string entry = EntryOf(folder, "INVALID");
  const ProgramEnd shown = RunOn(folder, {"quarantine", "show", entry});
  INFO(shown.out << shown.err);
  CHECK(Contains(shown.out, fmt::format(R"("payloadFrom":"{}","payloadWhole":true)", inbox)));
  CHECK(Contains(shown.out, R"(\"market\":\"QQ\")"));
  // As it was published it is judged again, and refused again.
  const ProgramEnd again = RunOn(folder, {"quarantine", "resubmit", entry});
  CHECK(again.code == 1);
  CHECK(Contains(again.err, "INVALID market: "));
  const ProgramEnd mended =
      RunOn(folder, {"--json", "quarantine", "resubmit", entry, "--payload", "-"},
            EventLine(at, Placed("o2", "b2")));
  INFO(mended.out << mended.err);
  CHECK(Contains(mended.out, R"("became":"ACCEPTED")"));
  CHECK(is_complete());

  server.Signal(SIGTERM);
  CHECK(server.Wait().code == 0);
  CheckWhole(folder);
}

}  // namespace
}  // namespace flywheel
