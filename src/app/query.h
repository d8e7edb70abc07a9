// `flywheel query rating` and `flywheel explain rating`: one seller's figures, and what is behind
// them.
#ifndef FLYWHEEL_APP_QUERY_H_
#define FLYWHEEL_APP_QUERY_H_

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

struct QueryRatingOptions {
  std::string seller;        // or "*"
  std::string market = "*";  // or a code
  InstantOptions instants;
  std::string at_position;  // empty: the log's end
  bool history = false;
};

// kNotFound where the seller and market have no row at that instant.
absl::StatusOr<ExitCode> QueryRating(const Context& context, const QueryRatingOptions& options);

struct ExplainRatingOptions {
  std::string seller;
  std::string market = "*";
  InstantOptions instants;
  std::string figure;  // a JSON path of the answer; empty: any
  uint64_t limit = 100;
  uint64_t offset = 0;
};

// Lists the reviews behind the figure, `limit` of them from `offset` on; says how to go on.
absl::StatusOr<ExitCode> ExplainRating(const Context& context, const ExplainRatingOptions& options);

void AddQuery(CLI::App& app, CommandRunner& runner);
void AddExplain(CLI::App& app, CommandRunner& runner);

}  // namespace flywheel

#endif  // FLYWHEEL_APP_QUERY_H_
