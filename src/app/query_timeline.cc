#include "app/query_timeline.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/progress.h"
#include "app/table.h"
#include "app/timeline_text.h"
#include "base/instant_text.h"
#include "base/status.h"
#include "projections/views/cell_reading.h"
#include "projections/views/order_lookup.h"
#include "projections/views/order_timeline.h"
#include "query/timeline_json.h"

namespace flywheel {
namespace {

// Prints the orders that an id fits.
absl::Status PrintMatches(const Context& context, const std::vector<OrderMatch>& matches) {
  Table table({"id of", "seller", "order"});
  for (const OrderMatch& match : matches) {
    if (context.json) {
      RETURN_IF_ERROR(context.Print(OrderMatchJson(match)));
    } else {
      table.Add({std::string(NameOf(match.by)), match.seller_id, match.order_id});
    }
  }
  return context.json ? absl::OkStatus() : context.Print(table.ToText());
}

}  // namespace

absl::StatusOr<ExitCode> QueryTimeline(const Context& context,
                                       const QueryTimelineOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  std::vector<OrderMatch> matches;
  {
    Progress progress(context, "looking at sellers");
    ASSIGN_OR_RETURN(matches,
                     FindOrders(folded.rows(), options.id, options.seller, [&](uint64_t sellers) {
                       progress.Show(sellers, 0);
                       return context.interrupt->raised() ? absl::CancelledError("interrupted")
                                                          : absl::OkStatus();
                     }));
  }
  if (matches.empty()) {
    return absl::NotFoundError(
        fmt::format("{} has no order, parcel or return {}",
                    options.seller.empty() ? "nobody" : "seller " + options.seller, options.id));
  }
  if (matches.size() > 1) {
    RETURN_IF_ERROR(PrintMatches(context, matches));
    RETURN_IF_ERROR(context.Flush());
    return absl::InvalidArgumentError(fmt::format(
        "{}{} orders fit {}: name one by its own id and --seller",
        matches.size() < kMaxOrderMatches ? "" : "at least ", matches.size(), options.id));
  }
  const OrderMatch& match = matches.front();
  const CellSources sources(folded.views());
  FactsUpTo cut;
  ASSIGN_OR_RETURN(cut.as_of,
                   AsOfFor(context, options.instants, [&] { return sources.LogClock(); }));
  ASSIGN_OR_RETURN(const std::optional<Instant> known_at, KnownAtFor(options.instants));
  cut.known_at = known_at.value_or(kLatestInstant);
  ASSIGN_OR_RETURN(const CellState cell, sources.Read(match.partition, known_at));
  ASSIGN_OR_RETURN(const std::optional<OrderTimeline> timeline,
                   TimelineOf(cell, folded.log(), match.seller_id, match.order_id, cut));
  if (!timeline) {
    return absl::NotFoundError(fmt::format("nothing had happened to order {} of seller {} by {}",
                                           match.order_id, match.seller_id,
                                           FormatInstant(cut.as_of)));
  }
  RETURN_IF_ERROR(context.Print(context.json ? TimelineJson(*timeline) : TimelineText(*timeline)));
  return ExitCode::kOk;
}

void AddQueryTimeline(CLI::App& query, CommandRunner& runner) {
  auto options = std::make_shared<QueryTimelineOptions>();
  CLI::App* timeline = query.add_subcommand(
      "timeline", "Everything that happened to an order, and what is due next");
  timeline->add_option("ID", options->id, "the id of the order, of a parcel or of a return")
      ->required();
  timeline->add_option("--seller", options->seller, "only this seller's");
  AddInstants(*timeline, options->instants);
  RunsWith(*timeline, runner, options, QueryTimeline);
}

}  // namespace flywheel
