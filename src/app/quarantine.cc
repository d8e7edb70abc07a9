#include "app/quarantine.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "app/command.h"
#include "app/data_folder.h"
#include "app/entry_search.h"
#include "app/quarantine_acts.h"
#include "app/refused_payload.h"
#include "app/table.h"
#include "base/instant_text.h"
#include "base/json_writer.h"
#include "base/status.h"
#include "base/utf8.h"
#include "events/record_view.h"
#include "projections/facts/acceptance.h"
#include "projections/facts/quarantine_row.h"
#include "projections/views/quarantine_entries.h"
#include "query/quarantine_json.h"
#include "query/record_json.h"

namespace flywheel {
namespace {

std::string EntriesTable(const std::vector<PlacedEntry>& entries) {
  Table table(
      {"place", "state", "code", "event", "seller", "order", "occurred", "repeats", "reason"});
  for (const PlacedEntry& entry : entries) {
    const QuarantineRow& row = entry.row;
    table.Add({FormatPlace(entry.place), std::string(NameOf(row.state)), std::string(CodeText(row)),
               std::string(NameOf(row.kind)), row.seller_id, row.order_id,
               row.kind == EventKind::kNone ? "" : FormatInstant(row.occurred_at),
               std::to_string(row.repeats),
               row.field.empty() ? std::string(SentenceOf(row))
                                 : fmt::format("{}: {}", row.field, SentenceOf(row))});
  }
  return table.ToText();
}

// The bytes of what an inbox refused, where the brokers still have them.
absl::Status WritePayload(const Context& context, std::string_view record_bytes,
                          const PlacedEntry& entry, JsonWriter& json) {
  RecordView record;
  if (ScanRecord(record_bytes, &record) != ScanResult::kOk) return absl::OkStatus();
  const auto* refused = std::get_if<RefusedView>(&record.body);
  if (refused == nullptr || LogOptionsOf(context).embedded()) return absl::OkStatus();
  const absl::StatusOr<std::optional<RefusedMessage>> found =
      FindRefusedPayload(context, *refused, entry.row.recorded_at);
  if (!found.ok()) {
    context.Say(fmt::format("its bytes cannot be read now: {}", MessageOf(found.status())));
  } else if (!*found) {
    context.Say("its bytes are gone: neither the inbox nor the topic of refused bytes has them");
  } else {
    const std::string& bytes = (*found)->bytes;
    json.Field("payloadFrom", (*found)->topic).Flag("payloadWhole", (*found)->whole);
    if (IsUtf8(bytes)) {
      json.Field("payload", bytes);
    } else {
      json.Field("payloadBase64", absl::Base64Escape(bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExitCode> QuarantineList(const Context& context,
                                        const QuarantineListOptions& options) {
  RETURN_IF_ERROR(CheckEntrySearch(options.search));
  std::optional<LogPlace> after;
  if (!options.after.empty()) {
    ASSIGN_OR_RETURN(after, ParsePlace(options.after));
  }
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(std::vector<PlacedEntry> entries,
                   FindEntries(folded.rows(), options.search, options.limit, after));
  const bool more = entries.size() > options.limit;
  if (more) entries.pop_back();
  if (context.json) {
    for (const PlacedEntry& entry : entries) RETURN_IF_ERROR(context.Print(EntryJson(entry)));
  } else {
    RETURN_IF_ERROR(context.Print(EntriesTable(entries)));
  }
  if (more && !entries.empty()) {
    context.Say(
        fmt::format("there are more; go on with --after {}", FormatPlace(entries.back().place)));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> QuarantineShow(const Context& context,
                                        const QuarantineShowOptions& options) {
  ASSIGN_OR_RETURN(const LogPlace place, ParsePlace(options.place));
  ASSIGN_OR_RETURN(const Folded folded, OpenFolded(context));
  ASSIGN_OR_RETURN(const PlacedEntry entry, EntryAt(folded.rows(), place));
  ASSIGN_OR_RETURN(const std::string bytes, ReadRecord(folded.log(), place));
  JsonWriter json;
  json.BeginObject();
  RETURN_IF_ERROR(WriteWholeEntry(folded.log(), entry, bytes, json));
  RETURN_IF_ERROR(WritePayload(context, bytes, entry, json));
  RETURN_IF_ERROR(context.Print(json.EndObject().TakeLine()));
  return ExitCode::kOk;
}

void AddQuarantine(CLI::App& app, CommandRunner& runner) {
  CLI::App* quarantine = app.add_subcommand("quarantine", "What was not accepted, and why");
  quarantine->require_subcommand(1);

  auto list_options = std::make_shared<QuarantineListOptions>();
  CLI::App* list = quarantine->add_subcommand("list", "The entries, by place");
  AddEntrySearch(*list, list_options->search);
  const std::map<std::string, EntryFilter> states = {{"open", EntryFilter::kOpen},
                                                     {"waiting", EntryFilter::kWaiting},
                                                     {"refused", EntryFilter::kRefused},
                                                     {"closed", EntryFilter::kClosed},
                                                     {"all", EntryFilter::kAll}};
  list->add_option("--state", list_options->search.state,
                   "open (waiting or refused, the default), waiting, refused, closed, all")
      ->transform(OneOf(states))
      ->type_name("STATE");
  list->add_option("--limit", list_options->limit, "entries that are listed")
      ->capture_default_str();
  list->add_option("--after", list_options->after, "only those after this place, e.g. 3@1278")
      ->type_name("PLACE");
  RunsWith(*list, runner, list_options, QuarantineList);

  auto show_options = std::make_shared<QuarantineShowOptions>();
  CLI::App* show = quarantine->add_subcommand("show", "One entry with its event, as JSON");
  show->add_option("PLACE", show_options->place, "partition@offset, e.g. 3@1278")->required();
  RunsWith(*show, runner, show_options, QuarantineShow);

  AddQuarantineActs(*quarantine, runner);
}

}  // namespace flywheel
