// Finding entries in memory by their keys.
#ifndef FLYWHEEL_PROJECTIONS_CELL_ENTRY_TABLE_H_
#define FLYWHEEL_PROJECTIONS_CELL_ENTRY_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/prefetch.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {

// A key with its hash, so that a row which is looked up in several steps is hashed once.
struct HashedKey {
  HashedKey() = default;
  explicit HashedKey(std::string_view of) : text(of), hash(XXH3_64bits(of.data(), of.size())) {}

  std::string_view text;
  uint64_t hash = 0;
};

// A set of pointers to entries by their `key`; the caller owns the entries. Open addressing with
// linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R): a look-up
// reads one or two neighbouring lines of memory, which can be asked for beforehand, and an entry
// only when all 64 bits of the hash agree.
//
// Not thread-safe. Takes 16 bytes a slot; between 5/16 and 5/8 of the slots are taken.
template <class Entry>
class EntryTable {
 public:
  // nullptr: there is none.
  Entry* Find(const HashedKey& key) const {
    return Probe(key.hash, [&](const Entry* entry) { return entry->key == key.text; });
  }
  // The same by the hash alone, without a look at the entry: right but for keys that share a hash.
  Entry* FindHash(uint64_t hash) const {
    return Probe(hash, [](const Entry*) { return true; });
  }
  // Starts loading what Find reads first.
  void Prefetch(uint64_t hash) const {
    if (!slots_.empty()) flywheel::Prefetch(&slots_[Home(hash)]);
  }

  // REQUIRES: no entry with that key is there; `key` is the entry's.
  void Insert(const HashedKey& key, Entry* entry) {
    if ((count_ + 1) * 8 > slots_.size() * 5) Grow();
    Put({key.hash, entry});
    ++count_;
  }

  // REQUIRES: the entry is there; `key` is its.
  void Erase(const HashedKey& key, const Entry* entry) {
    size_t gap = Home(key.hash);
    while (slots_[gap].entry != entry) gap = After(gap);
    // What was put behind the gap because of it moves up.
    for (size_t at = After(gap); slots_[at].entry != nullptr; at = After(at)) {
      const size_t wanted = Home(slots_[at].hash);
      if (((at - wanted) & Mask()) < ((at - gap) & Mask())) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = Slot();
    --count_;
  }

 private:
  static constexpr size_t kFirstSlots = 16;

  struct Slot {
    uint64_t hash = 0;
    Entry* entry = nullptr;
  };

  size_t Mask() const { return slots_.size() - 1; }
  size_t Home(uint64_t hash) const { return hash & Mask(); }
  size_t After(size_t at) const { return (at + 1) & Mask(); }

  template <class Is>
  Entry* Probe(uint64_t hash, const Is& is) const {
    if (slots_.empty()) return nullptr;
    for (size_t at = Home(hash); slots_[at].entry != nullptr; at = After(at)) {
      if (slots_[at].hash == hash && is(slots_[at].entry)) return slots_[at].entry;
    }
    return nullptr;
  }

  void Put(const Slot& slot) {
    size_t at = Home(slot.hash);
    while (slots_[at].entry != nullptr) at = After(at);
    slots_[at] = slot;
  }

  void Grow() {
    std::vector<Slot> before(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.entry != nullptr) Put(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two of them
  size_t count_ = 0;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_ENTRY_TABLE_H_
