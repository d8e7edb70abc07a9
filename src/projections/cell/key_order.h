// Sorting many rows by their keys.
#ifndef FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_
#define FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_

#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace flywheel {

// A key, and where what it belongs to is.
struct OrderedKey {
  // Some of the key's bytes as a number, of use while sorting.
  __extension__ unsigned __int128 head = 0;
  std::string_view key;
  size_t index = 0;

  OrderedKey(std::string_view of, size_t at) : key(of), index(at) {}
};

// Sorts by key, byte by byte; equal keys by `index`.
//
// Keys lie all over memory and begin alike, so comparing them made sorting cost more than the fold.
// Here they are sorted by the 16 bytes after what all have in common, as numbers, without a branch;
// those that agree in these are sorted among themselves in the same way.
void SortByKey(absl::Span<OrderedKey> keys);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_KEY_ORDER_H_
