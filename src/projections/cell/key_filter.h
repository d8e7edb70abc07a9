// A set of keys that forgets nothing and may claim too much: a blocked Bloom filter.
#ifndef FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_
#define FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flywheel {

// Holds hashes of 64 bits. Takes kBytes from the first Add on, however many follow: about 1 in 100
// look-ups claims too much at 3 million keys, nearly all at 30 million. Not thread-safe.
class KeyFilter {
 public:
  static constexpr size_t kBytes = size_t{4} << 20;

  void Add(uint64_t hash) {
    if (words_.empty()) words_.resize(kBytes / sizeof(uint64_t));
    uint64_t* block = &words_[BlockOf(hash)];
    for (int probe = 0; probe < kProbes; ++probe) {
      const uint64_t bit = BitOf(hash, probe);
      block[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }

  // False: the hash was never added.
  bool MayContain(uint64_t hash) const {
    if (words_.empty()) return false;
    const uint64_t* block = &words_[BlockOf(hash)];
    for (int probe = 0; probe < kProbes; ++probe) {
      const uint64_t bit = BitOf(hash, probe);
      if ((block[bit / 64] >> (bit % 64) & 1) == 0) return false;
    }
    return true;
  }

 private:
  // All bits of a key lie in one line of the processor's cache.
  static constexpr size_t kWordsPerBlock = 8;
  static constexpr int kProbes = 5;

  static size_t BlockOf(uint64_t hash) {
    constexpr size_t kBlocks = kBytes / sizeof(uint64_t) / kWordsPerBlock;
    return (hash % kBlocks) * kWordsPerBlock;
  }
  // Nine bits of the hash's upper part for each probe; the lower part has chosen the block.
  static uint64_t BitOf(uint64_t hash, int probe) { return hash >> (19 + 9 * probe) & 511; }

  std::vector<uint64_t> words_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_
