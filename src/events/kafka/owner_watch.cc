#include "events/kafka/owner_watch.h"

#include <chrono>
#include <utility>

#include "absl/time/clock.h"

namespace flywheel {
namespace {

using Clock = std::chrono::steady_clock;

std::shared_ptr<const NodeOwners> Nobody(NodeOwners::State state, absl::Status trouble) {
  auto owners = std::make_shared<NodeOwners>();
  owners->state = state;
  owners->trouble = std::move(trouble);
  owners->as_of = absl::Now();
  return owners;
}

}  // namespace

OwnerWatch::OwnerWatch(std::unique_ptr<NodeGroup> group)
    : group_(std::move(group)),
      owners_(Nobody(NodeOwners::State::kUnknown,
                     absl::UnavailableError("the group of the nodes has not answered yet"))),
      true_at_(Clock::now()),
      thread_([this] { Run(); }) {}

OwnerWatch::~OwnerWatch() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

std::shared_ptr<const NodeOwners> OwnerWatch::Owners() const {
  const MutexLock lock(&mutex_);
  if (absl::FromChrono(Clock::now() - true_at_) <= kStale) return owners_;
  return Nobody(NodeOwners::State::kUnknown,
                owners_->trouble.ok()
                    ? absl::UnavailableError("the group of the nodes does not answer")
                    : owners_->trouble);
}

void OwnerWatch::Nudge() {
  const MutexLock lock(&mutex_);
  ++nudges_;
  owners_ = Nobody(NodeOwners::State::kRebalancing, absl::OkStatus());
  true_at_ = Clock::now();
  changed_.NotifyAll();
}

absl::Duration OwnerWatch::Take(absl::StatusOr<NodeOwners> answer, uint64_t nudges) {
  const MutexLock lock(&mutex_);
  if (nudges != nudges_) return absl::ZeroDuration();  // the answer may be from before
  if (!answer.ok()) {
    // What was known stays known until it is stale: a broker that is away moves no partition.
    auto owners = std::make_shared<NodeOwners>(*owners_);
    owners->trouble = answer.status();
    owners_ = std::move(owners);
    return kRefreshMoving;
  }
  true_at_ = Clock::now();
  const bool settled = answer->state != NodeOwners::State::kRebalancing;
  owners_ = std::make_shared<NodeOwners>(*std::move(answer));
  return settled ? kRefresh : kRefreshMoving;
}

void OwnerWatch::Run() {
  while (true) {
    uint64_t nudges = 0;
    {
      const MutexLock lock(&mutex_);
      if (stopping_) return;
      nudges = nudges_;
    }
    const absl::Duration pause = Take(group_->Describe(kTimeout), nudges);
    const auto deadline = Clock::now() + absl::ToChronoMilliseconds(pause);
    const MutexLock lock(&mutex_);
    while (!stopping_ && nudges == nudges_) {
      if (changed_.WaitUntil(&mutex_, deadline)) break;
    }
  }
}

}  // namespace flywheel
