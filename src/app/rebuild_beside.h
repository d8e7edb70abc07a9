// `flywheel rebuild --beside`: rows anew from the log, while others serve from those that there
// are.
#ifndef FLYWHEEL_APP_REBUILD_BESIDE_H_
#define FLYWHEEL_APP_REBUILD_BESIDE_H_

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/rebuild.h"

namespace flywheel {

// Folds the log, read without its appender's lock, into rows in <data>/cells.beside/<fold
// version>/, and goes on there where an earlier one was ended. At the log's end the rows are ready.
// Then they are compared and put in place: by the server that holds the folder where it is of this
// fold version, here where nobody holds it; else the program of this version takes them over when
// it is started.
//
// Errors: FailedPrecondition where another process makes the same rows; those of the log.
absl::StatusOr<ExitCode> RebuildBeside(const Context& context, const RebuildOptions& options);

// Compares the rows that are ready with those in use, at the same position, and puts them in their
// place; kDifferences where they differ. In a server (of the same fold version, else
// FailedPrecondition) a partition is not answered for meanwhile, which takes as long as opening
// rows. NotFound where none are ready.
absl::StatusOr<ExitCode> SwapRows(const Context& context, const RebuildOptions& options);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_REBUILD_BESIDE_H_
