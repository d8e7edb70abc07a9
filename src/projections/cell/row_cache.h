// Decoded rows of one type in memory: loaded from the store on first use, changed in place, written
// behind.
#ifndef FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_
#define FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/prefetch.h"
#include "projections/cell/entry_table.h"
#include "projections/cell/key_filter.h"
#include "projections/cell/key_order.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Operation: Get gives the entry of a key, present or not. Change and Erase mark it dirty; WriteTo
// puts all dirty entries into a batch; Shrink drops clean entries that were not used lately (second
// chance). A row that cannot be loaded makes `status` an error that stays, and an absent entry: the
// owner checks it before it writes anything.
//
// Row: default-constructible, `static absl::StatusOr<Row> Decode(std::string_view)`, `void
// Encode(std::string*) const`, `size_t heap_bytes() const`; `void Prefetch() const` where it starts
// loading what the row has on the heap.
//
// Not thread-safe. Entries stay where they are until Shrink.
template <class Row>
class RowCache {
 public:
  // Its key lies behind it in the same piece of memory: one fetch less in each look-up.
  struct Entry {
    std::string_view key;
    bool present = false;  // the row exists, here or in the store
    bool dirty = false;
    bool used = true;
    uint32_t bytes = 0;  // as last accounted
    Row row;
  };

  // `store_was_empty`: when the cache was made, the store held no row of this type. Then what the
  // cache has never dropped and does not hold is nowhere, and the store need not be asked for it.
  RowCache(const RowStore* store, bool store_was_empty, absl::Status* status)
      : store_(store), store_was_empty_(store_was_empty), status_(status) {}
  ~RowCache() {
    for (Entry* entry : ring_) Free(entry);
  }
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  Entry* Get(std::string_view key) { return Get(HashedKey(key)); }
  Entry* Get(const HashedKey& key) {
    Entry* const found = table_.Find(key);
    if (found == nullptr) return Load(key);
    found->used = true;
    return found;
  }

  // Steps that bring an entry into the processor's cache before it is needed, each of which reads
  // what the one before has asked for: its slot, the entry, and where there is one in memory the
  // entry itself. Give a whole group of keys each step in turn.
  void StartLookup(const HashedKey& key) const { table_.Prefetch(key.hash); }
  void GoOnLookup(const HashedKey& key) const {
    const Entry* const entry = table_.FindHash(key.hash);
    if (entry != nullptr) PrefetchEntry(entry, key.text.size());
  }
  Entry* FinishLookup(const HashedKey& key) const { return table_.Find(key); }

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
  size_t bytes() const { return bytes_ + dropped_.bytes(); }

  // Adds every dirty row to the batch, in key order, which makes it cheaper to write; they are
  // clean then.
  void WriteTo(RowBatch* batch) {
    std::vector<OrderedKey> sorted;
    sorted.reserve(dirty_.size());
    for (size_t i = 0; i < dirty_.size(); ++i) {
      if (i + kAhead < dirty_.size()) PrefetchEntry(dirty_[i + kAhead], kUsualKeyBytes);
      sorted.emplace_back(dirty_[i]->key, i);
    }
    SortByKey(absl::MakeSpan(sorted));
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (i + 2 * kAhead < sorted.size()) {
        PrefetchEntry(dirty_[sorted[i + 2 * kAhead].index], kUsualKeyBytes);
      }
      if constexpr (requires(const Row& row) { row.Prefetch(); }) {
        if (i + kAhead < sorted.size()) dirty_[sorted[i + kAhead].index]->row.Prefetch();
      }
      const OrderedKey& ordered = sorted[i];
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
    while (bytes() > target_bytes && !ring_.empty() && steps-- > 0) {
      if (hand_ >= ring_.size()) hand_ = 0;
      if (hand_ + kAhead < ring_.size()) PrefetchEntry(ring_[hand_ + kAhead], kUsualKeyBytes);
      Entry* entry = ring_[hand_];
      if (entry->dirty || entry->used) {
        entry->used = false;
        ++hand_;
        continue;
      }
      const HashedKey key(entry->key);
      if (store_was_empty_ && entry->present) dropped_.Add(key.hash);
      bytes_ -= entry->bytes;
      ring_[hand_] = ring_.back();
      ring_.pop_back();
      table_.Erase(key, entry);
      Free(entry);
    }
  }

 private:
  // So many entries before its turn one is asked for.
  static constexpr size_t kAhead = 8;
  static constexpr size_t kUsualKeyBytes = 64;

  static void PrefetchEntry(const Entry* entry, size_t key_bytes) {
    Prefetch(entry, sizeof(Entry) + key_bytes);
  }

  static Entry* Make(std::string_view key) {
    auto* const memory = static_cast<char*>(::operator new(sizeof(Entry) + key.size()));
    auto* const entry = new (memory) Entry;
    std::memcpy(memory + sizeof(Entry), key.data(), key.size());
    entry->key = std::string_view(memory + sizeof(Entry), key.size());
    return entry;
  }
  static void Free(Entry* entry) {
    entry->~Entry();
    ::operator delete(entry);
  }

  Entry* Load(const HashedKey& key) {
    Entry* const entry = Make(key.text);
    if (!store_was_empty_ || dropped_.MayContain(key.hash)) LoadRow(entry);
    table_.Insert(key, entry);
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
        sizeof(Entry) + entry->key.size() + 4 * sizeof(void*) + entry->row.heap_bytes();
    bytes_ = bytes_ - entry->bytes + now;
    entry->bytes = static_cast<uint32_t>(now);
  }

  const RowStore* store_;
  const bool store_was_empty_;
  KeyFilter dropped_;
  absl::Status* status_;
  EntryTable<Entry> table_;
  std::vector<Entry*> ring_;  // owns the entries
  size_t hand_ = 0;
  std::vector<Entry*> dirty_;
  uint64_t writes_ = 0;
  size_t bytes_ = 0;
  std::string buffer_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_ROW_CACHE_H_
