#include "app/import.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include "app/command.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "sources/olist.h"

namespace flywheel {
namespace {

using NamedCounts = std::map<std::string, int64_t, std::less<>>;

void WriteCounts(std::string_view key, const NamedCounts& counts, JsonWriter& json) {
  json.Key(key).BeginObject();
  for (const auto& [name, count] : counts) json.Field(name, count);
  json.EndObject();
}

void WriteFile(const OlistFileSummary& file, JsonWriter& json) {
  json.BeginObject().Field("file", file.file).Flag("present", file.present);
  json.Field("rows", file.rows);
  WriteCounts("published", file.published, json);
  WriteCounts("skipped", file.skipped, json);
  json.EndObject();
}

std::string SummaryJson(const OlistSummary& summary, const SentEvents& sent) {
  JsonWriter json;
  json.BeginObject().Key("files").BeginArray();
  for (const OlistFileSummary& file : summary.files) WriteFile(file, json);
  json.EndArray();
  json.Field("sellers", summary.sellers).Field("orders", summary.orders);
  json.Field("lines", summary.lines).Field("eventCount", summary.EventCount());
  WriteCounts("events", summary.events, json);
  json.Key("problems").BeginArray();
  for (const OlistRowProblem& problem : summary.problems) {
    json.BeginObject().Field("file", problem.file).Field("line", problem.line);
    json.Field("reason", problem.sentence).EndObject();
  }
  json.EndArray();
  if (sent.counts) {
    json.Key("publish");
    sent.WriteJson(json);
  }
  return json.EndObject().TakeLine();
}

}  // namespace

absl::StatusOr<ExitCode> ImportOlistFiles(const Context& context,
                                          const ImportOlistOptions& options) {
  OlistSummary summary;
  ASSIGN_OR_RETURN(
      const SentEvents sent,
      SendEvents(context, options.target, /*expected=*/0, [&](EventSink sink, EventSink) {
        return ImportOlist(context.PathOf(options.directory), sink, &summary);
      }));
  const std::string text =
      context.json ? SummaryJson(summary, sent) : summary.ToText() + sent.ToText();
  if (options.target.out == "-") {
    context.Say(text.substr(0, text.size() - 1));
  } else {
    RETURN_IF_ERROR(context.Print(text));
  }
  return sent.exit_code();
}

void AddImport(CLI::App& app, CommandRunner& runner) {
  CLI::App* import = app.add_subcommand("import", "Turn public data sets into events");
  import->require_subcommand(1);
  auto options = std::make_shared<ImportOlistOptions>();
  CLI::App* olist = import->add_subcommand("olist", "The orders of Olist's marketplace in Brazil");
  olist->add_option("DIR", options->directory, "the folder of the public CSV files")->required();
  AddEventTarget(*olist, options->target);
  RunsWith<ImportOlistOptions>(
      *olist, runner, options, ImportOlistFiles,
      [](const ImportOlistOptions& given) { return given.target.out.empty(); });
}

}  // namespace flywheel
