// Histories of the whole engine, with everything that can go wrong, by seed.
//
//   FLYWHEEL_SIM_SEEDS=10000      how many histories; unset: as many as a test has time for
//   FLYWHEEL_SIM_FIRST_SEED=7     the first of them; a history that failed is repeated by its seed
//   FLYWHEEL_SIM_FILES_EVERY=16   one of so many has its rows in files, which takes longer
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
constexpr uint64_t kFilesEvery = 16;
constexpr uint64_t kMaxFailures = 5;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void Say(const SimCounts& counts, double seconds) {
  std::cerr << fmt::format(
      "{} histories in {:.1f} s: {} records, {} acknowledged, {} messages ({} redelivered), {} "
      "ticks, {} crashes, {} lost rows, {} store faults, {} log damages, {} checkpoints, {} "
      "restores, {} moves, {} clock jumps, {} resubmissions, {} answers asked again\n",
      counts.histories, seconds, counts.records, counts.acknowledged, counts.messages,
      counts.redelivered, counts.ticks, counts.crashes, counts.lost_rows, counts.store_faults,
      counts.log_damages, counts.checkpoints, counts.restores, counts.moves, counts.clock_jumps,
      counts.resubmissions, counts.answers);
  std::cerr << fmt::format(
      "{} on files: rows damaged {} times, healed {} times ({} found by a reader); {} checkpoints "
      "damaged, {} skipped; {} times older rows, {} times half made folders\n",
      counts.on_files, counts.damaged_rows, counts.heals, counts.heals_by_reader,
      counts.damaged_checkpoints, counts.skipped_checkpoints, counts.older_rows, counts.half_made);
}

// What the faults are for.
void CheckThatAllHappened(const SimCounts& counts) {
  CHECK(counts.acknowledged > 0);
  CHECK(counts.redelivered > 0);
  CHECK(counts.ticks > 0);
  CHECK(counts.store_faults > 0);
  CHECK(counts.log_damages > 0);
  CHECK(counts.resubmissions > 0);
  CHECK(counts.answers > 0);
  CHECK(counts.on_files > 0);
  CHECK(counts.restores > 0);
  CHECK(counts.heals > 0);
  CHECK(counts.heals_by_reader > 0);
  CHECK(counts.skipped_checkpoints > 0);
  CHECK(counts.older_rows > 0);
  CHECK(counts.half_made > 0);
}

TEST_CASE("whatever fails and whenever, what was acknowledged is there and the rows are right") {
  const uint64_t first = Setting("FLYWHEEL_SIM_FIRST_SEED", kFirstSeed);
  const uint64_t seeds = Setting("FLYWHEEL_SIM_SEEDS", Effort(kSeeds, kSeedsShort));
  const uint64_t files_every = Setting("FLYWHEEL_SIM_FILES_EVERY", kFilesEvery);
  const auto began = std::chrono::steady_clock::now();
  SimCounts counts;
  uint64_t failures = 0;
  for (uint64_t seed = first; seed < first + seeds && failures < kMaxFailures; ++seed) {
    const std::string trouble = Simulation(seed, seed % files_every == 0, &counts).Run();
    if (trouble.empty()) continue;
    ++failures;
    std::cerr << fmt::format(
        "seed {}:\n{}to repeat it: FLYWHEEL_SIM_FIRST_SEED={} FLYWHEEL_SIM_SEEDS=1 "
        "FLYWHEEL_SIM_FILES_EVERY={} build/release/tests/test_sim\n",
        seed, trouble, seed, files_every);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  Say(counts, took.count());
  CHECK(failures == 0);
  CHECK(counts.histories > 0);
  if (seeds >= kSeeds && files_every > 1 && failures == 0) CheckThatAllHappened(counts);
}

TEST_CASE("a seed gives the same history again") {
  const bool on_files = GENERATE(false, true);
  SimCounts once;
  SimCounts twice;
  Simulation(kFirstSeed, on_files, &once).Run();
  Simulation(kFirstSeed, on_files, &twice).Run();
  CHECK(once == twice);
  CHECK(once.on_files == (on_files ? 1 : 0));
}

}  // namespace
}  // namespace flywheel
