// A whole endurance run: round after round, world after world.
#ifndef FLYWHEEL_TESTS_ENDURANCE_RUN_H_
#define FLYWHEEL_TESTS_ENDURANCE_RUN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "endurance/findings.h"
#include "endurance/world.h"

namespace flywheel {

struct EnduranceOptions {
  bool kafka = false;
  int rounds = 1;
  uint64_t seed = 1;
  size_t faults_a_round = 2;  // every kind comes up once before one comes up again
  std::vector<Fault> only;    // empty: every kind that the log can have
  // Pauses beyond the length of sessions.
  bool patient = false;
  // Called with a line now and then. May be empty.
  std::function<void(std::string_view line)> say;
};

struct EnduranceCounts {
  int rounds = 0;  // that were ended and judged
  std::array<size_t, kFaults> faults = {};
  size_t events = 0;    // acknowledged over HTTP, each time
  size_t in_inbox = 0;  // and by the broker
  size_t policies = 0;
  size_t closed = 0;    // quarantine entries
  size_t answers = 0;   // with rows
  size_t compared = 0;  // with an earlier one at the same place

  std::string ToText(const Findings& findings) const;
};

// A round that throws is a finding, and the next one has a new world. REQUIRES: as World.
EnduranceCounts Endure(const EnduranceOptions& options, Findings* findings);

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_RUN_H_
