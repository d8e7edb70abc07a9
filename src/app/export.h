// `flywheel export`: every row of a read model; here of the seller rating.
#ifndef FLYWHEEL_APP_EXPORT_H_
#define FLYWHEEL_APP_EXPORT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/rating_question.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

enum class ExportFormat : uint8_t { kJsonLines, kCsv };

struct ExportOptions {
  ExportFormat format = ExportFormat::kJsonLines;
  InstantOptions instants;
  std::string out = "-";  // a file that is put in place as a whole; "-": standard output
};

// One line for each seller and market, and the totals under "*".
absl::StatusOr<ExitCode> ExportRating(const Context& context, const ExportOptions& options);

// --format, --as-of and its like, --out.
void AddExportOptions(CLI::App& command, ExportOptions& options);
void AddExport(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_EXPORT_H_
