// A node: the log, the cells that it holds, and what its doors and commands ask of them.
#ifndef FLYWHEEL_APP_SERVE_NODE_H_
#define FLYWHEEL_APP_SERVE_NODE_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "app/folder_lock.h"
#include "app/log_options.h"
#include "app/serve/cell_host.h"
#include "app/served_folder.h"
#include "base/strong.h"

namespace flywheel {

struct NodeOptions {
  LogOptions log;
  CellHostOptions cells;  // its folder is the log's
  // How long a command waits for the cells to reach the log's end.
  absl::Duration fold_timeout = absl::Seconds(60);
};

// Concurrency: any thread, but Open and the destructor.
class Node : public ServedFolder {
 public:
  // Takes the folder's lock and opens the log; no cell is held yet. Errors: those of OpenLog;
  // FailedPrecondition where another process holds the folder.
  static absl::StatusOr<std::unique_ptr<Node>> Open(NodeOptions options,
                                                    std::function<Instant()> wall_clock);
  ~Node() override;

  CellHost& cells() { return *cells_; }

  EventLog& log() override { return *log_; }
  const LogOptions& log_options() const override { return options_.log; }
  CellViews Views() const override { return cells_->Views(); }
  absl::StatusOr<CellViews> FoldedViews() override {
    return cells_->ViewsAtTheEnd(options_.fold_timeout);
  }
  const CheckpointOptions& checkpoints() const override { return options_.cells.checkpoints; }
  absl::StatusOr<CheckpointPlace> MakeCheckpoint(Partition partition) override {
    return cells_->MakeCheckpoint(partition, options_.fold_timeout);
  }
  absl::StatusOr<CutRows> CutRowsOf(Partition partition) override {
    return cells_->CutRowsOf(partition, options_.fold_timeout);
  }
  absl::Status TakeOverRows(Partition partition) override {
    return cells_->TakeOverRows(partition, options_.fold_timeout);
  }

 private:
  explicit Node(NodeOptions options) : options_(std::move(options)) {}

  const NodeOptions options_;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<CellHost> cells_;
};

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SERVE_NODE_H_
