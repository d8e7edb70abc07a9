// What must hold in a fuzz target.
#ifndef FLYWHEEL_TESTS_FUZZ_DEMAND_H_
#define FLYWHEEL_TESTS_FUZZ_DEMAND_H_

#include <cstdio>
#include <cstdlib>
#include <string>

namespace flywheel {

// Says what does not hold and stops, which the fuzzer reports with the input.
inline void Demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}
inline void Demand(bool holds, const std::string& what) { Demand(holds, what.c_str()); }

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_FUZZ_DEMAND_H_
