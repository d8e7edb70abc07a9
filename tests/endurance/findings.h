// What an endurance run has found to be wrong.
#ifndef FLYWHEEL_TESTS_ENDURANCE_FINDINGS_H_
#define FLYWHEEL_TESTS_ENDURANCE_FINDINGS_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace flywheel {

enum class Finding : uint8_t {
  kLost,      // acknowledged, and not there
  kDoubled,   // counted twice, or one place told for two
  kDiverged,  // an answer or a row that is not what the log says
  kBroken,    // it does not start, go on or say what it should
};

inline const char* NameOf(Finding kind) {
  constexpr std::array<const char*, 4> kNames = {"lost", "doubled", "diverged", "broken"};
  return kNames[static_cast<size_t>(kind)];
}

// Concurrency: any thread. Limits: the first kMaxSentences are kept in words.
class Findings {
 public:
  static constexpr size_t kMaxSentences = 20;

  void Add(Finding kind, std::string sentence) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    ++counts_[static_cast<size_t>(kind)];
    if (sentences_.size() < kMaxSentences) {
      sentences_.push_back(std::string(NameOf(kind)) + ": " + std::move(sentence));
    }
  }

  size_t count(Finding kind) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return counts_[static_cast<size_t>(kind)];
  }
  size_t in_all() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    size_t sum = 0;
    for (const size_t count : counts_) sum += count;
    return sum;
  }
  // What was added since the last call.
  std::vector<std::string> TakeSentences() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    std::vector<std::string> taken;
    taken.swap(sentences_);
    return taken;
  }

 private:
  mutable Mutex mutex_;
  std::array<size_t, 4> counts_ ABSL_GUARDED_BY(mutex_) = {};
  std::vector<std::string> sentences_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_FINDINGS_H_
