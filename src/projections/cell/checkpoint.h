// Checkpoints: a cell's rows at a position, in a folder that all nodes share, so that a node that
// takes a partition over folds the tail of the log alone.
//
// A checkpoint only saves time. What is damaged, of another fold version or not there at all costs
// folding more of the log; nothing is ever lost with it.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_H_
#define FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/strong.h"
#include "projections/store/row_store.h"

namespace flywheel {

// Where checkpoints go, and how many stay. The layout of the shared folder is
//
//   <shared>/<partition>/<position>-<fold version, 16 hexadecimal digits>/
//
// with RocksDB's files and a CheckpointManifest in each. Everything else in there is left alone,
// but for folders that end in ".tmp": those are checkpoints that are being written or removed, or
// were left by a process that was killed.
struct CheckpointOptions {
  std::string shared;
  // Who writes: the node's id. Names what this node has not finished, so that it can clean up after
  // itself. Letters, digits, '.', '_' and '-'.
  std::string writer = "node";
  // How many stay of a partition and fold version; more lets a restore step back further when the
  // newest are damaged. At least 1.
  size_t keep = 2;
  // A checkpoint of another fold version goes when it is older than this: two versions of the
  // program may share the folder while the nodes are updated one by one.
  absl::Duration keep_other_versions = absl::Hours(24 * 7);
  // What another node has left unfinished goes when it is older than this.
  absl::Duration keep_unfinished = absl::Hours(24);
  // Whether tables are copied though links could be made: damage to the one then spares the other.
  bool copies = false;
};

// One that lies in the shared folder, whole as far as its name says.
struct CheckpointPlace {
  Partition partition;
  Offset position;  // of the first record that is not in the rows
  uint64_t fold_version = 0;
  std::string folder;
};

// The rows of one instant in a folder of the node's own.
struct CutRows {
  std::string folder;
  Offset position;
  uint64_t fold_version = 0;
};

// Making one has two halves, so that folding stands still only for the first, which takes as long
// as a flush of the store.

// Cuts the store's rows as of its last Write into `folder`, which must lie on the store's file
// system; what is there is removed first. FailedPrecondition where nothing is folded yet.
//
// Concurrency: the store's writer, between batches (Cell::Write first).
absl::StatusOr<CutRows> CutCheckpoint(const RowStore& store, const std::string& folder);

// Links or copies the rows that were cut into the shared folder, puts them in place as a whole, and
// removes those that are too many and the folder of the cut. What is there already, whole, stays.
// Tables that the newest checkpoint in there has already are linked from it: they take no room of
// their own, are not copied again, and where they are the store's own files not read either.
//
// Concurrency: any thread, one at a time for a partition in a process; nodes do not disturb one
// another. Errors: those of the files; nothing half made is visible then.
absl::StatusOr<CheckpointPlace> PublishCheckpoint(const CutRows& cut, Partition partition,
                                                  const CheckpointOptions& options);

// Both halves.
absl::StatusOr<CheckpointPlace> CreateCheckpoint(const RowStore& store, Partition partition,
                                                 const std::string& cut_folder,
                                                 const CheckpointOptions& options);

// Those of a partition, the newest position first; none where there is no such folder.
absl::StatusOr<std::vector<CheckpointPlace>> ListCheckpoints(const std::string& shared,
                                                             Partition partition);

// The newest of a fold version, as far as its name says.
absl::StatusOr<std::optional<CheckpointPlace>> NewestCheckpoint(const std::string& shared,
                                                                Partition partition,
                                                                uint64_t fold_version);

// Those of all partitions, by partition, the newest position of each first.
absl::StatusOr<std::vector<CheckpointPlace>> ListAllCheckpoints(const std::string& shared);

// What its manifest says that its files have; DataLoss where that cannot be read.
absl::StatusOr<uint64_t> BytesOf(const CheckpointPlace& place);

// Removes one, for all readers at once; one that is gone is removed already.
absl::Status DropCheckpoint(const CheckpointPlace& place, const CheckpointOptions& options);

// Reads every file and compares. DataLoss where one is missing, cut or changed.
absl::Status VerifyCheckpoint(const CheckpointPlace& place);

// Makes `cell_folder` (not there, or empty) a copy of a checkpoint, verified on the way, as a whole
// or not at all; the shared files are never changed. DataLoss where the checkpoint is damaged,
// NotFound where it is gone, FailedPrecondition where the folder is not empty.
absl::Status RestoreCheckpoint(const CheckpointPlace& place, const std::string& cell_folder);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_H_
