#include "projections/cell/key_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace flywheel {
namespace {

// Sorts the keys, and gives the pairs of key and index.
std::vector<std::pair<std::string, size_t>> Sorted(const std::vector<std::string>& keys) {
  std::vector<OrderedKey> ordered;
  ordered.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) ordered.emplace_back(keys[i], i);
  SortByKey(absl::MakeSpan(ordered));
  std::vector<std::pair<std::string, size_t>> pairs;
  pairs.reserve(ordered.size());
  for (const OrderedKey& key : ordered) pairs.emplace_back(key.key, key.index);
  return pairs;
}

std::vector<std::pair<std::string, size_t>> Expected(const std::vector<std::string>& keys) {
  std::vector<std::pair<std::string, size_t>> pairs;
  pairs.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) pairs.emplace_back(keys[i], i);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

TEST_CASE("keys are sorted byte by byte, equal ones by their index") {
  const std::vector<std::string> none;
  CHECK(Sorted(none).empty());
  const std::vector<std::string> few{"b", "", "a", "b", std::string("a\0", 2), "\xff"};
  CHECK(Sorted(few) == Expected(few));
}

TEST_CASE("keys that begin alike, end early, hold zeros or are equal are sorted") {
  std::mt19937_64 random(7);
  const auto below = [&](size_t end) { return random() % end; };
  for (int round = 0; round < 300; ++round) {
    const std::string common(below(40), 'k');
    const size_t letters = 1 + below(4);  // few make many equal keys
    std::vector<std::string> keys(below(400));
    for (std::string& key : keys) {
      key = common.substr(0, below(3) == 0 ? below(common.size() + 1) : common.size());
      const size_t more = below(50);
      for (size_t i = 0; i < more; ++i) key.push_back(static_cast<char>(below(letters) * 85));
    }
    INFO("round " << round);
    CHECK(Sorted(keys) == Expected(keys));
  }
}

}  // namespace
}  // namespace flywheel
