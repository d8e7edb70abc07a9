// `flywheel query smart`, `explain smart`, `export smart`: who is eligible for Smart!, since when,
// what is behind it.
#ifndef FLYWHEEL_APP_SMART_H_
#define FLYWHEEL_APP_SMART_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/export.h"
#include "app/rating_question.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct QuerySmartOptions {
  std::string seller;
  std::string market = "*";  // a code; "*": all of the seller's
  InstantOptions instants;
  bool history = false;
};

// A line for each market. kNotFound where there is no row at that instant.
absl::StatusOr<ExitCode> QuerySmart(const Context& context, const QuerySmartOptions& options);

struct ExplainSmartOptions {
  std::string seller;
  std::string market = "*";
  InstantOptions instants;
  std::string condition;  // its code; empty: any
  uint64_t limit = 100;
  uint64_t offset = 0;
};

// Lists what is behind the conditions, `limit` of it from `offset` on; says how to go on.
absl::StatusOr<ExitCode> ExplainSmart(const Context& context, const ExplainSmartOptions& options);

// One line for each seller and market.
absl::StatusOr<ExitCode> ExportSmart(const Context& context, const ExportOptions& options);

// Into the groups query, explain and export.
void AddQuerySmart(CLI::App& query, CommandRunner& runner);
void AddExplainSmart(CLI::App& explain, CommandRunner& runner);
void AddExportSmart(CLI::App& group, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SMART_H_
