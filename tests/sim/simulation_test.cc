// Histories of the whole engine, with everything that can go wrong, by seed.
//
//   FLYWHEEL_SIM_SEEDS=10000      how many histories; unset: as many as a test has time for
//   FLYWHEEL_SIM_FIRST_SEED=7     the first of them; a history that failed is repeated by its seed
#include "sim/simulation.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "effort.h"

namespace flywheel {
namespace {

constexpr int kSeeds = 400;
constexpr int kSeedsShort = 40;
constexpr uint64_t kFirstSeed = 1;
constexpr uint64_t kMaxFailures = 5;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void Say(const SimCounts& counts, double seconds) {
  std::cerr << fmt::format(
      "{} histories in {:.1f} s: {} records, {} acknowledged, {} messages ({} redelivered), {} "
      "ticks, {} crashes, {} lost rows, {} store faults, {} checkpoints, {} moves, {} clock jumps, "
      "{} resubmissions, {} answers asked again\n",
      counts.histories, seconds, counts.records, counts.acknowledged, counts.messages,
      counts.redelivered, counts.ticks, counts.crashes, counts.lost_rows, counts.store_faults,
      counts.checkpoints, counts.moves, counts.clock_jumps, counts.resubmissions, counts.answers);
}

TEST_CASE("whatever fails and whenever, what was acknowledged is there and the rows are right") {
  const uint64_t first = Setting("FLYWHEEL_SIM_FIRST_SEED", kFirstSeed);
  const uint64_t seeds = Setting("FLYWHEEL_SIM_SEEDS", Effort(kSeeds, kSeedsShort));
  const auto began = std::chrono::steady_clock::now();
  SimCounts counts;
  uint64_t failures = 0;
  for (uint64_t seed = first; seed < first + seeds && failures < kMaxFailures; ++seed) {
    const std::string trouble = Simulation(seed, &counts).Run();
    if (trouble.empty()) continue;
    ++failures;
    std::cerr << fmt::format(
        "seed {}:\n{}to repeat it: FLYWHEEL_SIM_FIRST_SEED={} FLYWHEEL_SIM_SEEDS=1 "
        "build/release/tests/test_sim\n",
        seed, trouble, seed);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  Say(counts, took.count());
  CHECK(failures == 0);
  CHECK(counts.histories > 0);
}

TEST_CASE("a seed gives the same history again") {
  SimCounts once;
  SimCounts twice;
  Simulation(kFirstSeed, &once).Run();
  Simulation(kFirstSeed, &twice).Run();
  CHECK(once.records == twice.records);
  CHECK(once.acknowledged == twice.acknowledged);
  CHECK(once.crashes == twice.crashes);
  CHECK(once.ticks == twice.ticks);
}

}  // namespace
}  // namespace flywheel
