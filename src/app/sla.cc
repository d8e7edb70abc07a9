#include "app/sla.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/output_file.h"
#include "app/sla_text.h"
#include "base/status.h"
#include "query/sla_json.h"

namespace flywheel {
namespace {

absl::Status NoWindow(const std::vector<SlaAnswer>& answers, int32_t window_days) {
  std::vector<int32_t> windows;
  windows.reserve(answers.size());
  for (const SlaAnswer& answer : answers) windows.push_back(answer.window_days);
  return absl::NotFoundError(fmt::format("there is no window of {} days; there are {}", window_days,
                                         fmt::join(windows, ", ")));
}

bool CountsIn(const SlaExplanation& explanation, int32_t window_days) {
  return window_days == 0 || std::find(explanation.windows.begin(), explanation.windows.end(),
                                       window_days) != explanation.windows.end();
}

// The answers for the windows that were asked for; an error where there are none.
absl::StatusOr<std::vector<SlaAnswer>> AnswersFor(const SlaReader& reader,
                                                  const std::string& seller,
                                                  const std::string& market, int32_t window_days,
                                                  const SlaQuery& query) {
  ASSIGN_OR_RETURN(std::vector<SlaAnswer> answers, reader.One(seller, market, query));
  if (answers.empty()) return NoRow(seller, market, query.as_of);
  if (window_days == 0) return answers;
  for (SlaAnswer& answer : answers) {
    if (answer.window_days == window_days) return std::vector<SlaAnswer>{std::move(answer)};
  }
  return NoWindow(answers, window_days);
}

void AddSellerMarketAndWindow(CLI::App& command, std::string& seller, const char* seller_text,
                              std::string& market, int32_t& window_days) {
  command.add_option("SELLER", seller, seller_text)->required();
  command.add_option("--market", market, "the market's code; * joins all")->capture_default_str();
  command
      .add_option("--window", window_days,
                  "only the window of so many local days; default: all windows")
      ->check(CLI::PositiveNumber)
      ->type_name("DAYS");
}

}  // namespace

absl::StatusOr<SlaQuery> SlaQueryFor(const Context& context, const InstantOptions& options,
                                     const SlaReader& reader) {
  SlaQuery query;
  ASSIGN_OR_RETURN(query.known_at, KnownAtFor(options));
  ASSIGN_OR_RETURN(query.as_of, AsOfFor(context, options, [&reader] { return reader.LogClock(); }));
  return query;
}

absl::StatusOr<ExitCode> QuerySla(const Context& context, const QuerySlaOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const SlaReader reader(folded.rows());
  ASSIGN_OR_RETURN(SlaQuery query, SlaQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(query.before,
                   PlacesFor(options.at_position, options.instants, options.seller, folded));
  ASSIGN_OR_RETURN(const std::vector<SlaAnswer> answers,
                   AnswersFor(reader, options.seller, options.market, options.window_days, query));
  if (!context.json) {
    RETURN_IF_ERROR(context.Print(SlaTable(answers)));
    return ExitCode::kOk;
  }
  for (const SlaAnswer& answer : answers) RETURN_IF_ERROR(context.Print(SlaJson(answer)));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ExplainSla(const Context& context, const ExplainSlaOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  if (!options.figure.empty() && !IsSlaFigure(options.figure)) {
    return absl::InvalidArgumentError(fmt::format(
        "--figure {}: the SLA metrics have no such figure; one of them is dispatch.late",
        options.figure));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const SlaReader reader(folded.rows());
  ASSIGN_OR_RETURN(const SlaQuery query, SlaQueryFor(context, options.instants, reader));
  RETURN_IF_ERROR(
      AnswersFor(reader, options.seller, options.market, options.window_days, query).status());
  ASSIGN_OR_RETURN(std::vector<SlaExplanation> all,
                   reader.Explain(options.seller, options.market, query));
  std::erase_if(all, [&](const SlaExplanation& explanation) {
    return !CountsIn(explanation, options.window_days) ||
           (!options.figure.empty() && !IsBehindSlaFigure(explanation, options.figure));
  });
  const size_t in_all = all.size();
  const std::vector<SlaExplanation> page = PageOf(std::move(all), options.offset, options.limit);
  if (context.json) {
    for (const SlaExplanation& explanation : page) {
      RETURN_IF_ERROR(context.Print(SlaExplanationJson(explanation)));
    }
  } else {
    RETURN_IF_ERROR(context.Print(SlaExplanationTable(page)));
  }
  const uint64_t next = options.offset + page.size();
  if (next < in_all) {
    context.Say(fmt::format("{} of {} clocks; go on with --offset {}", page.size(), in_all, next));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ExportSla(const Context& context, const ExportOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> out, OutputFile::Open(context, options.out));
  const SlaReader reader(folded.rows());
  ASSIGN_OR_RETURN(const SlaQuery query, SlaQueryFor(context, options.instants, reader));
  const bool csv = options.format == ExportFormat::kCsv;
  if (csv) RETURN_IF_ERROR(out->Write(SlaCsvHeader()));
  RETURN_IF_ERROR(reader.All(query, [&](const SlaAnswer& answer) {
    return out->Write(csv ? SlaCsvRow(answer) : SlaJson(answer));
  }));
  RETURN_IF_ERROR(out->Commit());
  return ExitCode::kOk;
}

void AddQuerySla(CLI::App& query, CommandRunner& runner) {
  auto options = std::make_shared<QuerySlaOptions>();
  CLI::App* sla = query.add_subcommand("sla",
                                       "How a seller keeps the clocks of support, dispatch "
                                       "and refunds");
  AddSellerMarketAndWindow(*sla, options->seller, "the seller; * joins all", options->market,
                           options->window_days);
  AddInstants(*sla, options->instants);
  AddAtPosition(*sla, options->at_position);
  RunsWith(*sla, runner, options, QuerySla);
}

void AddExplainSla(CLI::App& explain, CommandRunner& runner) {
  auto options = std::make_shared<ExplainSlaOptions>();
  CLI::App* sla = explain.add_subcommand("sla", "The clocks behind a seller's SLA metrics");
  AddSellerMarketAndWindow(*sla, options->seller, "the seller", options->market,
                           options->window_days);
  AddInstants(*sla, options->instants);
  sla->add_option("--figure", options->figure,
                  "only what counts in this figure: its path in the JSON answer, e.g. "
                  "dispatch.late");
  sla->add_option("--limit", options->limit, "clocks that are listed")->capture_default_str();
  sla->add_option("--offset", options->offset, "clocks that are left out at the front")
      ->capture_default_str();
  RunsWith(*sla, runner, options, ExplainSla);
}

void AddExportSla(CLI::App& group, CommandRunner& runner) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* sla = group.add_subcommand(
      "sla", "A line for each seller, market and window, and the totals under *");
  AddExportOptions(*sla, *options);
  RunsWith(*sla, runner, options, ExportSla);
}

}  // namespace flywheel
