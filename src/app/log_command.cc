#include "app/log_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/log_inspection.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "query/record_json.h"

namespace flywheel {
namespace {

uint64_t Unsigned(int64_t number) { return static_cast<uint64_t>(number); }

// What is known of one partition.
struct PartitionReport {
  PartitionExtent extent;
  std::optional<CellRow> fold;

  int64_t lag() const { return extent.end.number() - fold->next.number(); }
};

void WriteCounts(const RecordCounts& counts, JsonWriter& json) {
  json.Key("counts").BeginObject().Field("records", counts.records);
  json.Field("accepted", counts.accepted).Field("duplicates", counts.duplicates);
  json.Field("repeats", counts.repeats).Field("waiting", counts.waiting);
  json.Key("refused").BeginObject();
  for (size_t code = 0; code < counts.refused.size(); ++code) {
    if (counts.refused[code] != 0) {
      json.Field(NameOf(static_cast<RefusalCode>(code)), counts.refused[code]);
    }
  }
  json.EndObject().Field("stale", counts.stale).Field("control", counts.control).EndObject();
}

std::string InfoJson(const std::vector<PartitionReport>& reports) {
  JsonWriter json;
  json.BeginObject().Key("partitions").BeginArray();
  for (size_t partition = 0; partition < reports.size(); ++partition) {
    const PartitionReport& report = reports[partition];
    json.BeginObject().Field("partition", partition);
    json.Field("begin", report.extent.begin.number()).Field("end", report.extent.end.number());
    if (const std::optional<SegmentExtent>& files = report.extent.files) {
      json.Field("bytes", files->used_bytes).Field("fileBytes", files->file_bytes);
      json.Field("segments", files->segments);
    }
    if (report.fold) {
      const CellRow& fold = *report.fold;
      json.Field("folded", fold.next.number()).Field("lag", report.lag());
      if (fold.counts.records > 0) {
        json.Field("logClock", FormatInstant(fold.log_clock));
        json.Field("lastRecordedAt", FormatInstant(fold.last_recorded_at));
      }
      WriteCounts(fold.counts, json);
    }
    json.EndObject();
  }
  return json.EndArray().EndObject().TakeLine();
}

std::string InfoTable(const std::vector<PartitionReport>& reports) {
  Table log({"partition", "begin", "end", "bytes", "on disk", "segments"});
  for (size_t partition = 0; partition < reports.size(); ++partition) {
    const PartitionExtent& extent = reports[partition].extent;
    const std::optional<SegmentExtent>& files = extent.files;
    log.Add({std::to_string(partition), GroupedNumber(Unsigned(extent.begin.number())),
             GroupedNumber(Unsigned(extent.end.number())),
             files ? GroupedNumber(files->used_bytes) : "",
             files ? GroupedNumber(files->file_bytes) : "",
             files ? std::to_string(files->segments) : ""});
  }
  std::string text = log.ToText();
  const bool folded =
      std::any_of(reports.begin(), reports.end(),
                  [](const PartitionReport& report) { return report.fold.has_value(); });
  if (!folded) return text;
  Table folds({"partition", "folded", "lag", "accepted", "duplicates", "repeats", "waiting",
               "refused", "stale", "control"});
  for (size_t partition = 0; partition < reports.size(); ++partition) {
    if (!reports[partition].fold) continue;
    const CellRow& fold = *reports[partition].fold;
    folds.Add({std::to_string(partition), GroupedNumber(Unsigned(fold.next.number())),
               GroupedNumber(Unsigned(reports[partition].lag())),
               GroupedNumber(fold.counts.accepted), GroupedNumber(fold.counts.duplicates),
               GroupedNumber(fold.counts.repeats), GroupedNumber(fold.counts.waiting),
               GroupedNumber(fold.counts.refused_in_all()), GroupedNumber(fold.counts.stale),
               GroupedNumber(fold.counts.control)});
  }
  return text + "\n" + folds.ToText();
}

// The rows as they stand, without folding anything.
absl::StatusOr<CellViews> PositionsHere(const Context& context) {
  if (context.served != nullptr) return context.served->Views();
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenEngine(context));
  CellViews views;
  for (int32_t number = 0; number < engine->partitions(); ++number) {
    auto view = std::make_shared<CellView>();
    view->position = engine->position(Partition(number));
    views.push_back(std::move(view));
  }
  return views;
}

// Prints the records of one partition, until `left` is used up.
absl::Status CatPartition(const Context& context, EventLog& log, Partition partition, Offset from,
                          uint64_t& left) {
  ASSIGN_OR_RETURN(const Offset begin, log.BeginOffset(partition));
  ASSIGN_OR_RETURN(const Offset end, log.EndOffset(partition));
  Offset next = std::max(begin, from);
  while (next < end && left > 0) {
    ASSIGN_OR_RETURN(const RecordBatch batch, log.Read(partition, next, ReadLimits()));
    for (const LogRecord& record : batch.records) {
      if (left == 0 || record.offset >= end) break;
      --left;
      JsonWriter json;
      json.BeginObject().Field("place", FormatPlace({partition, record.offset}));
      json.Field("partition", partition.number()).Field("offset", record.offset.number());
      json.Key("record").Raw(RecordJson(record.bytes));
      RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
    }
    next = batch.next;
  }
  // Where the partition ends because of damage, the read that follows says so.
  return left > 0 ? log.Read(partition, next, ReadLimits()).status() : absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExitCode> LogInfo(const Context& context, const LogInfoOptions&) {
  RETURN_IF_ERROR(CheckLogIsThere(context));
  const absl::StatusOr<std::vector<PartitionExtent>> extents = ExtentsOf(LogOptionsOf(context));
  RETURN_IF_ERROR(InFolder(context, extents.status()));
  std::vector<PartitionReport> reports;
  for (const PartitionExtent& extent : *extents) reports.push_back({extent, std::nullopt});
  const absl::StatusOr<CellViews> views = PositionsHere(context);
  if (views.ok()) {
    for (size_t partition = 0; partition < reports.size(); ++partition) {
      const std::shared_ptr<const CellView>& view = (*views)[partition];
      if (view != nullptr) reports[partition].fold = view->position;
    }
  } else {
    context.Say(fmt::format("how far it is folded is not known: {}", MessageOf(views.status())));
  }
  RETURN_IF_ERROR(context.Print(context.json ? InfoJson(reports) : InfoTable(reports)));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> LogCat(const Context& context, const LogCatOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<EventLog> log, OpenLogToRead(context));
  if (options.partition >= log->partitions()) {
    return absl::NotFoundError(fmt::format("the log has the partitions 0 to {}, not {}",
                                           log->partitions() - 1, options.partition));
  }
  uint64_t left = options.limit != 0 ? options.limit : UINT64_MAX;
  for (int32_t number = 0; number < log->partitions(); ++number) {
    if (options.partition >= 0 && number != options.partition) continue;
    RETURN_IF_ERROR(CatPartition(context, *log, Partition(number), Offset(options.from), left));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> LogCheck(const Context& context, const LogCheckOptions&) {
  RETURN_IF_ERROR(CheckLogIsThere(context));
  const absl::StatusOr<std::vector<CheckedPartition>> checked = CheckLog(LogOptionsOf(context));
  RETURN_IF_ERROR(InFolder(context, checked.status()));
  const std::vector<CheckedPartition>& verified = *checked;
  Table table({"partition", "records", "bytes", "segments", "state"});
  JsonWriter json;
  json.BeginObject().Key("partitions").BeginArray();
  bool damaged = false;
  for (size_t partition = 0; partition < verified.size(); ++partition) {
    const CheckedPartition& part = verified[partition];
    const bool good = part.damage.ok();
    damaged = damaged || !good;
    table.Add({std::to_string(partition), GroupedNumber(Unsigned(part.records)),
               GroupedNumber(part.bytes), std::to_string(part.segments),
               good ? "good" : "DAMAGED"});
    json.BeginObject().Field("partition", partition).Field("records", part.records);
    json.Field("bytes", part.bytes).Field("segments", part.segments).Flag("good", good);
    json.FieldIfGiven("damage", MessageOf(part.damage)).EndObject();
    if (!good) {
      context.Say(fmt::format("partition {}: {}", partition, MessageOf(part.damage)));
    }
  }
  json.EndArray().Flag("good", !damaged).EndObject();
  RETURN_IF_ERROR(context.Print(context.json ? json.TakeLine() : table.ToText()));
  return damaged ? ExitCode::kDamage : ExitCode::kOk;
}

void AddLog(CLI::App& app, CommandRunner& runner) {
  CLI::App* log = app.add_subcommand("log", "Look into the log");
  log->require_subcommand(1);
  RunsWith(*log->add_subcommand("info", "What each partition holds, and how far it is folded"),
           runner, std::make_shared<LogInfoOptions>(), LogInfo);

  auto cat_options = std::make_shared<LogCatOptions>();
  CLI::App* cat = log->add_subcommand("cat", "Records as JSON lines");
  cat->add_option("--partition", cat_options->partition, "only this partition")
      ->check(CLI::Range(0, 1023))
      ->type_name("P");
  cat->add_option("--from", cat_options->from, "the first offset")
      ->check(CLI::NonNegativeNumber)
      ->type_name("OFFSET");
  cat->add_option("--limit", cat_options->limit, "records in all; 0: no limit")->type_name("N");
  RunsWith(*cat, runner, cat_options, LogCat);

  RunsWith(*log->add_subcommand("check", "Verify every record"), runner,
           std::make_shared<LogCheckOptions>(), LogCheck);
}

}  // namespace flywheel
