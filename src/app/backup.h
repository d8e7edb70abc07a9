// `flywheel backup DIR` and `flywheel restore DIR`: a copy of a whole data folder, taken while it
// runs, and a data folder made of one.
#ifndef FLYWHEEL_APP_BACKUP_H_
#define FLYWHEEL_APP_BACKUP_H_

#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

// A backup is a folder:
//
//   BACKUP                       the manifest, put in place last
//   log/log.meta, log/0000/...   the log's files, of the newest segment of each partition the part
//   in use checkpoints/<partition>/...  the newest rows; what they lack is folded from the log lock
//   held while one is written
//
// The log's files grow and never change, so a second backup into the same folder copies what has
// come since, and the first one stays good until the second is in place.
struct BackupOptions {
  std::string folder;
};

// FailedPrecondition where the folder holds something else, a backup of another log, or more of the
// log than the log has; DataLoss where the log is damaged: nothing damaged is copied.
absl::StatusOr<ExitCode> Backup(const Context& context, const BackupOptions& options);

struct RestoreOptions {
  std::string folder;
};

// Into a data folder that is empty or not there. Every file is held against its hash and every
// record against its checksum before anything is in place. A checkpoint that is damaged is left
// out, with a message: its rows are folded from the log. DataLoss where the log's part is damaged.
absl::StatusOr<ExitCode> Restore(const Context& context, const RestoreOptions& options);

void AddBackup(CLI::App& app, CommandRunner& runner);
void AddRestore(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_BACKUP_H_
