#include "app/smart.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/output_file.h"
#include "app/smart_text.h"
#include "base/status.h"
#include "projections/views/smart_reader.h"
#include "query/smart_json.h"

namespace flywheel {
namespace {

absl::StatusOr<SmartQuery> SmartQueryFor(const Context& context, const InstantOptions& options,
                                         const SmartReader& reader) {
  SmartQuery query;
  ASSIGN_OR_RETURN(query.known_at, KnownAtFor(options));
  ASSIGN_OR_RETURN(query.as_of, AsOfFor(context, options, [&reader] { return reader.LogClock(); }));
  return query;
}

absl::Status CheckSeller(const std::string& seller) {
  if (seller != kAll) return absl::OkStatus();
  return absl::InvalidArgumentError("name a seller: Smart! has no totals");
}

bool CountsIn(const SmartExplanation& explanation, const std::string& condition) {
  return condition.empty() || std::find(explanation.counts_in.begin(), explanation.counts_in.end(),
                                        condition) != explanation.counts_in.end();
}

}  // namespace

absl::StatusOr<ExitCode> QuerySmart(const Context& context, const QuerySmartOptions& options) {
  RETURN_IF_ERROR(CheckSeller(options.seller));
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const SmartReader reader(folded.rows());
  ASSIGN_OR_RETURN(const SmartQuery query, SmartQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(const std::vector<SmartAnswer> answers,
                   reader.Of(options.seller, options.market, query));
  if (answers.empty()) return NoRow(options.seller, options.market, query.as_of);
  for (const SmartAnswer& answer : answers) {
    RETURN_IF_ERROR(context.Print(context.json ? SmartJson(answer, options.history)
                                               : SmartTable(answer, options.history)));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ExplainSmart(const Context& context, const ExplainSmartOptions& options) {
  RETURN_IF_ERROR(CheckSeller(options.seller));
  RETURN_IF_ERROR(CheckInstants(options.instants));
  if (!options.condition.empty() && !IsSmartCondition(options.condition)) {
    return absl::InvalidArgumentError(
        fmt::format("--condition {}: Smart! has no such condition; one of them is trackedShipments",
                    options.condition));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  const SmartReader reader(folded.rows());
  ASSIGN_OR_RETURN(const SmartQuery query, SmartQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(const std::vector<SmartAnswer> answers,
                   reader.Of(options.seller, options.market, query));
  if (answers.empty()) return NoRow(options.seller, options.market, query.as_of);
  ASSIGN_OR_RETURN(std::vector<SmartExplanation> all,
                   reader.Explain(options.seller, options.market, query));
  std::erase_if(all, [&](const SmartExplanation& explanation) {
    return !CountsIn(explanation, options.condition);
  });
  const size_t in_all = all.size();
  const std::vector<SmartExplanation> page = PageOf(std::move(all), options.offset, options.limit);
  if (context.json) {
    for (const SmartExplanation& explanation : page) {
      RETURN_IF_ERROR(context.Print(SmartExplanationJson(explanation)));
    }
  } else {
    RETURN_IF_ERROR(context.Print(SmartExplanationTable(page)));
  }
  const uint64_t next = options.offset + page.size();
  if (next < in_all) {
    context.Say(fmt::format("{} of {}; go on with --offset {}", page.size(), in_all, next));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ExportSmart(const Context& context, const ExportOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> out, OutputFile::Open(context, options.out));
  const SmartReader reader(folded.rows());
  ASSIGN_OR_RETURN(const SmartQuery query, SmartQueryFor(context, options.instants, reader));
  const bool csv = options.format == ExportFormat::kCsv;
  if (csv) RETURN_IF_ERROR(out->Write(SmartCsvHeader()));
  RETURN_IF_ERROR(reader.All(query, [&](const SmartAnswer& answer) {
    return out->Write(csv ? SmartCsvRow(answer) : SmartJson(answer, /*history=*/false));
  }));
  RETURN_IF_ERROR(out->Commit());
  return ExitCode::kOk;
}

void AddQuerySmart(CLI::App& query, CommandRunner& runner) {
  auto options = std::make_shared<QuerySmartOptions>();
  CLI::App* smart = query.add_subcommand("smart", "Whether a seller is eligible for Smart!");
  smart->add_option("SELLER", options->seller, "the seller")->required();
  smart->add_option("--market", options->market, "the market's code; *: all of the seller's")
      ->capture_default_str();
  AddInstants(*smart, options->instants);
  smart->add_flag("--history", options->history, "with every change that was announced");
  RunsWith(*smart, runner, options, QuerySmart);
}

void AddExplainSmart(CLI::App& explain, CommandRunner& runner) {
  auto options = std::make_shared<ExplainSmartOptions>();
  CLI::App* smart =
      explain.add_subcommand("smart", "What is behind a seller's conditions of Smart!");
  smart->add_option("SELLER", options->seller, "the seller")->required();
  smart->add_option("--market", options->market, "the market's code; *: all of the seller's")
      ->capture_default_str();
  AddInstants(*smart, options->instants);
  smart->add_option("--condition", options->condition,
                    "only what is behind this condition: its code, e.g. trackedShipments");
  smart->add_option("--limit", options->limit, "things that are listed")->capture_default_str();
  smart->add_option("--offset", options->offset, "things that are left out at the front")
      ->capture_default_str();
  RunsWith(*smart, runner, options, ExplainSmart);
}

void AddExportSmart(CLI::App& group, CommandRunner& runner) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* smart = group.add_subcommand("smart", "A line for each seller and market");
  AddExportOptions(*smart, *options);
  RunsWith(*smart, runner, options, ExportSmart);
}

}  // namespace flywheel
