// The numbers are those that the business times imply, wherever the events stand in the log.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "effort.h"
#include "integration/data_folder_run.h"
#include "integration/simulated_events.h"
#include "sources/temporary_folder.h"

namespace flywheel {
namespace {

// Within the orders, at their end, in the middle of what follows, and a year later, when the
// windows have moved past some of them.
const std::vector<std::string> kInstants = {"2025-01-20T10:15:30.123Z", "2025-02-28T22:59:59.999Z",
                                            "2025-04-01T00:00:00Z", "2026-02-11T12:00:00Z"};

void CheckExports(const std::string& folder, std::vector<std::string>* expected) {
  const bool first = expected->empty();
  for (size_t i = 0; i < kInstants.size(); ++i) {
    INFO(kInstants[i]);
    const ProgramEnd end = RunOn(folder, {"export", "rating", "--as-of", kInstants[i]});
    INFO(end.err);
    REQUIRE(end.code == 0);
    if (first) {
      CHECK(LinesOf(end.out).size() > 20);
      expected->push_back(end.out);
    } else {
      // Compared without Catch's printing of both.
      const bool same = end.out == (*expected)[i];
      CHECK(same);
    }
  }
}

TEST_CASE("the same events in any order and in any number of partitions give the same answers") {
  const TemporaryFolder folders;
  std::mt19937_64 random(20250101);
  const std::vector<SimulatedEvent> events =
      SimulatedEvents(60, static_cast<uint32_t>(Effort(700, 200)), 11);
  std::vector<SimulatedEvent> shuffled = events;
  Shuffle(shuffled, random);
  std::vector<SimulatedEvent> reversed(events.rbegin(), events.rend());
  std::vector<SimulatedEvent> twice = shuffled;
  twice.insert(twice.end(), events.begin(), events.end());
  Shuffle(twice, random);

  struct Order {
    std::string name;
    std::string partitions;
    const std::vector<SimulatedEvent>* events;
  };
  const std::vector<Order> orders = {{"as published", "1", &events},
                                     {"shuffled", "4", &shuffled},
                                     {"reversed", "7", &reversed},
                                     {"everything twice", "4", &twice}};
  std::vector<std::string> expected;
  for (const Order& order : orders) {
    INFO(order.name);
    const std::string folder = folders.Path(order.name);
    const ProgramEnd published =
        RunOn(folder, {"publish", "--partitions", order.partitions}, JsonLines(*order.events));
    INFO(published.err);
    REQUIRE(published.code == 0);
    const LogCounts counts = CountsOf(folder);
    CHECK(counts.records == order.events->size());
    CHECK(counts.accepted == events.size());
    CHECK(counts.waiting == 0);
    CHECK(counts.duplicates + counts.repeats == counts.records - counts.accepted);
    CheckExports(folder, &expected);
  }
  CHECK(expected[0] != expected[1]);
  CHECK(expected[2] != expected[3]);
  CheckWhole(folders.Path("reversed"));

  // And once more, into a log that holds them already.
  const std::string folder = folders.Path("shuffled");
  REQUIRE(RunOn(folder, {"publish"}, JsonLines(reversed)).code == 0);
  CHECK(CountsOf(folder).duplicates == events.size());
  CheckExports(folder, &expected);
}

}  // namespace
}  // namespace flywheel
