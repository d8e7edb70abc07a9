// Sorting many rows by their keys.
#ifndef FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_
#define FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

namespace flywheel {

// A key with its first bytes at hand as numbers, so that a comparison seldom has to fetch the key
// itself: keys lie all over memory, and fetching them made sorting cost more than the fold. Equal
// keys stay in the order of `index`.
struct OrderedKey {
  std::array<uint64_t, 3> head;
  std::string_view key;
  size_t index = 0;

  OrderedKey(std::string_view of, size_t at) : key(of), index(at) {
    char bytes[sizeof(head)] = {};
    std::memcpy(bytes, of.data(), std::min(of.size(), sizeof(bytes)));
    for (size_t i = 0; i < head.size(); ++i) {
      uint64_t word = 0;
      std::memcpy(&word, bytes + i * sizeof(word), sizeof(word));
      head[i] = __builtin_bswap64(word);
    }
  }

  friend bool operator<(const OrderedKey& a, const OrderedKey& b) {
    if (a.head != b.head) return a.head < b.head;
    return std::tie(a.key, a.index) < std::tie(b.key, b.index);
  }
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_
