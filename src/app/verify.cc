#include "app/verify.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/progress.h"
#include "app/table.h"
#include "app/verify_report.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"

namespace flywheel {
namespace {

absl::StatusOr<std::vector<VerifyPoint>> PointsOf(const VerifyCommandOptions& options) {
  std::optional<Instant> known_at;
  if (!options.known_at.empty()) {
    if (options.as_of.empty()) {
      return absl::InvalidArgumentError("--known-at needs an --as-of beside it");
    }
    ASSIGN_OR_RETURN(known_at, ParseInstant(options.known_at));
  }
  std::vector<VerifyPoint> points;
  for (const std::string& text : options.as_of) {
    ASSIGN_OR_RETURN(const Instant as_of, ParseInstant(text));
    points.push_back({as_of, known_at});
  }
  return points;
}

// Shows the bar of the phase that is at work.
class PhaseProgress {
 public:
  explicit PhaseProgress(const Context& context) : context_(context) {}

  void Show(std::string_view phase, uint64_t done, uint64_t total) {
    if (phase != phase_) {
      phase_ = phase;
      bar_.emplace(context_, phase_);
    }
    bar_->Show(done, total);
  }

 private:
  const Context& context_;
  std::string phase_;
  std::optional<Progress> bar_;
};

std::vector<std::pair<std::string_view, uint64_t>> Compared(const VerifyCounts& counts) {
  return {{"partitions", counts.partitions},
          {"orders", counts.orders},
          {"facts", counts.facts},
          {"sellers", counts.sellers},
          {"standings", counts.standings},
          {"quarantine", counts.quarantine},
          {"ratings", counts.ratings},
          {"historyRows", counts.history_rows},
          {"sla", counts.sla},
          {"queue", counts.queued},
          {"smart", counts.smart}};
}

std::string Verdict(const VerifyReport& report) {
  return fmt::format("verify: {} rows compared, {} differences", report.counts.in_all(),
                     report.differences.count());
}

std::string ToJson(const VerifyReport& report) {
  JsonWriter json;
  json.BeginObject().Field("records", report.counts.records).Key("compared").BeginObject();
  for (const auto& [kind, count] : Compared(report.counts)) json.Field(kind, count);
  json.EndObject().Field("rows", report.counts.in_all());
  json.Field("differences", report.differences.count()).Key("first").BeginArray();
  for (const std::string& sentence : report.differences.kept()) json.Text(sentence);
  json.EndArray().Key("points").BeginArray();
  for (const VerifyPoint& point : report.points) {
    json.BeginObject().Field("asOf", FormatInstant(point.as_of));
    if (point.known_at) json.Field("knownAt", FormatInstant(*point.known_at));
    json.EndObject();
  }
  json.EndArray().Key("digests").BeginArray();
  for (const RowsDigest& digest : report.digests) json.Text(digest.hex);
  json.EndArray().Field("digest", report.digest);
  return json.EndObject().TakeLine();
}

std::string ToText(const VerifyReport& report) {
  std::string text;
  for (const std::string& sentence : report.differences.kept()) text += sentence + "\n";
  if (report.differences.count() > report.differences.kept().size()) {
    text += fmt::format("and {} further differences\n",
                        report.differences.count() - report.differences.kept().size());
  }
  Table compared({"compared", "number"});
  compared.Add({"records of the log", GroupedNumber(report.counts.records)});
  for (const auto& [kind, count] : Compared(report.counts)) {
    compared.Add(
        {kind == "historyRows" ? "days of history" : std::string(kind), GroupedNumber(count)});
  }
  text += compared.ToText();
  for (const VerifyPoint& point : report.points) {
    text += fmt::format("answers as of {}{}\n", FormatInstant(point.as_of),
                        point.known_at ? ", known at " + FormatInstant(*point.known_at) : "");
  }
  for (size_t partition = 0; partition < report.digests.size(); ++partition) {
    text +=
        fmt::format("digest of partition {}: {} ({} rows)\n", partition,
                    report.digests[partition].hex, GroupedNumber(report.digests[partition].rows));
  }
  return text + fmt::format("digest: {}\n{}\n", report.digest, Verdict(report));
}

}  // namespace

absl::StatusOr<ExitCode> VerifyFolder(const Context& context, const VerifyCommandOptions& options) {
  VerifyOptions verify;
  ASSIGN_OR_RETURN(verify.points, PointsOf(options));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  std::optional<PhaseProgress> progress(std::in_place, context);
  verify.progress = [&](std::string_view phase, uint64_t done, uint64_t total) {
    progress->Show(phase, done, total);
  };
  ASSIGN_OR_RETURN(const VerifyReport report, Verify(folded.log(), folded.rows(), verify));
  progress.reset();
  RETURN_IF_ERROR(context.Print(context.json ? ToJson(report) : ToText(report)));
  return report.differences.count() == 0 ? ExitCode::kOk : ExitCode::kDifferences;
}

void AddVerify(CLI::App& app, CommandRunner& runner) {
  auto options = std::make_shared<VerifyCommandOptions>();
  CLI::App* command =
      app.add_subcommand("verify", "Hold every row against a second, naive implementation");
  command
      ->add_option("--as-of", options->as_of,
                   "compare the answers as of this instant; may be given several times; default: "
                   "the log clock and instants before and after it")
      ->type_name("T");
  command
      ->add_option("--known-at", options->known_at,
                   "with what was recorded at or before this instant")
      ->type_name("T");
  RunsWith(*command, runner, options, VerifyFolder);
}

}  // namespace flywheel
