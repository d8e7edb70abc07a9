#include "events/memory/memory_refused_store.h"

namespace flywheel {

absl::Status MemoryRefusedStore::Put(absl::Span<const RefusedBytes> batch,
                                     absl::Duration /*limit*/) {
  const MutexLock lock(&mutex_);
  if (!faults_.empty()) {
    absl::Status fault = std::move(faults_.front());
    faults_.erase(faults_.begin());
    return fault;
  }
  for (const RefusedBytes& each : batch) {
    kept_[{std::string(each.source), std::string(each.source_place)}] =
        std::string(each.bytes.substr(0, kMaxRefusedBytes));
  }
  return absl::OkStatus();
}

std::map<MemoryRefusedStore::Place, std::string> MemoryRefusedStore::all() const {
  const MutexLock lock(&mutex_);
  return kept_;
}

void MemoryRefusedStore::FailNextPut(absl::Status status) {
  const MutexLock lock(&mutex_);
  faults_.push_back(std::move(status));
}

}  // namespace flywheel
