// What the HTTP doors ask of a node.
#ifndef FLYWHEEL_APP_SERVE_NODE_SERVICE_H_
#define FLYWHEEL_APP_SERVE_NODE_SERVICE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/serve/node.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "events/kafka/membership.h"
#include "query/service.h"

namespace flywheel {

// Concurrency: any thread.
class NodeService : public QueryService {
 public:
  // The node must outlive it.
  NodeService(Node* node, std::function<Instant()> wall_clock)
      : node_(node), wall_clock_(std::move(wall_clock)) {}

  void SetIdentity(std::string node_id, std::string address) ABSL_LOCKS_EXCLUDED(mutex_);
  // The group that says who owns what; nullptr: none any more. Without one every partition is this
  // node's.
  void SetGroup(std::shared_ptr<KafkaMembership> group) ABSL_LOCKS_EXCLUDED(mutex_);

  int32_t partitions() const override { return node_->log().partitions(); }
  std::shared_ptr<const CellView> View(Partition partition) const override;
  CellStatus StateOf(Partition partition) const override;
  Freshness FreshnessOf(Partition partition) const override;
  std::optional<std::string> OwnerOf(Partition partition) const override;
  std::shared_ptr<const PolicyBook> policies() const override;
  EventLog& log() override { return node_->log(); }
  Instant Now() const override { return wall_clock_(); }
  bool Ready(std::string* why) const override;
  std::string node_id() const override;
  std::string address() const override;

 private:
  std::shared_ptr<KafkaMembership> group() const ABSL_LOCKS_EXCLUDED(mutex_);

  Node* const node_;
  const std::function<Instant()> wall_clock_;
  mutable Mutex mutex_;
  std::string node_id_ ABSL_GUARDED_BY(mutex_);
  std::string address_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<KafkaMembership> group_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_NODE_SERVICE_H_
