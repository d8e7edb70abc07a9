// A set of keys that forgets nothing and may claim too much: a blocked Bloom filter.
#ifndef FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_
#define FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flywheel {

// Holds hashes of 64 bits. Takes memory as it fills: levels of 8 KiB, 64 KiB, 512 KiB, 4 MiB and
// 32 MiB, the last of which takes whatever comes. A few look-ups in 100 claim too much up to 25
// million keys, nearly all at 250 million. Not thread-safe.
class KeyFilter {
 public:
  // However many keys are added.
  static constexpr size_t kMaxBytes = size_t{37} << 20;

  void Add(uint64_t hash) {
    if (levels_.empty() ||
        (levels_.back().keys >= levels_.back().capacity() && levels_.size() < kMaxLevels)) {
      levels_.emplace_back();
      levels_.back().words.resize(kFirstWords << (3 * (levels_.size() - 1)));
    }
    Level& level = levels_.back();
    ++level.keys;
    uint64_t* block = &level.words[level.BlockOf(hash)];
    for (int probe = 0; probe < kProbes; ++probe) {
      const uint64_t bit = BitOf(hash, probe);
      block[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }

  size_t bytes() const {
    size_t bytes = 0;
    for (const Level& level : levels_) bytes += level.words.size() * sizeof(uint64_t);
    return bytes;
  }

  // False: the hash was never added.
  bool MayContain(uint64_t hash) const {
    for (const Level& level : levels_) {
      if (level.MayContain(hash)) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kFirstWords = 1024;
  static constexpr size_t kMaxLevels = 5;
  // All bits of a key lie in one line of the processor's cache.
  static constexpr size_t kWordsPerBlock = 8;
  static constexpr int kProbes = 5;
  static constexpr size_t kBitsPerKey = 11;

  // Nine bits of the hash's upper part for each probe; the lower part chooses the block.
  static uint64_t BitOf(uint64_t hash, int probe) { return hash >> (19 + 9 * probe) & 511; }

  struct Level {
    std::vector<uint64_t> words;
    size_t keys = 0;

    size_t capacity() const { return words.size() * 64 / kBitsPerKey; }
    size_t BlockOf(uint64_t hash) const {
      return (hash % (words.size() / kWordsPerBlock)) * kWordsPerBlock;
    }
    bool MayContain(uint64_t hash) const {
      const uint64_t* block = &words[BlockOf(hash)];
      for (int probe = 0; probe < kProbes; ++probe) {
        const uint64_t bit = BitOf(hash, probe);
        if ((block[bit / 64] >> (bit % 64) & 1) == 0) return false;
      }
      return true;
    }
  };
  std::vector<Level> levels_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_KEY_FILTER_H_
