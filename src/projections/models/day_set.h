// A set of local days that lie close together, from which the earliest are taken away.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_DAY_SET_H_
#define FLYWHEEL_PROJECTIONS_MODELS_DAY_SET_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "base/bytes.h"
#include "base/strong.h"

namespace flywheel {

// A bit a day from the earliest day on: a year takes 48 bytes, however many of its days are in.
// Not thread-safe.
class DaySet {
 public:
  bool empty() const { return words_.empty(); }
  void Add(LocalDay day);
  // Takes all days up to this one away.
  void RemoveUpTo(LocalDay day);
  // The earliest; nullopt of none.
  std::optional<LocalDay> First() const;
  void Clear() { words_.clear(); }

  // Equal sets have equal bytes.
  void Encode(ByteWriter* writer) const;
  static DaySet Decode(ByteReader* reader);

  size_t heap_bytes() const {
    return words_.capacity() > kInline ? words_.capacity() * sizeof(uint64_t) : 0;
  }

 private:
  static constexpr size_t kInline = 7;  // a year that starts within a word

  int32_t base_ = 0;                              // the day of the first bit; a multiple of 64
  absl::InlinedVector<uint64_t, kInline> words_;  // the first and the last are not zero
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_DAY_SET_H_
