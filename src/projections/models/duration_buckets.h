// Many durations in few numbers, good enough for their quantiles.
#ifndef FLYWHEEL_PROJECTIONS_MODELS_DURATION_BUCKETS_H_
#define FLYWHEEL_PROJECTIONS_MODELS_DURATION_BUCKETS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace flywheel {

// Counts of durations in milliseconds by bucket: one for each millisecond below 128, then 64 for
// each octave. A quantile is the middle of its bucket, so it is wrong by less than 1 %. Integers
// alone: what was added can be taken away again, in any order.
//
// Not thread-safe.
class DurationBuckets {
 public:
  // `times` below 0 takes away. REQUIRES: ms >= 0.
  void Add(int64_t ms, int64_t times = 1);
  void Add(const DurationBuckets& other);

  bool empty() const { return buckets_.empty(); }
  int64_t count() const;
  // The duration at rank ceil(percent x count / 100); nullopt of nothing. REQUIRES: 1 <= percent <=
  // 100, and nothing was taken away that was not there.
  std::optional<int64_t> Quantile(int percent) const;

  size_t heap_bytes() const { return buckets_.capacity() * sizeof(Bucket); }
  void Encode(ByteWriter* writer) const;
  // False where the bytes are none.
  static bool Decode(ByteReader* reader, DurationBuckets* into);

  friend bool operator==(const DurationBuckets&, const DurationBuckets&) = default;

 private:
  struct Bucket {
    uint32_t number;
    int64_t count;  // never 0

    friend bool operator==(const Bucket&, const Bucket&) = default;
  };
  std::vector<Bucket> buckets_;  // rising
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_MODELS_DURATION_BUCKETS_H_
