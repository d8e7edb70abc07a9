// What was answered while things went wrong.
#ifndef FLYWHEEL_TESTS_ENDURANCE_ANSWERS_H_
#define FLYWHEEL_TESTS_ENDURANCE_ANSWERS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "endurance/findings.h"
#include "query/http_client.h"

namespace flywheel {

// Operation: an answer is a function of the log up to the place that it names. So the same question
// has the same answer at the same place, whichever process gives it, before and after whatever
// happened in between.
//
// Concurrency: any thread.
class Answers {
 public:
  explicit Answers(Findings* findings) : findings_(*findings) {}

  // While rows are damaged on purpose, an answer may say so (500).
  void ExpectDamage(bool expected) ABSL_LOCKS_EXCLUDED(mutex_);
  // `target`: an answer to it does not depend on the time at which it is asked for.
  void Take(const std::string& target, const ClientResponse& answer) ABSL_LOCKS_EXCLUDED(mutex_);

  // Answers with a body that were taken, and how many of them could be compared with another.
  size_t taken() const ABSL_LOCKS_EXCLUDED(mutex_);
  size_t compared() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Findings& findings_;
  mutable Mutex mutex_;
  bool damage_expected_ ABSL_GUARDED_BY(mutex_) = false;
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t compared_ ABSL_GUARDED_BY(mutex_) = 0;
  // By question and place.
  std::map<std::pair<std::string, std::string>, std::string> bodies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_ANSWERS_H_
