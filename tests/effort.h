// How much a test with many iterations does.
#ifndef FLYWHEEL_TESTS_EFFORT_H_
#define FLYWHEEL_TESTS_EFFORT_H_

#include <cstdlib>
#include <string_view>

namespace flywheel {

// Number of iterations: `full` as a rule, `reduced` where FLYWHEEL_TEST_EFFORT=short says that time
// is scarce (under the sanitizers, where a test takes several times as long).
inline int Effort(int full, int reduced) {
  const char* effort = std::getenv("FLYWHEEL_TEST_EFFORT");
  return effort != nullptr && std::string_view(effort) == "short" ? reduced : full;
}

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_EFFORT_H_
