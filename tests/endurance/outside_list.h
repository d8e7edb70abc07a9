// What was acknowledged, as somebody outside of the engine knows it.
#ifndef FLYWHEEL_TESTS_ENDURANCE_OUTSIDE_LIST_H_
#define FLYWHEEL_TESTS_ENDURANCE_OUTSIDE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace flywheel {

using OutsidePlace = std::pair<int32_t, int64_t>;  // partition, offset

// What there is to be held against the engine.
struct Acknowledged {
  std::map<OutsidePlace, size_t> events;  // by the place that was told: which event of the pool
  std::set<size_t> in_inbox;              // events of the pool that a broker has taken
  std::set<int64_t> policies;             // versions
  std::set<std::string> closed;           // places of quarantine entries
};

// Operation: every line is in a file and synced before it counts here; the file is what a person
// would look at.
//
// Concurrency: any thread. Errors: throws std::system_error where the file cannot be written.
class OutsideList {
 public:
  explicit OutsideList(const std::string& path);
  ~OutsideList();
  OutsideList(const OutsideList&) = delete;
  OutsideList& operator=(const OutsideList&) = delete;

  // False: one of the places had been told for another append before.
  bool AddEvents(const std::map<OutsidePlace, size_t>& events) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddToInbox(const std::vector<size_t>& events) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddPolicy(int64_t version) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddClosed(const std::vector<std::string>& entries) ABSL_LOCKS_EXCLUDED(mutex_);

  Acknowledged All() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Write(const std::string& lines) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  int file_ = -1;
  mutable Mutex mutex_;
  Acknowledged all_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_TESTS_ENDURANCE_OUTSIDE_LIST_H_
