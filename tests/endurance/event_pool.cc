#include "endurance/event_pool.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "events/publisher.h"
#include "flywheel/events/v1/event.pb.h"
#include "sources/simulator.h"

namespace flywheel {
namespace {

constexpr uint32_t kDirtPpm = 40'000;
constexpr uint32_t kDisorderPpm = 500'000;

bool IsTakenByIntake(const std::string& bytes, const PolicyBook& policies) {
  const OfferedEvent offered{1, bytes};
  return Publisher::Validate({&offered, 1}, kLatestInstant, policies).front().kind ==
         PublishOutcome::Kind::kAccepted;
}

}  // namespace

EventPool::EventPool(uint32_t sellers, uint32_t orders, uint64_t seed) {
  SimulatorOptions options;
  options.sellers = sellers;
  options.orders = orders;
  options.days = 60;
  options.seed = seed;
  options.dirt_ppm = kDirtPpm;
  options.SetDisorder(kDisorderPpm);
  // Here a repeat is the same event under the same id.
  options.duplicate_ppm = 0;
  const PolicyBook policies = PolicyBook::BuiltIn();
  std::set<std::string> names;
  SimulatorSummary summary;
  const auto take = [&](const events::v1::Event& event) {
    std::string bytes = event.SerializeAsString();
    if (IsTakenByIntake(bytes, policies)) {
      names.insert(event.seller_id());
      events_.push_back({event.event_id(), std::move(bytes)});
    }
    return absl::OkStatus();
  };
  const auto leave = [](const events::v1::Event&) { return absl::OkStatus(); };
  const absl::Status made = Simulate(options, take, leave, &summary);
  if (!made.ok()) throw std::runtime_error(std::string(made.message()));
  sellers_.assign(names.begin(), names.end());
}

std::vector<size_t> EventPool::Take(size_t some, std::mt19937_64& random) {
  MutexLock lock(&mutex_);
  std::vector<size_t> taken;
  taken.reserve(some);
  while (taken.size() < some && !returned_.empty()) {
    taken.push_back(returned_.front());
    returned_.pop_front();
  }
  while (taken.size() < some && next_ < std::min(allowed_, events_.size())) {
    taken.push_back(next_++);
  }
  for (size_t again = random() % 4 == 0 ? random() % 4 : 0; again > 0 && next_ > 0; --again) {
    taken.push_back(random() % next_);
  }
  if (random() % 3 == 0) Shuffle(taken, random);
  return taken;
}

void EventPool::Return(const std::vector<size_t>& indexes) {
  MutexLock lock(&mutex_);
  returned_.insert(returned_.end(), indexes.begin(), indexes.end());
}

void EventPool::Allow(size_t more) {
  MutexLock lock(&mutex_);
  allowed_ = std::min(events_.size(), std::max(allowed_, next_) + more);
}

}  // namespace flywheel
