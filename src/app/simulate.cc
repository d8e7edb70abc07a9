#include "app/simulate.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "app/command.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "events/vocabulary.h"
#include "sources/dirt.h"

namespace flywheel {
namespace {

// For the progress bar alone.
constexpr uint64_t kEventsPerOrder = 9;

// What is dirty so that intake refuses it.
int64_t RefusedByIntake(const SimulatorSummary& summary) {
  return static_cast<int64_t>(summary.dirt[static_cast<size_t>(Dirt::kUndecodable)] +
                              summary.dirt[static_cast<size_t>(Dirt::kUnknownMarket)]);
}

std::string SummaryJson(const SimulatorSummary& summary, const SentEvents& sent) {
  JsonWriter json;
  json.BeginObject().Field("events", summary.events).Field("orders", summary.orders);
  json.Key("byKind").BeginObject();
  for (size_t kind = 0; kind < summary.by_kind.size(); ++kind) {
    if (summary.by_kind[kind] == 0) continue;
    json.Field(NameOf(static_cast<EventKind>(kind)), summary.by_kind[kind]);
  }
  json.EndObject().Key("dirt").BeginObject();
  for (size_t dirt = 0; dirt < summary.dirt.size(); ++dirt) {
    if (summary.dirt[dirt] != 0) json.Field(NameOf(static_cast<Dirt>(dirt)), summary.dirt[dirt]);
  }
  json.EndObject();
  if (sent.counts) {
    json.Key("publish");
    sent.WriteJson(json);
  }
  return json.EndObject().TakeLine();
}

std::string SummaryText(const SimulatorSummary& summary, const SentEvents& sent) {
  Table table({"payload", "events"});
  for (size_t kind = 0; kind < summary.by_kind.size(); ++kind) {
    if (summary.by_kind[kind] == 0) continue;
    table.Add(
        {std::string(NameOf(static_cast<EventKind>(kind))), GroupedNumber(summary.by_kind[kind])});
  }
  for (size_t dirt = 0; dirt < summary.dirt.size(); ++dirt) {
    if (summary.dirt[dirt] == 0) continue;
    table.Add({fmt::format("dirt: {}", NameOf(static_cast<Dirt>(dirt))),
               GroupedNumber(summary.dirt[dirt])});
  }
  table.Add({"in all", GroupedNumber(summary.events)});
  return table.ToText() + sent.ToText();
}

uint32_t PpmOf(double share) { return static_cast<uint32_t>(std::lround(share * 1e6)); }

}  // namespace

absl::StatusOr<ExitCode> SimulateMarketplace(const Context& context,
                                             const SimulateOptions& options) {
  SimulatorOptions simulator = options.simulator;
  if (!options.start.empty()) {
    ASSIGN_OR_RETURN(simulator.start, ParseInstant(options.start));
  }
  if (!options.until.empty()) {
    ASSIGN_OR_RETURN(simulator.until, ParseInstant(options.until));
  } else if (options.target.out.empty()) {
    simulator.until = context.wall_clock();
  }
  if (options.disorder > 0) {
    if (simulator.late_ppm + simulator.out_of_order_ppm + simulator.duplicate_ppm > 0) {
      return absl::InvalidArgumentError(
          "--disorder sets --late-ppm, --out-of-order-ppm and --duplicate-ppm: give it or them");
    }
    simulator.SetDisorder(PpmOf(options.disorder));
  }
  simulator.dirt_ppm = PpmOf(options.dirt);
  RETURN_IF_ERROR(CheckSimulatorOptions(simulator));
  SimulatorSummary summary;
  ASSIGN_OR_RETURN(const SentEvents sent,
                   SendEvents(context, options.target, simulator.orders * kEventsPerOrder,
                              [&](EventSink sink, EventSink cut_off) {
                                return Simulate(simulator, sink, cut_off, &summary);
                              }));
  if (sent.after_now > 0) {
    context.Say(
        fmt::format("{} of the events lie in the future, where publish refuses them; an "
                    "earlier --start or --until avoids that",
                    sent.after_now));
  }
  const std::string text = context.json ? SummaryJson(summary, sent) : SummaryText(summary, sent);
  if (options.target.out == "-") {
    context.Say(text.substr(0, text.size() - 1));
  } else {
    RETURN_IF_ERROR(context.Print(text));
  }
  return sent.counts && sent.counts->refused == RefusedByIntake(summary) ? ExitCode::kOk
                                                                         : sent.exit_code();
}

void AddSimulate(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = app.add_subcommand(
      "simulate", "Make up a marketplace; the same options give the same events");
  SimulatorOptions& simulator = options->simulator;
  command->add_option("--sellers", simulator.sellers, "sellers, of Zipf size")
      ->capture_default_str();
  command->add_option("--orders", simulator.orders, "orders in all")->capture_default_str();
  command->add_option("--days", simulator.days, "days in which they are placed")
      ->capture_default_str();
  command->add_option("--seed", simulator.seed, "another seed is another marketplace")
      ->capture_default_str();
  command->add_option("--start", options->start,
                      "no order is placed before this instant; default 2025-01-01T00:00:00Z");
  command->add_option("--until", options->until,
                      "nothing happens after this instant; default: now when publishing, no end "
                      "when writing to a file");
  command
      ->add_option("--disorder", options->disorder,
                   "0 to 1: of the events a tenth of it late by hours or days, three tenths out of "
                   "order, a tenth twice")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      ->add_option("--dirt", options->dirt,
                   "0 to 1: the share of the events that one follows which is to be refused")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--late-ppm", simulator.late_ppm,
                      "of a million events, those published hours to days late");
  command->add_option("--out-of-order-ppm", simulator.out_of_order_ppm,
                      "of a million events, those published minutes to hours late");
  command->add_option("--duplicate-ppm", simulator.duplicate_ppm,
                      "of a million events, those published twice");
  AddEventTarget(*command, options->target);
  RunsWith<SimulateOptions>(*command, runner, options, SimulateMarketplace,
                            [](const SimulateOptions& given) { return given.target.out.empty(); });
}

}  // namespace flywheel
