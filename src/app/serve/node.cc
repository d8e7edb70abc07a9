#include "app/serve/node.h"

#include <utility>

#include "app/make_folder.h"
#include "base/status.h"

namespace flywheel {

absl::StatusOr<std::unique_ptr<Node>> Node::Open(NodeOptions options,
                                                 std::function<Instant()> wall_clock) {
  options.cells.folder = options.log.folder;
  std::unique_ptr<Node> node(new Node(std::move(options)));
  RETURN_IF_ERROR(MakeFolder(node->options_.log.folder));
  ASSIGN_OR_RETURN(node->lock_, FolderLock::Take(node->options_.log.folder));
  ASSIGN_OR_RETURN(node->log_, OpenLog(node->options_.log));
  node->cells_ =
      std::make_unique<CellHost>(node->log_.get(), std::move(wall_clock), node->options_.cells);
  return node;
}

Node::~Node() {
  if (cells_ != nullptr) cells_->Stop();
}

}  // namespace flywheel
