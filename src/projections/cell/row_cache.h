// Decoded rows of one type in memory: loaded from the store on first use, changed in place, written
// behind.
#ifndef FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_
#define FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "projections/cell/key_filter.h"
#include "projections/cell/key_order.h"
#include "projections/store/row_store.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace flywheel {

// Operation: Get gives the entry of a key, present or not. Change and Erase mark it dirty; WriteTo
// puts all dirty entries into a batch; Shrink drops clean entries that were not used lately (second
// chance). A row that cannot be loaded makes `status` an error that stays, and an absent entry: the
// owner checks it before it writes anything.
//
// Row: default-constructible, `static absl::StatusOr<Row> Decode(std::string_view)`, `void
// Encode(std::string*) const`, `size_t heap_bytes() const`.
//
// Not thread-safe. Entries stay where they are until Shrink.
template <class Row>
class RowCache {
 public:
  struct Entry {
    std::string key;
    Row row;
    bool present = false;  // the row exists, here or in the store
    bool dirty = false;
    bool used = true;
    uint32_t bytes = 0;  // as last accounted
  };

  // `store_was_empty`: when the cache was made, the store held no row of this type. Then what the
  // cache has never dropped and does not hold is nowhere, and the store need not be asked for it.
  RowCache(const RowStore* store, bool store_was_empty, absl::Status* status)
      : store_(store), store_was_empty_(store_was_empty), status_(status) {}

  Entry* Get(std::string_view key) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      Entry* entry = found->get();
      entry->used = true;
      return entry;
    }
    return Load(key);
  }

  // Two steps that bring an entry into the processor's cache before Get needs it: the first starts
  // loading its slot, the second the entry; give a whole group of keys each step in turn. The
  // second gives the entry where there is one in memory.
  void StartLookup(std::string_view key) const { entries_.prefetch(key); }
  Entry* FinishLookup(std::string_view key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    (*found)->row.Prefetch();
    return found->get();
  }

  // The row for changing; made when it is not there.
  Row& Change(Entry* entry) {
    entry->present = true;
    MarkDirty(entry);
    return entry->row;
  }
  void Erase(Entry* entry) {
    entry->present = false;
    entry->row = Row();
    MarkDirty(entry);
  }

  size_t dirty_count() const { return dirty_.size(); }
  // What the store does not show yet, in the order of the first change; it only grows until
  // WriteTo, which is counted.
  const std::vector<Entry*>& dirty() const { return dirty_; }
  uint64_t writes() const { return writes_; }
  size_t bytes() const { return bytes_; }

  // Adds every dirty row to the batch, in key order, which makes it cheaper to write; they are
  // clean then.
  void WriteTo(RowBatch* batch) {
    std::vector<OrderedKey> sorted;
    sorted.reserve(dirty_.size());
    for (size_t i = 0; i < dirty_.size(); ++i) sorted.emplace_back(dirty_[i]->key, i);
    std::sort(sorted.begin(), sorted.end());
    for (const OrderedKey& ordered : sorted) {
      Entry* entry = dirty_[ordered.index];
      if (entry->present) {
        buffer_.clear();
        entry->row.Encode(&buffer_);
        batch->Put(ordered.key, buffer_);
      } else {
        batch->Delete(ordered.key);
      }
      entry->dirty = false;
      Account(entry);
    }
    dirty_.clear();
    ++writes_;
  }

  // Drops clean entries until at most `target_bytes` are held, or all that can be dropped are.
  void Shrink(size_t target_bytes) {
    size_t steps = 2 * ring_.size();
    while (bytes_ > target_bytes && !ring_.empty() && steps-- > 0) {
      if (hand_ >= ring_.size()) hand_ = 0;
      Entry* entry = ring_[hand_];
      if (entry->dirty || entry->used) {
        entry->used = false;
        ++hand_;
        continue;
      }
      if (store_was_empty_ && entry->present) dropped_.Add(Hash()(entry->key));
      bytes_ -= entry->bytes;
      ring_[hand_] = ring_.back();
      ring_.pop_back();
      entries_.erase(entries_.find(std::string_view(entry->key)));
    }
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return XXH3_64bits(key.data(), key.size()); }
    size_t operator()(const std::unique_ptr<Entry>& entry) const {
      return (*this)(std::string_view(entry->key));
    }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view Key(std::string_view key) { return key; }
    static std::string_view Key(const std::unique_ptr<Entry>& entry) { return entry->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return Key(a) == Key(b);
    }
  };

  Entry* Load(std::string_view key) {
    auto made = std::make_unique<Entry>();
    Entry* entry = made.get();
    entry->key = std::string(key);
    if (!store_was_empty_ || dropped_.MayContain(Hash()(key))) LoadRow(entry);
    entries_.insert(std::move(made));
    ring_.push_back(entry);
    Account(entry);
    return entry;
  }

  void LoadRow(Entry* entry) {
    const absl::StatusOr<bool> found = store_->Get(entry->key, &buffer_);
    if (!found.ok()) {
      status_->Update(found.status());
      return;
    }
    if (!*found) return;
    absl::StatusOr<Row> row = Row::Decode(buffer_);
    if (!row.ok()) {
      status_->Update(row.status());
      return;
    }
    entry->row = *std::move(row);
    entry->present = true;
  }

  void MarkDirty(Entry* entry) {
    if (entry->dirty) return;
    entry->dirty = true;
    dirty_.push_back(entry);
  }

  void Account(Entry* entry) {
    // The entry, its key, its slots in the set and the ring, and what the row holds on the heap.
    const size_t now =
        sizeof(Entry) + entry->key.capacity() + 3 * sizeof(void*) + entry->row.heap_bytes();
    bytes_ = bytes_ - entry->bytes + now;
    entry->bytes = static_cast<uint32_t>(now);
  }

  const RowStore* store_;
  const bool store_was_empty_;
  KeyFilter dropped_;
  absl::Status* status_;
  absl::flat_hash_set<std::unique_ptr<Entry>, Hash, Equal> entries_;
  std::vector<Entry*> ring_;
  size_t hand_ = 0;
  std::vector<Entry*> dirty_;
  uint64_t writes_ = 0;
  size_t bytes_ = 0;
  std::string buffer_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_
