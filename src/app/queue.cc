#include "app/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/sla.h"
#include "app/sla_text.h"
#include "base/status.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

std::map<std::string, SlaClock> KindsByName() {
  std::map<std::string, SlaClock> kinds;
  for (size_t i = 0; i < kSlaClocks; ++i) {
    const auto clock = static_cast<SlaClock>(i);
    kinds.emplace(NameOf(clock), clock);
  }
  return kinds;
}

}  // namespace

absl::StatusOr<ExitCode> Queue(const Context& context, const QueueOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  QueueSelection selection;
  selection.seller = options.seller;
  selection.market = options.market;
  selection.clock = options.kind;
  selection.limit = options.limit;
  if (!options.after.empty()) {
    ASSIGN_OR_RETURN(selection.after, ParseQueueToken(options.after));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const SlaReader reader(folded.rows());
  ASSIGN_OR_RETURN(SlaQuery query, SlaQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(query.before,
                   PlacesFor(options.at_position, options.instants, options.seller, folded));
  if (options.within_hours) {
    selection.due_by = query.as_of.Plus(*options.within_hours * kMillisPerHour);
  }
  ASSIGN_OR_RETURN(const QueuePage page, reader.Queue(selection, query));
  if (context.json) {
    for (const QueuedClock& clock : page.clocks) {
      RETURN_IF_ERROR(context.Print(QueuedClockJson(clock, query.as_of)));
    }
  } else {
    RETURN_IF_ERROR(context.Print(QueueTable(page.clocks, query.as_of)));
  }
  if (page.next)
    context.Say(fmt::format("there are more; go on with --after {}", TokenOf(*page.next)));
  return ExitCode::kOk;
}

void AddQueue(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<QueueOptions>();
  CLI::App* queue =
      app.add_subcommand("queue", "The clocks that run, by the instant at which they are due");
  queue->add_option("--seller", options->seller, "only this seller; * joins all")
      ->capture_default_str();
  queue->add_option("--market", options->market, "only this market; * joins all")
      ->capture_default_str();
  queue->add_option("--kind", options->kind, "only clocks of this kind")
      ->transform(OneOf(KindsByName()))
      ->type_name("firstResponse|resolution|decision|dispatch|refund");
  queue
      ->add_option("--within-hours", options->within_hours,
                   "only what is due within so many hours, or overdue")
      ->check(CLI::Range(int64_t{0}, kMaxQueueHours))
      ->type_name("N");
  queue->add_option("--limit", options->limit, "clocks that are listed")
      ->check(CLI::Range(size_t{1}, kMaxQueuePage))
      ->capture_default_str();
  queue->add_option("--after", options->after, "go on after the page that ended with this token")
      ->type_name("TOKEN");
  AddInstants(*queue, options->instants);
  AddAtPosition(*queue, options->at_position);
  RunsWith(*queue, runner, options, Queue);
}

}  // namespace flywheel
