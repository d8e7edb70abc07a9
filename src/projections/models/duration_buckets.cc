#include "projections/models/duration_buckets.h"

#include <algorithm>
#include <bit>

#include "base/status.h"

namespace flywheel {
namespace {

constexpr int kBitsInOctave = 6;
constexpr uint32_t kPerOctave = 1U << kBitsInOctave;
// Below this each millisecond has a bucket of its own.
constexpr uint32_t kExact = 2 * kPerOctave;
constexpr int kFirstOctave = kBitsInOctave + 1;
// Of the octaves of an int64_t.
constexpr uint32_t kBuckets = kExact + (63 - kFirstOctave) * kPerOctave;

uint32_t BucketOf(int64_t ms) {
  const auto value = static_cast<uint64_t>(ms);
  if (value < kExact) return static_cast<uint32_t>(value);
  const int octave = std::bit_width(value) - 1;
  const auto within = static_cast<uint32_t>(value >> (octave - kBitsInOctave)) - kPerOctave;
  return kExact + static_cast<uint32_t>(octave - kFirstOctave) * kPerOctave + within;
}

int64_t MiddleOf(uint32_t bucket) {
  if (bucket < kExact) return bucket;
  const uint32_t octaves = (bucket - kExact) / kPerOctave;
  const uint64_t within = (bucket - kExact) % kPerOctave + kPerOctave;
  const uint64_t width = uint64_t{2} << octaves;
  return static_cast<int64_t>(within * width + width / 2);
}

}  // namespace

void DurationBuckets::Add(int64_t ms, int64_t times) {
  FLYWHEEL_CHECK(ms >= 0, "a duration is not negative");
  if (times == 0) return;
  const uint32_t number = BucketOf(ms);
  const auto at = std::lower_bound(
      buckets_.begin(), buckets_.end(), number,
      [](const Bucket& bucket, uint32_t wanted) { return bucket.number < wanted; });
  if (at == buckets_.end() || at->number != number) {
    buckets_.insert(at, {number, times});
    return;
  }
  at->count += times;
  if (at->count == 0) buckets_.erase(at);
}

void DurationBuckets::Add(const DurationBuckets& other) {
  if (other.buckets_.empty()) return;
  std::vector<Bucket> joined;
  joined.reserve(buckets_.size() + other.buckets_.size());
  auto mine = buckets_.begin();
  for (const Bucket& theirs : other.buckets_) {
    while (mine != buckets_.end() && mine->number < theirs.number) joined.push_back(*mine++);
    if (mine == buckets_.end() || mine->number != theirs.number) {
      joined.push_back(theirs);
      continue;
    }
    const int64_t count = mine->count + theirs.count;
    if (count != 0) joined.push_back({theirs.number, count});
    ++mine;
  }
  joined.insert(joined.end(), mine, buckets_.end());
  buckets_ = std::move(joined);
}

int64_t DurationBuckets::count() const {
  int64_t sum = 0;
  for (const Bucket& bucket : buckets_) sum += bucket.count;
  return sum;
}

std::optional<int64_t> DurationBuckets::Quantile(int percent) const {
  const int64_t all = count();
  if (all == 0) return std::nullopt;
  int64_t left = (percent * all + 99) / 100;
  for (const Bucket& bucket : buckets_) {
    left -= bucket.count;
    if (left <= 0) return MiddleOf(bucket.number);
  }
  return MiddleOf(buckets_.back().number);
}

void DurationBuckets::Encode(ByteWriter* writer) const {
  writer->Unsigned(buckets_.size());
  uint32_t before = 0;
  for (const Bucket& bucket : buckets_) {
    writer->Unsigned(bucket.number - before);
    writer->Signed(bucket.count);
    before = bucket.number;
  }
}

bool DurationBuckets::Decode(ByteReader* reader, DurationBuckets* into) {
  const uint64_t size = reader->Unsigned();
  if (!reader->ok() || size > kBuckets) return false;
  into->buckets_.clear();
  into->buckets_.reserve(size);
  uint64_t number = 0;
  for (uint64_t i = 0; i < size; ++i) {
    const uint64_t step = reader->Unsigned();
    const int64_t count = reader->Signed();
    number += step;
    if (!reader->ok() || number >= kBuckets || step >= kBuckets || (i > 0 && step == 0) ||
        count == 0) {
      return false;
    }
    into->buckets_.push_back({static_cast<uint32_t>(number), count});
  }
  return true;
}

}  // namespace flywheel
