// Opening the log and the rows that a command works with, and bringing the rows up to date.
#ifndef FLYWHEEL_APP_DATA_FOLDER_H_
#define FLYWHEEL_APP_DATA_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/engine.h"

namespace flywheel {

// How many partitions a new folder gets where --partitions does not say.
inline constexpr int32_t kDefaultPartitions = 4;

// The log that the context names.
LogOptions LogOptionsOf(const Context& context);

// The log and the rows of all its partitions, folded to where the log ended. Of a server that holds
// the folder, or of an engine that lives as long as this.
class Folded {
 public:
  explicit Folded(EventLog* log, CellViews views, std::shared_ptr<Engine> engine)
      : log_(log), engine_(std::move(engine)), views_(std::move(views)) {}

  EventLog& log() const { return *log_; }
  const CellViews& views() const { return views_; }
  // The rows of all partitions, by partition.
  std::vector<const RowReader*> rows() const;
  // Folds what was appended since, so that views() and rows() have it.
  absl::Status Refresh(const Context& context);

 private:
  EventLog* log_;
  std::shared_ptr<Engine> engine_;
  CellViews views_;  // goes before the engine
};
// NotFound where there is no log yet. Every error names the folder.
absl::StatusOr<Folded> OpenFolded(const Context& context);

// The engine on a log that is there already, for a command that a server does not run; NotFound
// where there is none. `heal` as in EngineOptions. Every error names the folder.
absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const Context& context, bool heal = true);
// The same, and makes the log where there is none. `partitions` 0: the default, or what there is;
// InvalidArgument where the folder has another number.
absl::StatusOr<std::unique_ptr<Engine>> OpenOrMakeEngine(const Context& context,
                                                         int32_t partitions);
// NotFound where there is no log yet; says nothing about what is in it.
absl::Status CheckLogIsThere(const Context& context);
// The status, naming the folder.
absl::Status InFolder(const Context& context, const absl::Status& status);

// Folds to the log's end, with a progress bar.
absl::Status CatchUp(const Context& context, Engine& engine);

// The log alone, read beside whichever process appends to it.
absl::StatusOr<std::unique_ptr<EventLog>> OpenLogToRead(const Context& context);

// What became of the records of all partitions.
RecordCounts SumOfCounts(const CellViews& views);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_DATA_FOLDER_H_
