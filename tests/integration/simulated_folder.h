// A data folder of simulated events, and what it answers.
#ifndef FLYWHEEL_TESTS_INTEGRATION_SIMULATED_FOLDER_H_
#define FLYWHEEL_TESTS_INTEGRATION_SIMULATED_FOLDER_H_

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "integration/data_folder.h"
#include "integration/simulated_events.h"

namespace flywheel {

// After everything that is simulated.
inline constexpr const char* kAsOf = "2026-06-01T00:00:00Z";

// Every rating.
inline std::string Answers(const std::string& folder) {
  const ProgramEnd end = RunOn(folder, {"export", "rating", "--as-of", kAsOf});
  INFO(end.err);
  CHECK(end.code == 0);
  return end.out;
}

// Publishes other events for each seed, to two partitions where the folder is new.
inline void Fill(const std::string& folder, uint64_t seed) {
  const ProgramEnd end =
      RunOn(folder, {"publish", "--partitions", "2"}, JsonLines(SimulatedEvents(10, 200, seed)));
  INFO(end.err);
  REQUIRE(end.code == 0);
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_INTEGRATION_SIMULATED_FOLDER_H_
