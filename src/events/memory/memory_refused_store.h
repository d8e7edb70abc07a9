// A side store in memory, for tests.
#ifndef FLYWHEEL_EVENTS_MEMORY_MEMORY_REFUSED_STORE_H_
#define FLYWHEEL_EVENTS_MEMORY_MEMORY_REFUSED_STORE_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "events/refused_store.h"

namespace flywheel {

// Concurrency: any thread. Keeps everything.
class MemoryRefusedStore final : public RefusedStore {
 public:
  using Place = std::pair<std::string, std::string>;  // source, place there

  absl::Status Put(absl::Span<const RefusedBytes> batch, absl::Duration limit) override
      ABSL_LOCKS_EXCLUDED(mutex_);

  // What is kept.
  std::map<Place, std::string> all() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The next Put keeps nothing and gives the status; several calls concern as many Puts.
  void FailNextPut(absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<Place, std::string> kept_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Status> faults_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_EVENTS_MEMORY_MEMORY_REFUSED_STORE_H_
