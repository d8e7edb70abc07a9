#include "app/export.h"

#include <map>
#include <memory>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/output_file.h"
#include "app/rating_text.h"
#include "app/sla.h"
#include "app/smart.h"
#include "base/status.h"
#include "query/rating_json.h"

namespace flywheel {

absl::StatusOr<ExitCode> ExportRating(const Context& context, const ExportOptions& options) {
  RETURN_IF_ERROR(CheckInstants(options.instants));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> out, OutputFile::Open(context, options.out));
  const RatingReader reader(folded.rows());
  ASSIGN_OR_RETURN(const RatingQuery query, RatingQueryFor(context, options.instants, reader));
  ASSIGN_OR_RETURN(const std::vector<RatingAnswer> answers, reader.All(query));
  const bool csv = options.format == ExportFormat::kCsv;
  if (csv) RETURN_IF_ERROR(out->Write(RatingCsvHeader()));
  for (const RatingAnswer& answer : answers) {
    RETURN_IF_ERROR(out->Write(csv ? RatingCsvRow(answer) : RatingJson(answer, /*history=*/false)));
  }
  RETURN_IF_ERROR(out->Commit());
  return ExitCode::kOk;
}

void AddExportOptions(CLI::App& command, ExportOptions& options) {
  const std::map<std::string, ExportFormat> formats = {{"jsonl", ExportFormat::kJsonLines},
                                                       {"csv", ExportFormat::kCsv}};
  command.add_option("--format", options.format, "jsonl or csv; default jsonl")
      ->transform(OneOf(formats))
      ->type_name("jsonl|csv");
  AddInstants(command, options.instants);
  command.add_option("--out", options.out, "write to this file; - is standard output")
      ->type_name("FILE");
}

void AddExport(CLI::App& app, CommandRunner& runner) {
  CLI::App* group = app.add_subcommand("export", "Write a whole read model");
  group->require_subcommand(1);
  auto options = std::make_shared<ExportOptions>();
  CLI::App* rating =
      group->add_subcommand("rating", "A line for each seller and market, and the totals under *");
  AddExportOptions(*rating, *options);
  RunsWith(*rating, runner, options, ExportRating);
  AddExportSla(*group, runner);
  AddExportSmart(*group, runner);
}

}  // namespace flywheel
