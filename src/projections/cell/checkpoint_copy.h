// A checkpoint once more, elsewhere.
#ifndef FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_COPY_H_
#define FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_COPY_H_

#include <string>

#include "absl/status/status.h"
#include "projections/cell/checkpoint.h"

namespace flywheel {

// Makes `folder` (not there) a checkpoint like this one, of files of its own, verified on the way.
// Errors as of RestoreCheckpoint.
absl::Status CopyCheckpointTo(const CheckpointPlace& place, const std::string& folder);

}  // namespace flywheel

#endif  // FLYWHEEL_PROJECTIONS_CELL_CHECKPOINT_COPY_H_
