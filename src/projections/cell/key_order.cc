#include "projections/cell/key_order.h"

#include <algorithm>
#include <boost/sort/pdqsort/pdqsort.hpp>
#include <cstdint>
#include <cstring>
#include <tuple>

#include "base/prefetch.h"

namespace flywheel {
namespace {

constexpr size_t kHeadBytes = 16;
// Fewer are compared.
constexpr size_t kFew = 12;
// So many keys before its turn one is asked for.
constexpr size_t kAhead = 8;

// The bytes from `from` on, the first the most significant, with zeros after the end.
auto HeadOf(std::string_view key, size_t from) {
  char bytes[kHeadBytes] = {};
  std::memcpy(bytes, key.data() + from, std::min(key.size() - from, kHeadBytes));
  uint64_t words[2];
  std::memcpy(words, bytes, sizeof(words));
  return static_cast<decltype(OrderedKey::head)>(__builtin_bswap64(words[0])) << 64 |
         __builtin_bswap64(words[1]);
}

// Up to where all keys are the same. REQUIRES: they are up to `from`, and none ends before.
size_t CommonUpTo(absl::Span<const OrderedKey> keys, size_t from) {
  const std::string_view first = keys[0].key;
  size_t common = first.size();
  for (size_t i = 1; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) Prefetch(keys[i + kAhead].key.data());
    const std::string_view key = keys[i].key;
    common = std::min(common, key.size());
    size_t at = from;
    while (at < common && key[at] == first[at]) ++at;
    common = at;
  }
  return common;
}

// REQUIRES: all keys are the same up to `from`.
void SortFrom(absl::Span<OrderedKey> keys, size_t from) {
  const bool one_ends = std::any_of(keys.begin(), keys.end(),
                                    [&](const OrderedKey& key) { return key.key.size() <= from; });
  if (keys.size() < kFew || one_ends) {
    std::sort(keys.begin(), keys.end(), [](const OrderedKey& a, const OrderedKey& b) {
      return std::tie(a.key, a.index) < std::tie(b.key, b.index);
    });
    return;
  }
  const size_t common = CommonUpTo(keys, from);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) Prefetch(keys[i + kAhead].key.data() + common);
    keys[i].head = HeadOf(keys[i].key, common);
  }
  boost::sort::pdqsort_branchless(
      keys.begin(), keys.end(),
      [](const OrderedKey& a, const OrderedKey& b) { return a.head < b.head; });
  for (size_t begin = 0; begin < keys.size();) {
    size_t end = begin + 1;
    while (end < keys.size() && keys[end].head == keys[begin].head) ++end;
    if (end - begin > 1) SortFrom(keys.subspan(begin, end - begin), common + kHeadBytes);
    begin = end;
  }
}

}  // namespace

void SortByKey(absl::Span<OrderedKey> keys) { SortFrom(keys, 0); }

}  // namespace flywheel
