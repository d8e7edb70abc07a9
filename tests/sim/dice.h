// Where everything random in a simulated history comes from.
#ifndef FLYWHEEL_TESTS_SIM_DICE_H_
#define FLYWHEEL_TESTS_SIM_DICE_H_

#include <cstdint>
#include <random>

namespace flywheel {

// One per history: the same seed gives the same history. Not thread-safe.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  // A number below `bound`, which is not 0.
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  // Whether something happens that happens so often of a thousand times.
  bool Of1000(uint64_t times) { return Below(1000) < times; }
  bool Half() { return Below(2) == 0; }
  // For what takes a generator of its own.
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_SIM_DICE_H_
