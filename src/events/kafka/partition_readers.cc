#include "events/kafka/partition_readers.h"

#include <utility>

#include "base/status.h"

namespace flywheel {

PartitionReaders::PartitionReaders(Maker maker) : maker_(std::move(maker)) {
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i].number = static_cast<int>(i);
}

PartitionReaders::Slot* PartitionReaders::Choose(Offset from) {
  Slot* chosen = nullptr;
  for (Slot& slot : slots_) {
    if (slot.busy) continue;
    if (slot.follows == from) return &slot;
    const bool better = chosen == nullptr || slot.followed < chosen->followed ||
                        (slot.followed == chosen->followed && slot.used < chosen->used);
    if (better) chosen = &slot;
  }
  return chosen;
}

PartitionReaders::Slot* PartitionReaders::Claim(Offset from, std::optional<ReadAnchor>& anchor) {
  MutexLock lock(&mutex_);
  Slot* slot = Choose(from);
  while (slot == nullptr) {
    released_.Wait(&mutex_);
    slot = Choose(from);
  }
  slot->busy = true;
  slot->used = ++reads_;
  for (const Slot& other : slots_) {
    if (other.anchor && other.anchor->next == from) anchor = other.anchor;
  }
  return slot;
}

void PartitionReaders::Release(Slot& slot, bool followed) {
  {
    MutexLock lock(&mutex_);
    slot.busy = false;
    slot.followed = followed ? slot.followed + 1 : 0;
    if (slot.reader != nullptr) {
      slot.follows = slot.reader->follows();
      if (slot.reader->anchor()) slot.anchor = slot.reader->anchor();
    }
  }
  released_.NotifyOne();
}

absl::StatusOr<RecordBatch> PartitionReaders::ReadBy(Slot& slot, Offset from,
                                                     const ReadLimits& limits,
                                                     const std::optional<ReadAnchor>& anchor) {
  if (slot.reader != nullptr && slot.reader->broken()) slot.reader.reset();
  if (slot.reader == nullptr) {
    ASSIGN_OR_RETURN(slot.reader, maker_(slot.number));
  }
  return slot.reader->Read(from, limits, anchor);
}

absl::StatusOr<RecordBatch> PartitionReaders::Read(Offset from, const ReadLimits& limits) {
  std::optional<ReadAnchor> anchor;
  Slot* const slot = Claim(from, anchor);
  const bool followed = slot->reader != nullptr && slot->reader->follows() == from;
  absl::StatusOr<RecordBatch> batch = ReadBy(*slot, from, limits, anchor);
  Release(*slot, followed);
  return batch;
}

}  // namespace flywheel
