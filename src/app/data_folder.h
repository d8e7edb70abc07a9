// Opening the data folder that --data names, and bringing its rows up to date.
#ifndef FLYWHEEL_APP_DATA_FOLDER_H_
#define FLYWHEEL_APP_DATA_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/engine.h"
#include "events/embedded/embedded_log.h"

namespace flywheel {

// How many partitions a new folder gets where --partitions does not say.
inline constexpr int32_t kDefaultPartitions = 4;

// The engine on a folder that holds a log already; NotFound where it does not. Every error names
// the folder.
absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const Context& context);
// The same, and makes the log where there is none. `partitions` 0: the default, or what there is;
// InvalidArgument where the folder has another number.
absl::StatusOr<std::unique_ptr<Engine>> OpenOrMakeEngine(const Context& context,
                                                         int32_t partitions);
// OpenEngine and CatchUp.
absl::StatusOr<std::unique_ptr<Engine>> OpenFolded(const Context& context);

// Folds to the log's end, with a progress bar.
absl::Status CatchUp(const Context& context, Engine& engine);

// The log alone, read beside whichever process appends to it.
absl::StatusOr<std::unique_ptr<EmbeddedLog>> OpenLogToRead(const Context& context);

// What became of the records of all partitions.
RecordCounts SumOfCounts(const Engine& engine);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_DATA_FOLDER_H_
