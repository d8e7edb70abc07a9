#include "app/serve/node_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace flywheel {

void NodeService::SetIdentity(std::string node_id, std::string address) {
  MutexLock lock(&mutex_);
  node_id_ = std::move(node_id);
  address_ = std::move(address);
}

void NodeService::SetGroup(std::shared_ptr<KafkaMembership> group) {
  MutexLock lock(&mutex_);
  group_ = std::move(group);
}

std::shared_ptr<KafkaMembership> NodeService::group() const {
  MutexLock lock(&mutex_);
  return group_;
}

std::string NodeService::node_id() const {
  MutexLock lock(&mutex_);
  return node_id_;
}

std::string NodeService::address() const {
  MutexLock lock(&mutex_);
  return address_;
}

std::shared_ptr<const CellView> NodeService::View(Partition partition) const {
  return node_->cells().ServingView(partition);
}

CellStatus NodeService::StateOf(Partition partition) const {
  const std::optional<CellProgress> progress = node_->cells().Progress(partition);
  if (!progress) return {};
  CellStatus status;
  status.sentence = progress->trouble;
  switch (progress->state) {
    case CellProgress::State::kRestoring:
      status.state = CellStatus::State::kRestoring;
      break;
    case CellProgress::State::kServing:
      status.state = CellStatus::State::kServing;
      break;
    case CellProgress::State::kStopped:
      status.state = CellStatus::State::kStopped;
      break;
  }
  if (status.sentence.empty() && progress->state == CellProgress::State::kRestoring) {
    status.sentence = fmt::format("folded up to offset {} of {}", progress->next.number(),
                                  progress->end.number());
  }
  return status;
}

Freshness NodeService::FreshnessOf(Partition partition) const {
  Freshness freshness;
  const std::optional<CellProgress> progress = node_->cells().Progress(partition);
  if (!progress) return freshness;
  freshness.end = progress->end;
  freshness.lag_events = std::max<int64_t>(0, progress->end.number() - progress->next.number());
  freshness.fresh_at = progress->fresh_at.value_or(kEarliestInstant);
  if (freshness.lag_events > 0) {
    freshness.lag = absl::Milliseconds(
        std::max<int64_t>(0, wall_clock_().number() - progress->last_recorded_at.number()));
  }
  return freshness;
}

std::optional<std::string> NodeService::OwnerOf(Partition partition) const {
  if (node_->cells().Holds(partition)) return address();
  const std::shared_ptr<KafkaMembership> group = this->group();
  if (group == nullptr) return std::nullopt;
  const std::shared_ptr<const NodeOwners> owners = group->Owners();
  const NodeMember* const owner = owners->OwnerOf(partition);
  // The brokers may still name this node for what it does not hold any more.
  if (owner == nullptr || owner->node_id == node_id()) return std::nullopt;
  return owner->address;
}

std::shared_ptr<const PolicyBook> NodeService::policies() const {
  // Every policy stands on every partition; the cell that knows most is the newest.
  std::shared_ptr<const PolicyBook> newest;
  for (int32_t number = 0; number < partitions(); ++number) {
    const std::shared_ptr<const CellView> view = node_->cells().View(Partition(number));
    if (view == nullptr) continue;
    if (newest == nullptr || view->policies->size() > newest->size()) newest = view->policies;
  }
  return newest;
}

bool NodeService::Ready(std::string* why) const {
  const std::shared_ptr<KafkaMembership> group = this->group();
  if (group != nullptr) {
    const std::shared_ptr<const Assignment> current = group->Current();
    if (current->state != Assignment::State::kAssigned) {
      *why = fmt::format("the node's place in the group: {}{}{}", NameOf(current->state),
                         current->trouble.ok() ? "" : ": ", MessageOf(current->trouble));
      return false;
    }
  }
  for (int32_t number = 0; number < partitions(); ++number) {
    const Partition partition(number);
    if (!node_->cells().Holds(partition)) continue;
    const CellStatus status = StateOf(partition);
    if (status.state == CellStatus::State::kServing && status.sentence.empty()) continue;
    *why = fmt::format("partition {}: {}{}{}", number, NameOf(status.state),
                       status.sentence.empty() ? "" : ": ", status.sentence);
    return false;
  }
  return true;
}

}  // namespace flywheel
