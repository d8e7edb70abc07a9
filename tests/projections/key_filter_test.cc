#include "projections/cell/key_filter.h"

#include <catch2/catch.hpp>

namespace flywheel {
namespace {

uint64_t Hash(uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

TEST_CASE("what was added is always found, what was not seldom") {
  KeyFilter filter;
  CHECK_FALSE(filter.MayContain(Hash(1)));
  constexpr uint64_t kKeys = 3'000'000;
  for (uint64_t key = 0; key < kKeys; ++key) filter.Add(Hash(key));
  uint64_t missed = 0;
  uint64_t claimed = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    missed += filter.MayContain(Hash(key)) ? 0 : 1;
    claimed += filter.MayContain(Hash(key + kKeys)) ? 1 : 0;
  }
  CHECK(missed == 0);
  CHECK(claimed < kKeys / 20);
  CHECK(filter.bytes() <= KeyFilter::kMaxBytes);
}

TEST_CASE("a filter takes memory as it fills, up to a limit") {
  KeyFilter filter;
  CHECK(filter.bytes() == 0);
  filter.Add(Hash(1));
  CHECK(filter.bytes() == 8 * 1024);
  // More than its levels were made for.
  constexpr uint64_t kKeys = 30'000'000;
  for (uint64_t key = 0; key < kKeys; ++key) filter.Add(key * 0x9e3779b97f4a7c15U);
  CHECK(filter.bytes() > KeyFilter::kMaxBytes / 2);
  CHECK(filter.bytes() <= KeyFilter::kMaxBytes);
}

}  // namespace
}  // namespace flywheel
