// The simulator's randomness: integers alone, so that one seed gives the same on every machine and
// with every standard library.
#ifndef FLYWHEEL_SOURCES_RANDOM_H_
#define FLYWHEEL_SOURCES_RANDOM_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace flywheel {

// A bijection of 64 bits that spreads them (the finisher of SplitMix64).
constexpr uint64_t Spread(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

// A number that depends on both.
constexpr uint64_t Combine(uint64_t a, uint64_t b) {
  return Spread(a ^ Spread(b + 0x9E3779B97F4A7C15));
}

inline constexpr uint32_t kMillion = 1'000'000;

// SplitMix64: a stream of numbers from one seed. Cheap to start, so everything that is drawn for
// itself has a stream of its own.
class Random {
 public:
  constexpr explicit Random(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() { return Spread(state_ += 0x9E3779B97F4A7C15); }

  // 0 .. n-1. REQUIRES: n > 0. Some numbers are likelier than others by at most n / 2^32.
  constexpr uint32_t Below(uint32_t n) { return static_cast<uint32_t>(((Next() >> 32) * n) >> 32); }

  // lo .. hi, both included. REQUIRES: 0 <= hi - lo < 2^32 - 1.
  constexpr int64_t Between(int64_t lo, int64_t hi) {
    return lo + Below(static_cast<uint32_t>(hi - lo + 1));
  }

  // True in `ppm` of a million cases.
  constexpr bool Chance(uint32_t ppm) { return Below(kMillion) < ppm; }

  // An index, each as likely as its weight. REQUIRES: the weights' sum is > 0 and < 2^32.
  constexpr size_t Pick(absl::Span<const uint32_t> weights) {
    uint32_t sum = 0;
    for (const uint32_t weight : weights) sum += weight;
    uint32_t left = Below(sum);
    size_t index = 0;
    while (left >= weights[index]) left -= weights[index++];
    return index;
  }

  // A duration: mostly short, now and then long, `mean` in the middle of many. An exponential
  // distribution drawn through 16 straight pieces; at most 5.2 times the mean.
  constexpr int64_t Waiting(int64_t mean) {
    constexpr std::array<int64_t, 17> kPermille = {0,   65,  134,  208,  288,  375,  470,  575, 693,
                                                   827, 981, 1163, 1386, 1674, 2079, 2773, 5200};
    const uint32_t draw = Below(16 << 10);
    const size_t piece = draw >> 10;
    const int64_t within = draw & 1023;
    const int64_t permille =
        kPermille[piece] + (kPermille[piece + 1] - kPermille[piece]) * within / 1024;
    return mean * permille / 1000;
  }

 private:
  uint64_t state_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_SOURCES_RANDOM_H_
