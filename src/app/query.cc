#include "app/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/query_timeline.h"
#include "app/rating_text.h"
#include "app/sla.h"
#include "app/smart.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "query/rating_json.h"

namespace flywheel {
namespace {

bool IsBehind(const RatingExplanation& explanation, const std::string& figure) {
  return figure.empty() ||
         std::any_of(explanation.counts_in.begin(), explanation.counts_in.end(),
                     [&](const std::string& path) { return IsBehindFigure(path, figure); });
}

}  // namespace

absl::StatusOr<ExitCode> QueryRating(const Context& context, const QueryRatingOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const RatingReader reader(folded.rows());
  ASSIGN_OR_RETURN(RatingQuery query, RatingQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(query.before,
                   PlacesFor(options.at_position, options.instants, options.seller, folded));
  query.history = options.history;
  ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                   reader.One(options.seller, options.market, query));
  if (!answer) return NoRow(options.seller, options.market, query.as_of);
  RETURN_IF_ERROR(context.Print(context.json ? RatingJson(*answer, options.history)
                                             : RatingTable(*answer, options.history)));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ExplainRating(const Context& context,
                                       const ExplainRatingOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  if (!options.figure.empty() && !IsRatingFigure(options.figure)) {
    return absl::InvalidArgumentError(
        fmt::format("--figure {}: the rating has no such figure; one of them is "
                    "rates.service.distribution.5",
                    options.figure));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const RatingReader reader(folded.rows());
  ASSIGN_OR_RETURN(const RatingQuery query, RatingQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(const std::optional<RatingAnswer> answer,
                   reader.One(options.seller, options.market, query));
  if (!answer) return NoRow(options.seller, options.market, query.as_of);
  ASSIGN_OR_RETURN(std::vector<RatingExplanation> all,
                   reader.Explain(options.seller, options.market, query));
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const RatingExplanation& explanation) {
                             return !IsBehind(explanation, options.figure);
                           }),
            all.end());
  const size_t in_all = all.size();
  const std::vector<RatingExplanation> page = PageOf(std::move(all), options.offset, options.limit);
  if (context.json) {
    for (const RatingExplanation& explanation : page) {
      RETURN_IF_ERROR(context.Print(ExplanationJson(explanation)));
    }
  } else {
    RETURN_IF_ERROR(context.Print(ExplanationTable(page)));
  }
  const uint64_t next = options.offset + page.size();
  if (next < in_all) {
    context.Say(fmt::format("{} of {} reviews; go on with --offset {}", page.size(), in_all, next));
  }
  return ExitCode::kOk;
}

void AddQuery(CLI::App& app, CommandRunner& runner) {
  CLI::App* query = app.add_subcommand("query", "Ask a read model");
  query->require_subcommand(1);
  auto options = std::make_shared<QueryRatingOptions>();
  CLI::App* rating = query->add_subcommand("rating", "The rating of a seller in a market");
  rating->add_option("SELLER", options->seller, "the seller; * joins all")->required();
  rating->add_option("--market", options->market, "the market's code; * joins all")
      ->capture_default_str();
  AddInstants(*rating, options->instants);
  AddAtPosition(*rating, options->at_position);
  rating->add_flag("--history", options->history, "with a row for each day of the window");
  RunsWith(*rating, runner, options, QueryRating);
  AddQuerySla(*query, runner);
  AddQueryTimeline(*query, runner);
  AddQuerySmart(*query, runner);
}

void AddExplain(CLI::App& app, CommandRunner& runner) {
  CLI::App* explain = app.add_subcommand("explain", "List what is behind a figure");
  explain->require_subcommand(1);
  auto options = std::make_shared<ExplainRatingOptions>();
  CLI::App* rating = explain->add_subcommand("rating", "The reviews behind a seller's rating");
  rating->add_option("SELLER", options->seller, "the seller")->required();
  rating->add_option("--market", options->market, "the market's code; * joins all")
      ->capture_default_str();
  AddInstants(*rating, options->instants);
  rating->add_option("--figure", options->figure,
                     "only what counts in this figure: its path in the JSON answer, e.g. "
                     "notRecommended.unique");
  rating->add_option("--limit", options->limit, "reviews that are listed")->capture_default_str();
  rating->add_option("--offset", options->offset, "reviews that are left out at the front")
      ->capture_default_str();
  RunsWith(*rating, runner, options, ExplainRating);
  AddExplainSla(*explain, runner);
  AddExplainSmart(*explain, runner);
}

}  // namespace flywheel
