// `flywheel query sla`, `explain sla`, `export sla`: the SLA metrics, what is behind them, all of
// them.
#ifndef FLYWHEEL_APP_SLA_H_
#define FLYWHEEL_APP_SLA_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "app/context.h"
#include "app/exit_code.h"
#include "app/export.h"
#include "app/rating_question.h"
#include "projections/views/sla_reader.h"

namespace CLI {
class App;
}

namespace flywheel {

struct CommandRunner;

struct QuerySlaOptions {
  std::string seller;        // or "*"
  std::string market = "*";  // or a code
  InstantOptions instants;
  std::string at_position;  // empty: the log's end
  int32_t window_days = 0;  // 0: all
};

// A line for each window. kNotFound where the seller and market have no row at that instant, or no
// such window.
absl::StatusOr<ExitCode> QuerySla(const Context& context, const QuerySlaOptions& options);

struct ExplainSlaOptions {
  std::string seller;
  std::string market = "*";
  InstantOptions instants;
  int32_t window_days = 0;  // only what counts in this window; 0: in any
  std::string figure;       // a JSON path of the answer; empty: any
  uint64_t limit = 100;
  uint64_t offset = 0;
};

// Lists the clocks behind the figure, `limit` of them from `offset` on; says how to go on.
absl::StatusOr<ExitCode> ExplainSla(const Context& context, const ExplainSlaOptions& options);

// One line for each seller, market and window, and the totals under "*".
absl::StatusOr<ExitCode> ExportSla(const Context& context, const ExportOptions& options);

absl::StatusOr<SlaQuery> SlaQueryFor(const Context& context, const InstantOptions& options,
                                     const SlaReader& reader);

// Into the groups query, explain and export.
void AddQuerySla(CLI::App& query, CommandRunner& runner);
void AddExplainSla(CLI::App& explain, CommandRunner& runner);
void AddExportSla(CLI::App& group, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_SLA_H_
