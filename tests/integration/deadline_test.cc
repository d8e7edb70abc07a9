// A server to which nothing comes announces what time alone changes.
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "app/events.h"
#include "base/instant_text.h"
#include "integration/data_folder_run.h"
#include "integration/running_program.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

Instant Now() {
  return Instant(std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::system_clock::now().time_since_epoch())
                     .count());
}

// A super seller with ten orders, placed at an instant, that are to be dispatched by another.
std::string SuperSeller(const std::string& seller, Instant placed, Instant deadline) {
  const std::string at = FormatInstant(placed);
  std::string lines = EventLine(at, R"("sellerRegistered":{"business":true})", seller);
  lines += EventLine(at,
                     R"("sellerStandingChanged":{"feesPaid":true,"superSeller":true,)"
                     R"("returnPolicy":{"freeReturns":true,"withdrawalDays":14}})",
                     seller);
  for (int i = 0; i < 10; ++i) {
    std::string order = Placed(seller + "-" + std::to_string(i), "b");
    const std::string method = R"("method":"COURIER")";
    order.insert(order.find(method) + method.size(),
                 R"(,"promisedDispatchBy":")" + FormatInstant(deadline) + "\"");
    lines += EventLine(at, order, seller);
  }
  return lines;
}

TEST_CASE("a server without traffic announces a deadline at its instant, and for ever") {
  const TemporaryFolder files;
  const std::string folder = files.Path("data");
  Instant deadline;
  std::string seller;
  const auto answer = [&] {
    return RunOn(folder, {"--json", "query", "smart", seller, "--clock", "log", "--history"}).out;
  };
  std::string announced;
  {
    RunningProgram server(On(folder, {"serve", "--listen", "127.0.0.1:0"}));
    REQUIRE(server.PumpUntil("serving on http://"));
    // Until a seller is there before the deadline, however slow the machine is.
    for (int64_t seconds = 10; seller.empty() || (Now() >= deadline && seconds < 1000);
         seconds *= 2) {
      seller = "seller-" + std::to_string(seconds);
      const Instant start = Now();
      deadline = start.Plus(seconds * kMillisPerSecond);
      const std::string lines = SuperSeller(seller, start.Plus(-kMillisPerMinute), deadline);
      REQUIRE(RunOn(folder, {"publish"}, lines).code == 0);
    }
    const std::string before = answer();
    if (Now() < deadline) CHECK(Contains(before, R"("fulfilled":true)"));
    // The log's clock stands until a tick moves it.
    const auto patience = std::chrono::steady_clock::now() +
                          std::chrono::milliseconds(deadline.number() - Now().number()) +
                          std::chrono::seconds(60);
    do {
      server.Pump(std::chrono::milliseconds(200));
      announced = answer();
    } while (!Contains(announced, "DISPATCH_DEADLINE") &&
             std::chrono::steady_clock::now() < patience);
    CHECK(Contains(announced, R"("asOf":")" + FormatInstant(deadline.Plus(1))));
    CHECK(Contains(announced, R"({"at":")" + FormatInstant(deadline.Plus(1)) +
                                  R"(","fulfilled":false,"cause":{"expired":"DISPATCH_DEADLINE")"));
    server.Signal(SIGTERM);
    CHECK(server.Wait().code == 0);
  }
  CHECK(answer() == announced);
  CHECK(RunOn(folder, {"rebuild"}).code == 0);
  CHECK(answer() == announced);
  CHECK(RunOn(folder, {"verify"}).code == 0);
}

}  // namespace
}  // namespace flywheel
